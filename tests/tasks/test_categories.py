"""Labels that everybody shares."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connections, transaction

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.common.errors import Conflict
from taskbell.common.sql import fetch
from taskbell.tasks.actions import delete_task, update_task
from taskbell.tasks.categories import create_category, delete_category
from taskbell.tasks.models import Category, Task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW, Program
from tests.processes import eventually
from tests.services import IS_POSTGRES
from tests.tasks.conftest import Somebody, a_task

URL = "/api/categories/"
WAITING = "SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"  # for us


def named(program: Program, name: str) -> int:
    return int(program.post(URL, {"name": name}).json()["id"])


@pytest.mark.parametrize("twin", ["Garden", "garden", " GARDEN\t", "ｇａｒｄｅｎ", "\u3000Garden\u2003"])
def test_a_name_is_taken_whatever_its_case_its_space_and_its_width(program: Program, bo: User, twin: str) -> None:
    named(program, "Garden")
    other = named(program, "House")
    assert program.post(URL, {"name": twin}).status_code == 409
    assert program.patch(f"{URL}{other}/", {"name": twin}).status_code == 409
    assert set(Category.objects.values_list("name", flat=True)) == {"Garden", "House"}


def test_letters_that_are_written_in_two_ways_are_the_same_name(program: Program) -> None:
    named(program, "Café Straße ﬁn")
    assert program.post(URL, {"name": "CAFE\u0301 STRASSE FIN"}).status_code == 409


def test_the_name_is_kept_as_it_was_written(program: Program) -> None:
    assert program.post(URL, {"name": "  Wörter & Ideen  "}).json()["name"] == "Wörter & Ideen"


def test_a_name_that_is_endless_when_it_is_spelled_out_is_refused(program: Program) -> None:
    pk = named(program, "Garden")
    for answer in (program.post(URL, {"name": "ﷺ" * 100}), program.patch(f"{URL}{pk}/", {"name": "ﷺ" * 100})):
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"] == "name"


def test_one_may_correct_the_case_of_ones_own_category(program: Program) -> None:
    pk = named(program, "garden")
    assert program.patch(f"{URL}{pk}/", {"name": "Garden"}).json()["name"] == "Garden"


@pytest.mark.django_db(transaction=True)
def test_renaming_works_outside_of_any_transaction(request: pytest.FixtureRequest, as_user: Somebody) -> None:
    program = as_user(request.getfixturevalue("bo"))
    pk = named(program, "garden")
    assert program.put(f"{URL}{pk}/", {"name": "House"}).json()["name"] == "House"
    assert program.delete(f"{URL}{pk}/").status_code == 204


def test_one_in_use_stays_until_it_is_said_where_its_tasks_go(program: Program, bo: User, mia: User) -> None:
    garden, house = named(program, "Garden"), named(program, "House")
    task, other = a_task(bo, category_id=garden), a_task(mia, category_id=garden)
    apart = a_task(bo, category_id=house)
    assert program.delete(f"{URL}{garden}/").status_code == 409
    assert program.delete(f"{URL}{garden}/?move_to={house}").status_code == 204
    assert set(Task.objects.values_list("category", flat=True)) == {house}
    assert program.get(f"{URL}{garden}/").status_code == 404
    lines = Activity.objects.filter(field="category").order_by("task_id")
    assert [(line.task_id, line.user, line.old_value, line.new_value) for line in lines] == [
        (task.pk, bo, garden, house),
        (other.pk, bo, garden, house),
    ]
    assert [Task.objects.get(pk=moved.pk).version for moved in (task, other, apart)] == [2, 2, 1]


def test_who_asks_for_what_has_changed_hears_of_the_move(program: Program, bo: User) -> None:
    garden, house = named(program, "Garden"), named(program, "House")
    task = a_task(bo, category_id=garden)
    Task.objects.update(updated_at=NOW - timedelta(days=900))
    since = f"/api/tasks/?updated_since={(NOW - timedelta(days=800)).date()}T00:00:00Z"
    assert program.get(since).json()["count"] == 0
    program.delete(f"{URL}{garden}/?move_to={house}")
    assert [row["id"] for row in program.get(since).json()["results"]] == [task.pk]
    assert program.patch(f"/api/tasks/{task.pk}/", {"title": "x"}, **{"If-Match": '"1"'}).status_code == 412


@pytest.mark.parametrize("to", ["itself", "999999", "0", "x", ""])
def test_tasks_go_only_where_there_is_another_category(program: Program, bo: User, to: str) -> None:
    garden = named(program, "Garden")
    a_task(bo, category_id=garden)
    answer = program.delete(f"{URL}{garden}/?move_to={garden if to == 'itself' else to}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "move_to"
    assert Category.objects.filter(pk=garden).exists()


def test_what_is_in_the_trash_does_not_hold_a_category(program: Program, bo: User) -> None:
    garden = named(program, "Garden")
    task = a_task(bo, category_id=garden)
    delete_task(task.pk, by=bo, now=NOW)
    assert program.delete(f"{URL}{garden}/").status_code == 204
    restored = program.post(f"/api/tasks/{task.pk}/restore/").json()
    assert (restored["category"], restored["category_name"]) == (None, None)


def test_the_name_is_read_with_the_task(program: Program, bo: User) -> None:
    task = a_task(bo, category_id=named(program, "Garden"))
    assert program.get(f"/api/tasks/{task.pk}/").json()["category_name"] == "Garden"


@pytest.mark.django_db(transaction=True)
def test_of_those_who_take_a_name_at_once_one_gets_it(request: pytest.FixtureRequest) -> None:
    bo, together = request.getfixturevalue("bo"), Barrier(8)

    def take(name: str) -> bool:
        together.wait()
        try:
            create_category(name, by=bo, now=NOW)
        except Conflict:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(take, ["Garden", "GARDEN"] * 4)).count(True) == 1
    assert Category.objects.count() == 1


@pytest.mark.skipif(not IS_POSTGRES, reason="SQLite has one writer at a time.")
@pytest.mark.django_db(transaction=True)
def test_deleting_a_category_does_not_deadlock_with_somebody_who_moves_a_task_out_of_it(
    request: pytest.FixtureRequest,
) -> None:
    bo = request.getfixturevalue("bo")
    old, new = (create_category(name, by=bo, now=NOW) for name in ("Old", "New"))
    task, again = (a_task(bo, category_id=old.pk) for _ in range(2))

    def delete() -> None:
        try:
            delete_category(old.pk, move_to=new.pk, by=bo, now=NOW)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            update_task(task.pk, TaskPatch(title="Locked by its writer"), by=bo, now=NOW)
            deleting = pool.submit(delete)
            eventually(lambda: fetch(WAITING) != [], within=20)
            update_task(task.pk, TaskPatch(category_id=new.pk), by=bo, now=NOW)
            a_task(bo, category_id=old.pk)
        deleting.result()
    assert set(Task.objects.values_list("category", flat=True)) == {new.pk}
    assert Task.objects.get(pk=again.pk).version == 2
    assert not Category.objects.filter(pk=old.pk).exists()
