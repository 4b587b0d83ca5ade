"""Skipping an occurrence so that it can be undone: the task, its reminders and its series, exactly as they were."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from taskbell.accounts.models import User
from taskbell.activity.actions import record_changes
from taskbell.activity.undo import keep_undo, take_undo
from taskbell.common.errors import Conflict
from taskbell.common.rows import row_from_values, row_to_values
from taskbell.reminders.models import Reminder
from taskbell.tasks.history import differences, snapshot
from taskbell.tasks.models import Task
from taskbell.tasks.notifications import notify_updated
from taskbell.tasks.policy import check_may_edit
from taskbell.tasks.queries import lock_task_in_use
from taskbell.tasks.recurring import skip_occurrence

SKIP = "skip"
MOVED = ("due_date", "due_time", "due_at", "is_overdue", "occurrence", "planned_date", "planned_time", "anchor_date")
IN_SERIES = ("series", "occurrence", "anchor_date", "planned_date", "planned_time")
Rows = dict[str, Any]


@transaction.atomic
def skip_with_undo(task_id: int, *, catch_up: bool = False, by: User, now: datetime) -> tuple[Task, int]:
    """Skips like `skip_task`; also returns the id by which the person can undo it. Raises the same."""
    task = lock_task_in_use(task_id, by=by)
    before, reminders, others = _columns(task, MOVED), _reminders(task), _others_in_trash(task)
    skip_occurrence(task, catch_up=catch_up, by=by, now=now)
    kept = _others_in_trash(task)
    freed = {pk: columns for pk, columns in others.items() if pk not in kept}
    state = {"version": task.version, "columns": before, "reminders": reminders, "freed": freed}
    return task, keep_undo(SKIP, task.pk, state | {"moved": _reminders(task)}, by=by, now=now)


@transaction.atomic
def undo_skip(pk: int, *, by: User, now: datetime) -> Task:
    """Moves the task back to the occurrence that was skipped, with its reminders and snoozes, and notifies the others.

    Raises NotFound, NotAllowed; and Conflict if the task has changed or a reminder has fired in the meantime.
    """
    kept = take_undo(pk, by=by, now=now)
    task, state = lock_task_in_use(kept.task_id, by=by), kept.data
    check_may_edit(by, task)
    if task.version != state["version"]:
        raise Conflict(_("Can't undo skipping, because the task has changed in the meantime. Change it by hand."))
    if _reminders(task) != state["moved"]:
        raise Conflict(
            _("Can't undo skipping, because a reminder has fired or changed in the meantime. Change it by hand.")
        )
    before = snapshot(task)
    _put_columns(task, state["columns"])
    _put_reminders(task, state["reminders"])
    task.write(now)
    for other, columns in state["freed"].items():
        Task.objects.filter(pk=other, series=other).exclude(deleted_at=None).update(**columns)
    record_changes(task, "updated", differences(before, snapshot(task)), by=by, at=now)
    notify_updated(task, by=by, now=now, but=set())
    return task


def _columns(task: Task, names: tuple[str, ...]) -> Rows:
    values = row_to_values(task)
    return {name: values[name] for name in names}


def _put_columns(task: Task, columns: Rows) -> None:
    for name, value in columns.items():
        setattr(task, name, Task._meta.get_field(name).to_python(value))  # type: ignore[union-attr]


def _reminders(task: Task) -> Rows:
    """All columns of its reminders, by id as text: JSON has no other keys."""
    return {str(one.pk): row_to_values(one) for one in Reminder.objects.filter(task=task)}


def _put_reminders(task: Task, rows: Rows) -> None:
    """Gives the reminders these columns; the snoozes that were deleted come back."""
    Reminder.objects.filter(task=task).delete()
    Reminder.objects.bulk_create([row_from_values(Reminder, values) for values in rows.values()])


def _others_in_trash(task: Task) -> Rows:
    """The deleted tasks of its series: skipping frees the number of one that was withdrawn."""
    others = Task.objects.filter(series=task.series).exclude(pk=task.pk).exclude(deleted_at=None)
    return {str(other.pk): _columns(other, IN_SERIES) for other in others} if task.series else {}
