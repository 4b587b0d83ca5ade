"""What people do with tasks: each verb one transaction, with its history."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from taskbell.accounts.models import User
from taskbell.activity.actions import Change, record, record_changes
from taskbell.common.errors import NotFound, invalid
from taskbell.reminders.actions import ReminderPlan, replace_reminders
from taskbell.tasks.models import Priority, Stage, Task
from taskbell.tasks.policy import (
    check_may_change,
    check_may_create,
    check_may_edit,
    check_may_remind_others,
    may_edit,
)

Fields = Mapping[str, Any]
Plans = Sequence[ReminderPlan]


@transaction.atomic
def create_task(fields: Fields, *, reminders: Plans = (), by: User, now: datetime) -> Task:
    """A new task of this person, with its reminders. Raises NotAllowed, Invalid."""
    check_may_create(by)
    task = Task(created_by=by, timezone=by.profile.timezone, created_at=now, updated_at=now)
    _apply(task, fields, now=now)
    task.save(force_insert=True)
    promised = _remind(task, reminders, by=by) if reminders else {}
    created = snapshot(task) | {name: new for name, (_, new) in promised.items()}
    record(task.pk, "created", by=by, at=now, new=created)
    return task


@transaction.atomic
def update_task(task_id: int, fields: Fields, *, reminders: Plans | None = None, by: User, now: datetime) -> Task:
    """Changes these fields; `reminders`, unless None, replaces the reminders that `by` may set.

    Raises NotFound, NotAllowed, Invalid. Setting what is already so changes nothing.
    """
    task = _locked(task_id, by)
    before = snapshot(task)
    changing = {name for name, value in fields.items() if getattr(task, name) != value}
    check_may_change(by, task, changing, stage=fields.get("stage"))
    _apply(task, fields, now=now)
    changes = _differences(before, snapshot(task))
    if reminders is not None:
        changes |= _remind(task, reminders, by=by)
    if changes:
        _save(task, now=now)
        record_changes(task.pk, "updated", changes, by=by, at=now)
    return task


@transaction.atomic
def delete_task(task_id: int, *, by: User, now: datetime) -> None:
    """Takes the task out of every list. Raises NotFound, NotAllowed."""
    task = _locked(task_id, by)
    check_may_edit(by, task)
    task.deleted_at = now
    _save(task, now=now)
    record(task.pk, "deleted", by=by, at=now)


def snapshot(task: Task) -> dict[str, Any]:
    """The task as history tells it: by the names that people read."""
    return {
        "title": task.title,
        "description": task.description,
        "status": task.status,
        "stage": task.stage,
        "priority": Priority(task.priority).name,
        "due_date": task.due_date,
        "due_time": task.due_time,
        "timezone": task.timezone,
        "assigned_to": task.assigned_to_id,
    }


def _differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Change]:
    changes = {name: (before[name], after[name]) for name in before if before[name] != after[name]}
    if "status" in changes:
        changes.pop("stage", None)  # the status tells it; an overdue task has a stage that it does not tell
    return changes


def _locked(task_id: int, by: User) -> Task:
    """The task, held until the transaction ends, so that no edit is lost under another."""
    task = Task.objects.visible_to(by).select_for_update(of=("self",)).filter(pk=task_id).first()
    if task is None:
        raise NotFound
    return task


def _apply(task: Task, fields: Fields, *, now: datetime) -> None:
    for name, value in fields.items():
        setattr(task, name, value)
    if task.due_time is not None and task.due_date is None:
        raise invalid("due_time", "needs_date", "A due time needs a due date.")
    due_at = task.compute_due_at()
    if due_at != task.due_at:
        task.due_at = due_at
        task.is_overdue = False  # the clock judges the new due moment
    if task.stage == Stage.COMPLETED:
        task.completed_at = task.completed_at or now
    else:
        task.completed_at = None


def _save(task: Task, *, now: datetime) -> None:
    task.updated_at = now
    task.version += 1
    task.save(force_update=True)


def _remind(task: Task, plans: Plans, *, by: User) -> dict[str, Change]:
    if not all(plan.for_me for plan in plans):
        check_may_remind_others(by, task)
    return replace_reminders(task.pk, plans, by=by, shared_too=may_edit(by, task))
