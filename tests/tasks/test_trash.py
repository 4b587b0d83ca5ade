"""The trash: what is in it can be had back for thirty days, and then it is gone."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.common.errors import NotFound
from taskbell.notifications.models import Notification
from taskbell.tasks import scheduled
from taskbell.tasks.actions import delete_task, restore_task, update_task
from taskbell.tasks.models import Prerequisite, Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.scheduled import purge_deleted
from tests.conftest import NOW, Program, QueryBudget
from tests.tasks.conftest import Somebody, a_task

DAYS = timedelta(days=30)
A_MOMENT = timedelta(microseconds=1)


def history(task_id: int) -> list[str]:
    return list(Activity.objects.of_tasks().filter(task=task_id).order_by("id").values_list("action", flat=True))


def test_a_task_comes_back_as_it_was(program: Program, bo: User, cy: User) -> None:
    first = a_task(bo)
    task = a_task(bo, "Harvest", after=(first,), assigned_to_id=cy.pk, description="All of it.")
    before = program.get(f"/api/tasks/{task.pk}/").json()
    assert program.delete(f"/api/tasks/{task.pk}/").status_code == 204
    assert program.get(f"/api/tasks/{task.pk}/").status_code == 404
    answer = program.post(f"/api/tasks/{task.pk}/restore/")
    after = answer.json()
    assert answer.status_code == 200
    assert answer["ETag"].startswith('"3-')
    assert answer["ETag"] == program.get(f"/api/tasks/{task.pk}/")["ETag"]
    for of_the_moment in ("version", "updated_at"):
        assert before.pop(of_the_moment) != after.pop(of_the_moment)
    assert before == after
    assert history(task.pk) == ["created", "deleted", "restored"]


def test_what_is_not_in_the_trash_is_not_restored(program: Program, bo: User) -> None:
    task = a_task(bo)
    assert program.post(f"/api/tasks/{task.pk}/restore/").status_code == 404
    delete_task(task.pk, by=bo, now=NOW)
    assert program.post(f"/api/tasks/{task.pk}/restore/").status_code == 200
    assert program.post(f"/api/tasks/{task.pk}/restore/").status_code == 404


def test_managers_restore_what_others_deleted_and_strangers_find_nothing(
    bo: User, cy: User, ivo: User, mia: User, as_user: Somebody
) -> None:
    task = a_task(bo, assigned_to_id=ivo.pk)
    delete_task(task.pk, by=bo, now=NOW)
    codes = [as_user(person).post(f"/api/tasks/{task.pk}/restore/").status_code for person in (cy, ivo, mia)]
    assert codes == [404, 403, 200]


def test_after_thirty_days_the_trash_is_emptied_and_history_stays(bo: User, cy: User, settings: Any) -> None:
    settings.TASKBELL_TRASH_DAYS = 30
    kept = a_task(bo)
    task = a_task(bo, after=(kept,), assigned_to_id=cy.pk)
    waiting = a_task(bo, after=(task,))
    told = history(task.pk)
    delete_task(task.pk, by=bo, now=NOW)
    assert purge_deleted(NOW + DAYS) == 0
    assert Task.objects.count() == 3
    assert purge_deleted(NOW + DAYS + A_MOMENT) == 1
    assert set(Task.objects.all()) == {kept, waiting}
    assert not Prerequisite.objects.exists()
    assert not Notification.objects.filter(task=task.pk).exists()
    assert history(task.pk) == [*told, "deleted", "purged"]
    with pytest.raises(NotFound):
        restore_task(task.pk, by=bo, now=NOW + DAYS)


def test_managers_still_read_the_history_of_what_was_purged(bo: User, mia: User, as_user: Somebody) -> None:
    task = a_task(bo)
    delete_task(task.pk, by=bo, now=NOW)
    purge_deleted(NOW + DAYS + A_MOMENT)
    lines = as_user(mia).get(f"/api/tasks/logs/?task={task.pk}").json()["results"]
    assert [line["action"] for line in lines] == ["purged", "deleted", "created"]
    assert as_user(bo).get("/api/tasks/logs/").json()["count"] == 0


def test_restoring_starts_the_thirty_days_anew(bo: User) -> None:
    task = a_task(bo)
    delete_task(task.pk, by=bo, now=NOW)
    restore_task(task.pk, by=bo, now=NOW + timedelta(days=29))
    assert purge_deleted(NOW + DAYS + A_MOMENT) == 0
    delete_task(task.pk, by=bo, now=NOW + DAYS)
    assert purge_deleted(NOW + DAYS + DAYS) == 0
    assert purge_deleted(NOW + DAYS + DAYS + A_MOMENT) == 1


def test_a_full_trash_is_emptied_batch_by_batch(bo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduled, "TASKS_PER_BATCH", 2)
    for number in range(5):
        delete_task(a_task(bo, f"Task {number}").pk, by=bo, now=NOW)
    kept = a_task(bo)
    assert purge_deleted(NOW + DAYS + A_MOMENT) == 5
    assert Task.objects.get() == kept


@pytest.mark.django_db(transaction=True)
def test_a_task_is_restored_or_purged_and_never_both(request: pytest.FixtureRequest) -> None:
    bo = request.getfixturevalue("bo")
    for _ in range(10):
        task, together = a_task(bo), Barrier(2)
        delete_task(task.pk, by=bo, now=NOW)

        def restore(task: Task = task, together: Barrier = together) -> bool:
            together.wait()
            try:
                restore_task(task.pk, by=bo, now=NOW)
            except NotFound:
                return False
            finally:
                connections.close_all()
            return True

        def purge(together: Barrier = together) -> bool:
            together.wait()
            try:
                return purge_deleted(NOW + DAYS + A_MOMENT) == 1
            finally:
                connections.close_all()

        with ThreadPoolExecutor(2) as pool:
            restored, purged = pool.submit(restore), pool.submit(purge)
        assert restored.result() is Task.objects.filter(pk=task.pk, deleted_at=None).exists()
        assert purged.result() is not restored.result()


def test_deleting_needs_the_version_that_was_read(program: Program, bo: User) -> None:
    task = a_task(bo)
    update_task(task.pk, TaskPatch(title="Anew"), by=bo, now=NOW)
    assert program.delete(f"/api/tasks/{task.pk}/", **{"If-Match": '"1"'}).status_code == 412
    assert program.delete(f"/api/tasks/{task.pk}/", **{"If-Match": '"2"'}).status_code == 204


def titles_in_trash(program: Program, query: str = "") -> list[str]:
    """The titles, page after page."""
    found: list[str] = []
    path = f"/api/tasks/trash/{query}"
    while path:
        page = program.get(path).json()
        found += [task["title"] for task in page["results"]]
        path = (page["next"] or "").removeprefix("http://localhost")
    return found


def test_the_trash_lists_what_one_could_restore(bo: User, cy: User, mia: User, ivo: User, as_user: Somebody) -> None:
    mine = a_task(bo, "Bo's", assigned_to_id=cy.pk)
    theirs = a_task(cy, "Cy's", assigned_to_id=bo.pk)
    a_task(bo, "Kept")
    delete_task(mine.pk, by=bo, now=NOW)
    delete_task(theirs.pk, by=cy, now=NOW + A_MOMENT)
    expected = {bo: ["Bo's"], cy: ["Cy's"], mia: ["Cy's", "Bo's"], ivo: []}
    for person, titles in expected.items():
        program = as_user(person)
        assert titles_in_trash(program) == titles
        for task in (mine, theirs):
            may = program.post(f"/api/tasks/{task.pk}/restore/").status_code == 200
            assert may is (task.title in titles)
            if may:
                delete_task(task.pk, by=task.created_by, now=NOW + (A_MOMENT if task == theirs else timedelta()))


def test_the_trash_is_paged_filtered_and_ordered_like_the_list(program: Program, bo: User) -> None:
    for number, title in enumerate(["Äpfel", "apfel 10", "Apfel 9", "Zebra"]):
        delete_task(a_task(bo, title).pk, by=bo, now=NOW + timedelta(hours=number))
    assert titles_in_trash(program) == ["Zebra", "Apfel 9", "apfel 10", "Äpfel"]
    for paging in ("", "&page_size=1", "&page_size=3&cursor="):
        assert titles_in_trash(program, f"?ordering=deleted_at{paging}") == ["Äpfel", "apfel 10", "Apfel 9", "Zebra"]
        assert titles_in_trash(program, f"?ordering=title{paging}") == ["Äpfel", "Apfel 9", "apfel 10", "Zebra"]
        assert titles_in_trash(program, f"?q=apfel&ordering=-title{paging}") == ["apfel 10", "Apfel 9", "Äpfel"]
        assert titles_in_trash(program, f"?has_due=true{paging}") == []
    since = (NOW + timedelta(hours=2)).isoformat().replace("+", "%2B")
    assert titles_in_trash(program, f"?deleted_at_gte={since}") == ["Zebra", "Apfel 9"]
    page = program.get("/api/task/trash/?page_size=1").json()
    assert page["count"] == 4
    assert page["results"][0]["deleted_at"] == (NOW + timedelta(hours=3)).isoformat().replace("+00:00", "Z")
    assert "deleted_at" not in program.get("/api/tasks/").json()


def test_the_trash_is_never_stale(program: Program, bo: User) -> None:
    task = a_task(bo)
    assert titles_in_trash(program) == []
    program.delete(f"/api/tasks/{task.pk}/")
    assert titles_in_trash(program) == ["Water the plants"]
    program.post(f"/api/tasks/{task.pk}/restore/")
    assert titles_in_trash(program) == []
    program.delete(f"/api/tasks/{task.pk}/")
    purge_deleted(NOW + timedelta(days=40_000))
    assert titles_in_trash(program) == []


def test_the_trash_costs_no_more_for_many_tasks(program: Program, bo: User, query_budget: QueryBudget) -> None:
    for size in (1, 20):
        for number in range(size):
            delete_task(a_task(bo, f"Task {number}").pk, by=bo, now=NOW)
        with query_budget(5):  # session and person, count and page, when deleted, tasks, reminders
            program.get(f"/api/tasks/trash/?page_size={size}")
