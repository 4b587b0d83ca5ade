"""Undoing a skipped occurrence: everything is as it was, or Taskbell says why that is impossible."""

from datetime import timedelta
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.common.errors import Conflict
from taskbell.reminders.firing import deliver_due
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import update_task
from taskbell.tasks.kinds import Stage
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.reminder_actions import add_reminder, snooze_task
from taskbell.tasks.scheduled import mark_overdue
from taskbell.tasks.skipping import skip_with_undo, undo_skip
from tests.conftest import NOW
from tests.reminders.patches import DAY_BEFORE
from tests.tasks.test_recurring import DAY, FRIDAY, a_series, put, the_next

HOUR = timedelta(hours=1)


def state() -> list[Any]:
    """All tasks and reminders, without the version and when they were last changed."""
    tasks = [
        {name: row[name] for name in row if name not in ("version", "updated_at")} for row in Task.objects.values()
    ]
    return [sorted(tasks, key=lambda row: row["id"]), list(Reminder.objects.order_by("id").values())]


@pytest.mark.parametrize("catch_up", [False, True])
def test_the_task_is_due_again_when_it_was_with_its_reminders_and_everybodys_snoozes(
    bo: User, cy: User, catch_up: bool
) -> None:
    task = a_series(bo, reminders=[DAY_BEFORE, ReminderPlan(at=NOW + HOUR)], assigned_to_id=cy.pk)
    snooze_task(task.pk, NOW + HOUR, by=cy, now=NOW)
    update_task(task.pk, TaskPatch(due_date=FRIDAY + DAY, only_this_one=True), by=bo, now=NOW)
    before = state()
    moved, undo = skip_with_undo(task.pk, catch_up=catch_up, by=bo, now=NOW)
    assert moved.due_date is not None
    assert moved.due_date > FRIDAY + DAY
    undo_skip(undo, by=bo, now=NOW)
    assert state() == before


def test_one_that_was_overdue_is_overdue_again(bo: User) -> None:
    task = a_series(bo)
    late = NOW + 30 * DAY
    mark_overdue(late)
    before = state()
    undo_skip(skip_with_undo(task.pk, by=bo, now=late)[1], by=bo, now=late)
    assert state() == before


def test_an_occurrence_that_was_withdrawn_belongs_to_the_series_again(bo: User) -> None:
    task = a_series(bo)
    the_next(task, bo)
    put(task, bo, Stage.PENDING)
    before = state()
    undo_skip(skip_with_undo(task.pk, by=bo, now=NOW)[1], by=bo, now=NOW)
    assert state() == before


def test_the_history_says_both(bo: User) -> None:
    task = a_series(bo)
    undo_skip(skip_with_undo(task.pk, by=bo, now=NOW)[1], by=bo, now=NOW)
    entries = Activity.objects.filter(task=task, field="due_date").order_by("id")
    assert list(entries.values_list("action", flat=True)) == ["skipped", "updated"]
    assert entries[1].new_value == FRIDAY.isoformat()


def test_only_the_person_who_skipped_can_undo_it_and_only_once(bo: User, ada: User) -> None:
    undo = skip_with_undo(a_series(bo).pk, by=bo, now=NOW)[1]
    with pytest.raises(Conflict):
        undo_skip(undo, by=ada, now=NOW)
    undo_skip(undo, by=bo, now=NOW)
    with pytest.raises(Conflict):
        undo_skip(undo, by=bo, now=NOW)


def test_after_a_reminder_has_fired_it_is_too_late(bo: User) -> None:
    task = a_series(bo)
    undo = skip_with_undo(task.pk, by=bo, now=NOW)[1]
    add_reminder(task.pk, ReminderPlan(at=NOW + HOUR, for_me=True), by=bo, now=NOW)
    deliver_due(NOW + HOUR)
    with pytest.raises(Conflict, match="reminder has fired"):
        undo_skip(undo, by=bo, now=NOW + HOUR / 2)


def test_after_another_change_it_is_too_late(bo: User) -> None:
    task = a_series(bo)
    undo = skip_with_undo(task.pk, by=bo, now=NOW)[1]
    update_task(task.pk, TaskPatch(title="Water the roses"), by=bo, now=NOW)
    with pytest.raises(Conflict, match="has changed in the meantime"):
        undo_skip(undo, by=bo, now=NOW)
