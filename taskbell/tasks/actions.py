"""What people do with tasks: each verb one transaction, with its history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from taskbell.accounts.models import User
from taskbell.activity.actions import Change, record, record_changes
from taskbell.common.errors import NotFound, Refusal, invalid
from taskbell.reminders.actions import ReminderPlan, replace_reminders
from taskbell.tasks.models import OPEN_STAGES, Priority, Stage, Task, TaskQuerySet
from taskbell.tasks.policy import (
    check_may_change,
    check_may_create,
    check_may_edit,
    check_may_remind_others,
    may_edit,
)
from taskbell.tasks.prerequisites import blocked_by, check_not_blocked, replace_prerequisites, tell_who_became_free
from taskbell.tasks.telling import tell_assigned, tell_updated

Fields = Mapping[str, Any]
Plans = Sequence[ReminderPlan]


class StaleVersion(Refusal):
    """Somebody has changed the task since the caller read it."""

    status = 412
    title = "Changed in the meantime"


@dataclass(frozen=True)
class Wish:
    """What somebody wants a task to be: `fields` by the names of the model; None leaves the rest as it is."""

    fields: Fields
    reminders: Plans | None = None
    pre_tasks: Sequence[int] | None = None


@transaction.atomic
def create_task(wish: Wish, *, by: User, now: datetime) -> Task:
    """A new task of this person. Raises NotAllowed, Invalid."""
    check_may_create(by)
    task = Task(created_by=by, timezone=by.profile.timezone, created_at=now, updated_at=now)
    _apply(task, wish.fields, now=now)
    task.save(force_insert=True)
    promised = _promises(task, wish, by=by)
    record(task.pk, "created", by=by, at=now, new=snapshot(task) | {name: new for name, (_, new) in promised.items()})
    tell_assigned(task, by=by, now=now)
    return task


@transaction.atomic
def update_task(
    task_id: int, wish: Wish, *, version: int | None = None, force: bool = False, by: User, now: datetime
) -> Task:
    """Makes the task what is wished; what is already so is no change.

    With `version`, only if that is still the task's version. A blocked task is completed only by `force`.
    Raises NotFound, NotAllowed, Invalid, StaleVersion, Blocked.
    """
    task = _locked(Task.objects.visible_to(by), task_id)
    before, was_open = snapshot(task), task.is_open
    changing = {name: value for name, value in wish.fields.items() if getattr(task, name) != value}
    check_may_change(by, task, changing)
    _check_version(task, version)
    waiting = blocked_by([task.pk]) if changing.get("stage", Stage.PENDING) not in OPEN_STAGES else set()
    _apply(task, wish.fields, now=now)
    changes = _differences(before, snapshot(task)) | _promises(task, wish, by=by)
    if was_open and task.stage == Stage.COMPLETED:
        _check_may_complete(task, force=force, by=by, now=now)
    if changes:
        _save(task, now=now)
        _record_and_tell(task, changes, by=by, now=now)
        tell_who_became_free(waiting, by=by, now=now)
    return task


@transaction.atomic
def delete_task(task_id: int, *, version: int | None = None, by: User, now: datetime) -> None:
    """Puts the task in the trash. Raises NotFound, NotAllowed, StaleVersion."""
    task = _locked(Task.objects.visible_to(by), task_id)
    check_may_edit(by, task)
    _check_version(task, version)
    waiting = blocked_by([task.pk])
    task.deleted_at = now
    _save(task, now=now)
    record(task.pk, "deleted", by=by, at=now)
    tell_who_became_free(waiting, by=by, now=now)


@transaction.atomic
def restore_task(task_id: int, *, by: User, now: datetime) -> Task:
    """Takes the task out of the trash again. Raises NotFound, NotAllowed."""
    task = _locked(Task.objects.concerning(by).exclude(deleted_at=None), task_id)
    check_may_edit(by, task)
    task.deleted_at = None
    _save(task, now=now)
    record(task.pk, "restored", by=by, at=now)
    return task


def snapshot(task: Task) -> dict[str, Any]:
    """The task as history tells it: by the names that people read."""
    return {
        "title": task.title,
        "description": task.description,
        "status": task.status,
        "stage": task.stage,
        "priority": Priority(task.priority).name,
        "category": task.category_id,
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


def _locked(tasks: TaskQuerySet, task_id: int) -> Task:
    """The task, held until the transaction ends, so that no edit is lost under another."""
    # no_key: a link to the task may be made meanwhile, or two that link to each other would wait for ever.
    task = tasks.select_for_update(of=("self",), no_key=True).filter(pk=task_id).first()
    if task is None:
        raise NotFound
    return task


def _check_version(task: Task, version: int | None) -> None:
    if version is not None and version != task.version:
        raise StaleVersion(f"The task has changed: its version is {task.version} by now.")


def _check_may_complete(task: Task, *, force: bool, by: User, now: datetime) -> None:
    if not force:
        check_not_blocked(task, by=by)
        return
    check_may_edit(by, task)
    if Task.objects.filter(pk=task.pk).blocked().exists():
        record(task.pk, "forced", by=by, at=now, field="is_blocked", old=True, new=True)


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


def _promises(task: Task, wish: Wish, *, by: User) -> dict[str, Change]:
    """Sets reminders and prerequisites, which are rows of their own; returns what that changed."""
    changes: dict[str, Change] = {}
    if wish.reminders is not None:
        if not all(plan.for_me for plan in wish.reminders):
            check_may_remind_others(by, task)
        changes |= replace_reminders(task.pk, wish.reminders, by=by, shared_too=may_edit(by, task))
    if wish.pre_tasks is not None:
        changes |= replace_prerequisites(task, wish.pre_tasks, by=by)
    return changes


def _record_and_tell(task: Task, changes: dict[str, Change], *, by: User, now: datetime) -> None:
    assigned = {name: changes[name] for name in ("assigned_to",) if name in changes}
    record_changes(task.pk, "assigned", assigned, by=by, at=now)
    record_changes(task.pk, "updated", {name: changes[name] for name in changes if name not in assigned}, by=by, at=now)
    told = {task.assigned_to_id} if assigned and task.assigned_to_id is not None else set()
    if assigned:
        tell_assigned(task, by=by, now=now)
    tell_updated(task, by=by, now=now, but=told)
