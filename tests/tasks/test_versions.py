"""Two people edit the same task, and neither loses what the other wrote."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from taskbell.accounts.models import User
from taskbell.reminders.firing import deliver_due
from taskbell.tasks.actions import update_task
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.versions import StaleVersion
from tests.conftest import NOW, Program
from tests.tasks.conftest import Somebody, a_task


def path(task: Task) -> str:
    return f"/api/tasks/{task.pk}/"


def test_the_version_is_the_etag_of_every_answer(program: Program, bo: User) -> None:
    made = program.post("/api/tasks/", {"title": "x"})
    where = made["Location"]
    answers = [made, program.get(where), program.patch(where, {"title": "y"}), program.put(where, {"title": "z"})]
    assert [answer["ETag"] for answer in answers] == ['"1"', '"1"', '"2"', '"3"']
    assert [answer.json()["version"] for answer in answers] == [1, 1, 2, 3]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_who_read_an_older_version_writes_nothing(program: Program, bo: User, method: str) -> None:
    task = a_task(bo)
    update_task(task.pk, TaskPatch(priority=4), by=bo, now=NOW)
    answer = program(method, path(task), {"title": "y"}, **{"If-Match": '"1"'})
    assert answer.status_code == 412
    assert answer["Content-Type"] == "application/problem+json"
    seen = program.get(path(task)).json()
    assert (seen["title"], seen["version"]) == ("Water the plants", 2)


@pytest.mark.parametrize("header", ['"1"', 'W/"1"', "1", "*", ' "1" '])
def test_who_read_the_latest_version_writes(program: Program, bo: User, header: str) -> None:
    assert program.patch(path(a_task(bo)), {"title": "y"}, **{"If-Match": header}).status_code == 200


@pytest.mark.parametrize("header", ["", "one", '"-1"', '"1.0"', '"99999999999999999999"', '"١"'])
def test_a_version_that_is_none_is_named(program: Program, bo: User, header: str) -> None:
    answer = program.patch(path(a_task(bo)), {"title": "y"}, **{"If-Match": header})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "If-Match"


def test_without_a_version_changes_of_different_fields_merge(
    bo: User, mia: User, as_user: Somebody, program: Program
) -> None:
    task = a_task(bo)
    program.patch(path(task), {"title": "Bo's title"})
    as_user(mia).patch(path(task), {"priority": "URGENT"})
    seen = program.get(path(task)).json()
    assert (seen["title"], seen["priority"], seen["version"]) == ("Bo's title", "URGENT", 3)


def test_what_changes_nothing_leaves_the_version(program: Program, bo: User) -> None:
    task = a_task(bo)
    assert program.patch(path(task), {"title": "Water the plants"}).json()["version"] == 1
    assert program.patch(path(task), {}).json()["version"] == 1


def at_once(count: int, deed: Any) -> list[Any]:
    """What each of them got who did it at the same time."""
    together = Barrier(count)

    def one(number: int) -> Any:
        together.wait()
        try:
            return deed(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


@pytest.mark.django_db(transaction=True)
def test_of_many_who_read_the_same_version_one_writes(request: pytest.FixtureRequest) -> None:
    bo = request.getfixturevalue("bo")
    task = a_task(bo)

    def write(number: int) -> bool:
        try:
            update_task(task.pk, TaskPatch(title=f"Title {number}"), version=1, by=bo, now=NOW)
        except StaleVersion:
            return False
        return True

    written = at_once(8, write)
    assert written.count(True) == 1
    after = Task.objects.get()
    assert (after.title, after.version) == (f"Title {written.index(True)}", 2)


@pytest.mark.django_db(transaction=True)
def test_no_edit_is_lost_under_another(request: pytest.FixtureRequest) -> None:
    bo = request.getfixturevalue("bo")
    task = a_task(bo)
    edits = [{"title": "Anew"}, {"description": "Twice."}, {"priority": 4}, {"stage": "IN_PROGRESS"}]
    at_once(len(edits), lambda number: update_task(task.pk, TaskPatch(**edits[number]), by=bo, now=NOW))
    after = Task.objects.get()
    assert (after.title, after.description, after.priority, after.stage) == ("Anew", "Twice.", 4, "IN_PROGRESS")
    assert after.version == 5


def known(program: Program, task: Task, tags: str) -> int:
    return int(program.get(path(task), **{"If-None-Match": tags}).status_code)


@pytest.mark.parametrize("tags", ["{}", "W/{}", '"x", {}', '"x,y" , W/{},"z"', "*", "{zipped}"])
def test_a_task_that_the_client_has_is_not_sent_again(program: Program, bo: User, tags: str) -> None:
    task = a_task(bo)
    tag = program.get(path(task))["ETag"]
    tags = tags.format(tag, zipped=tag[:-1] + '-gzip"')
    answer = program.get(path(task), **{"If-None-Match": tags})
    assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
    assert "no-cache" in answer["Cache-Control"]
    update_task(task.pk, TaskPatch(title="y"), by=bo, now=NOW)
    assert known(program, task, tags) == (304 if tags == "*" else 200)


def test_what_changes_without_a_new_version_is_sent_again(program: Program, bo: User, mia: User) -> None:
    category = program.post("/api/categories/", {"name": "Garden"}).json()["id"]
    first = a_task(bo)
    task = a_task(bo, "Harvest", after=(first,), category_id=category)
    program.post(f"{path(task)}reminders/", {"at": "2020-01-01T09:00:00Z", "for_me": True})
    for change in (
        lambda: program.patch(f"/api/categories/{category}/", {"name": "Beds"}),
        lambda: program.patch(path(first), {"status": "COMPLETED"}),
        lambda: program.delete(path(first)),
        lambda: deliver_due(NOW),
        lambda: program.post(f"{path(task)}reminders/", {"at": "2096-01-01T09:00:00Z", "for_me": True}),
    ):
        tag = program.get(path(task))["ETag"]
        assert known(program, task, tag) == 304
        change()
        answer = program.get(path(task), **{"If-None-Match": tag})
        assert answer.status_code == 200
        assert answer.json()["version"] == 1
        assert program.patch(path(task), {}, **{"If-Match": tag}).status_code == 200, "the version is what counts"


def test_the_tag_of_one_person_is_not_that_of_another(program: Program, bo: User, mia: User, as_user: Somebody) -> None:
    task = a_task(bo)
    program.post(f"{path(task)}reminders/", {"at": "2096-01-01T09:00:00Z", "for_me": True})
    assert known(as_user(mia), task, program.get(path(task))["ETag"]) == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("tags", "writes"),
    [
        *(('"1", "2"', True), ('"2","1"', True), ('"0" , W/"1"', True), ('"x", "1"', True), (', "1",', True)),
        *(
            ('"1-0123456789ab", "9"', True),
            ('"1-gzip"', True),
            ('"2", "3"', False),
            ('"x", "2"', False),
            ('W/"2"', False),
        ),
    ],
)
def test_a_list_of_versions_has_the_present_one_or_not(
    program: Program, bo: User, method: str, tags: str, writes: bool
) -> None:
    answer = program(method, path(a_task(bo)), {"title": "y"}, **{"If-Match": tags})
    assert answer.status_code == ((204 if method == "DELETE" else 200) if writes else 412)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(("tags", "code"), [("*", 412), ('"1"', 412), ('W/"1"', 412), ('"7"', 200), ('"x"', 200)])
def test_a_change_can_be_ruled_out_by_the_present_version(
    program: Program, bo: User, method: str, tags: str, code: int
) -> None:
    answer = program(method, path(a_task(bo)), {"title": "y"}, **{"If-None-Match": tags})
    assert answer.status_code == (204 if method == "DELETE" and code == 200 else code)
