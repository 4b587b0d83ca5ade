"""History can be added to, and nothing else; and it tells of nothing that did not happen."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from taskbell.accounts.models import User
from taskbell.activity import actions as history
from taskbell.activity.models import Activity
from taskbell.common.errors import Refusal
from taskbell.notifications.models import Notification
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks import actions
from taskbell.tasks.actions import create_task, delete_task, update_task
from taskbell.tasks.kinds import Stage
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW, Program

Somebody = Callable[[User], Program]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE activity_activity SET action = 'nothing'",
        "UPDATE activity_activity SET user_id = NULL WHERE id = (SELECT MIN(id) FROM activity_activity)",
        "DELETE FROM activity_activity",
        "DELETE FROM activity_activity WHERE id = (SELECT MIN(id) FROM activity_activity)",
    ],
)
def test_the_database_itself_refuses_to_rewrite_history(bo: User, statement: str) -> None:
    create_task(TaskPatch(title="Water the plants"), by=bo, now=NOW)
    before = list(Activity.objects.values())
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert list(Activity.objects.values()) == before


def test_the_program_cannot_either(bo: User) -> None:
    create_task(TaskPatch(title="Water the plants"), by=bo, now=NOW)
    line = Activity.objects.get()
    line.action = "nothing"
    for step in (line.save, line.delete, Activity.objects.all().delete):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            step()
    assert Activity.objects.get().action == "created"


def everything() -> list[Any]:
    return [list(table.objects.order_by("pk").values()) for table in (Task, Activity, Notification)]


def broken(*args: Any, **kwargs: Any) -> None:
    raise RuntimeError("the power is out")


@pytest.mark.parametrize("where", ["notify_updated", "record_changes", "replace_reminders", "notify_unblocked_by"])
def test_a_change_that_fails_half_way_leaves_neither_a_change_nor_a_line(
    bo: User, cy: User, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    task = create_task(TaskPatch(title="Water the plants", assigned_to_id=cy.pk), by=bo, now=NOW)
    before = everything()
    monkeypatch.setattr(actions, where, broken)
    with pytest.raises(RuntimeError):
        update_task(task.pk, TaskPatch(title="x", reminders=[ReminderPlan(at=NOW)]), by=bo, now=NOW)
    assert everything() == before


def test_without_its_line_nothing_is_made_and_nothing_is_deleted(bo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    task = create_task(TaskPatch(title="Water the plants"), by=bo, now=NOW)
    before = everything()
    monkeypatch.setattr(history, "insert_rows", broken)
    with pytest.raises(RuntimeError):
        create_task(TaskPatch(title="Order soil"), by=bo, now=NOW)
    with pytest.raises(RuntimeError):
        delete_task(task.pk, by=bo, now=NOW)
    assert everything() == before


def test_what_is_refused_leaves_no_line(bo: User) -> None:
    first = create_task(TaskPatch(title="Fill the can"), by=bo, now=NOW)
    second = create_task(TaskPatch(title="Water the plants", pre_tasks=[first.pk]), by=bo, now=NOW)
    before = everything()
    for patch in (
        TaskPatch(title="x", stage=Stage.COMPLETED),
        TaskPatch(title="x", pre_tasks=[second.pk]),
        TaskPatch(title="x", pre_tasks=[999_999]),
    ):
        with pytest.raises(Refusal):
            update_task(second.pk, patch, by=bo, now=NOW)
    with pytest.raises(Refusal):
        create_task(TaskPatch(title="x", pre_tasks=[999_999]), by=bo, now=NOW)
    assert everything() == before


def test_doing_what_is_so_already_is_not_history(bo: User) -> None:
    task = create_task(TaskPatch(title="Water the plants"), by=bo, now=NOW)
    before = everything()
    update_task(task.pk, TaskPatch(title="Water the plants", stage=Stage.PENDING, pre_tasks=[]), by=bo, now=NOW)
    assert everything() == before


def test_bo_reads_the_history_of_what_he_sees_and_managers_read_all_of_it(
    bo: User, cy: User, mia: User, as_user: Somebody
) -> None:
    mine = create_task(TaskPatch(title="Water the plants"), by=bo, now=NOW)
    theirs = create_task(TaskPatch(title="Order soil"), by=cy, now=NOW)
    gone = create_task(TaskPatch(title="Gone"), by=cy, now=NOW)
    delete_task(gone.pk, by=cy, now=NOW)

    def received(person: User) -> set[int]:
        return {line["task"] for line in as_user(person).get("/api/tasks/logs/").json()["results"]}

    assert received(bo) == {mine.pk}
    assert received(cy) == {theirs.pk}
    assert received(mia) == {mine.pk, theirs.pk, gone.pk}


def test_history_does_not_name_prerequisites_that_the_reader_has_nothing_to_do_with(
    bo: User, cy: User, mia: User, as_user: Somebody
) -> None:
    secret = create_task(TaskPatch(title="Secret"), by=mia, now=NOW)
    other = create_task(TaskPatch(title="Fill the can", assigned_to_id=cy.pk), by=mia, now=NOW)
    links = [secret.pk, other.pk]
    task = create_task(TaskPatch(title="Water", assigned_to_id=cy.pk, pre_tasks=links), by=mia, now=NOW)
    update_task(task.pk, TaskPatch(pre_tasks=[secret.pk]), by=mia, now=NOW)

    def received(person: User) -> list[Any]:
        lines = as_user(person).get(f"/api/tasks/{task.pk}/logs/").json()["results"]
        return [(lines[0]["old_value"], lines[0]["new_value"]), lines[-1]["new_value"]["pre_tasks"]]

    assert received(mia) == [(links, [secret.pk]), links]
    assert received(cy) == [([other.pk], []), [other.pk]]
