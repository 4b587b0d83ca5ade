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
from tests.conftest import NOW, Program
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
    assert answer["ETag"] == '"3"'
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
