"""The verbs of tasks: each is one transaction, checks its rules and writes the history."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts.models import User
from taskbell.activity.actions import Change, Entry, record, record_changes, record_entries
from taskbell.common.errors import Conflict, NotFound, invalid
from taskbell.notifications.messages import notify
from taskbell.projects.queries import lock_standings
from taskbell.reminders.actions import add_reminders, replace_reminders, reschedule
from taskbell.tasks.assignees import assignees_of, fitting_assignee, lock_assignees, refit_assignees
from taskbell.tasks.history import OWN_REMINDERS, differences, record_own_reminders, snapshot
from taskbell.tasks.kinds import OPEN_STAGES, Stage
from taskbell.tasks.label_models import Label
from taskbell.tasks.labels import labels_of, replace_labels
from taskbell.tasks.models import Task
from taskbell.tasks.notifications import assigned_messages, notify_assigned, notify_updated
from taskbell.tasks.occurrences import Due, due_by_rule
from taskbell.tasks.patch import UNSET, TaskPatch
from taskbell.tasks.placement import Placement, errors_of_place, lock_placement
from taskbell.tasks.policy import check_in_use, check_may_change, check_may_create, check_may_edit, may_edit
from taskbell.tasks.prerequisites import (
    Effort,
    blocked_by,
    check_not_blocked,
    notify_unblocked_by,
    replace_prerequisites,
)
from taskbell.tasks.queries import lock_task, lock_task_in_use
from taskbell.tasks.quotas import check_room_for_tasks, check_room_for_text
from taskbell.tasks.recurring import begin_series, make_next, move_series, skip_occurrence, withdraw_next
from taskbell.tasks.search_text import add_search_texts, keep_search_text
from taskbell.tasks.validation import check_columns, check_dates, check_rows, read_columns
from taskbell.tasks.versions import Versions, check_version

Naming = Callable[[int], AbstractContextManager[None]]
SERIES_FIELDS = ("recurrence", "recurrence_from", "timezone")  # the same for all occurrences
FOR_WHOLE_SERIES = gettext_noop(
    "Can't change {} with only_this_one, because it applies to all occurrences. Change it in a request of its own."
)


def create_task(patch: TaskPatch, *, by: User, now: datetime) -> Task:
    """A new task of this person. Raises NotAllowed, Invalid, or Blocked if it is completed before its prerequisites."""
    return create_tasks([patch], by=by, now=now)[0]


@transaction.atomic
def create_tasks(
    patches: Sequence[TaskPatch], *, naming: Naming = lambda _: nullcontext(), by: User, now: datetime
) -> list[Task]:
    """New tasks, in about as many statements as one. `naming` makes the context in which each is checked, by its place.

    Raises the same as `create_task`.
    """
    check_may_create(by)
    check_room_for_tasks(by, more=len(patches))
    active, tasks, entries = lock_assignees(assignees_of(patches)), [], []
    labels = labels_of(patches, by=by, now=now)
    placement = lock_placement([patch.project_id for patch in patches], active, by=by)
    for place, patch in enumerate(patches):
        with naming(place):
            tasks.append(_new_task(patch, placement, by=by, now=now))
    Task.objects.bulk_create(tasks)
    add_search_texts(tasks)
    for place, (task, patch) in enumerate(zip(tasks, patches, strict=True)):
        with naming(place):
            if task.recurrence:
                begin_series(task)
                task.save(update_fields=["series", "anchor_date"])
            applied = _apply_rows(task, patch, labels, is_new=True, effort=Effort(), by=by, now=now)
            if task.stage == Stage.COMPLETED and patch.pre_tasks is not UNSET:
                check_not_blocked(task, by=by)
        new = {name: new for name, (_, new) in applied.items() if name != OWN_REMINDERS}
        entries.append(Entry(task, "created", by=by, at=now, new=snapshot(task) | new))
    record_entries(entries)
    notify([message for task in tasks for message in assigned_messages(task, by=by, now=now)], now=now)
    return tasks


def _new_task(patch: TaskPatch, placement: Placement, *, by: User, now: datetime) -> Task:
    """The task, checked but not saved. Raises NotAllowed, Archived, Invalid."""
    columns, errors = read_columns(patch if patch.title is not UNSET else replace(patch, title=""))
    columns.setdefault("project_id", placement.inbox)
    check_columns(columns, errors, placement.errors_of(columns, errors))
    check_rows(patch)
    task = Task(created_by=by, timezone=by.profile.timezone, created_at=now, updated_at=now)
    _apply(task, columns, by=by, now=now)
    task.viewer_role, task.is_archived = placement.standings[task.project_id].role, False
    return task


@transaction.atomic
def update_task(
    task_id: int,
    patch: TaskPatch,
    *,
    version: Versions = None,
    force: bool = False,
    catch_up: bool = False,
    effort: Effort | None = None,
    by: User,
    now: datetime,
) -> Task:
    """Applies the patch. A value that the task already has is always accepted, and is no change.

    With `version`, only if the task still has it, or one of them. A blocked task is completed only with `force`. With
    `catch_up`, completing a recurring task creates one that is due in the future. `effort` is shared by the changes of
    one transaction.
    Raises NotFound, NotAllowed, StaleVersion, Invalid, Archived, Blocked.
    """
    active, effort = lock_assignees(assignees_of([patch])), effort or Effort()
    labels = labels_of([patch], by=by, now=now)
    task = lock_task(task_id, by=by)
    before, was_open, by_rule, sent = snapshot(task), task.is_open, due_by_rule(task), patch.columns()
    columns, errors = read_columns(patch)
    # A value stored before there was a rule for it, such as one with other line breaks, is no change if sent back.
    changing = {name: value for name, value in columns.items() if getattr(task, name) not in (value, sent[name])}
    check_may_change(by, task, changing)
    check_version(task.version, version)
    check_columns(changing, errors, errors_of_place(changing, errors, task, active, by=by))
    check_rows(patch)
    waiting = blocked_by([task.pk], effort) if changing.get("stage", Stage.PENDING) not in OPEN_STAGES else None
    _apply(task, changing, by=by, now=now)
    if task.is_open and (not was_open or "project_id" in changing):
        task.assigned_to_id = fitting_assignee(task)
    _keep_series(task, changing, by_rule, patch)
    changes = differences(before, snapshot(task))
    changes |= _apply_rows(task, patch, labels, effort=effort, by=by, now=now)
    if changes:
        _check_state(task, completes=changing.get("stage") == Stage.COMPLETED, force=force, by=by, now=now)
    own = changes.pop(OWN_REMINDERS, None)
    if changes:
        task.write(now)
        if not changing.keys().isdisjoint({"title", "description"}):
            keep_search_text(task)
        _record_and_notify(task, changes, by=by, now=now)
        _run_consequences(task, changes, before, catch_up=catch_up, by=by, now=now)
        notify_unblocked_by(waiting, by=by, now=now)
    elif own is not None:
        record_own_reminders(task, by=by, now=now)
    return task


@transaction.atomic
def skip_task(task_id: int, *, catch_up: bool = False, by: User, now: datetime) -> Task:
    """Moves a recurring task to its next occurrence without completing it; with `catch_up`, to the first in the future.

    Raises NotFound, NotAllowed, Conflict.
    """
    task = lock_task_in_use(task_id, by=by)
    skip_occurrence(task, catch_up=catch_up, by=by, now=now)
    return task


@transaction.atomic
def delete_task(
    task_id: int, *, version: Versions = None, effort: Effort | None = None, by: User, now: datetime
) -> None:
    """Puts the task in the trash. Raises NotFound, NotAllowed, StaleVersion."""
    task = lock_task_in_use(task_id, by=by)
    check_may_edit(by, task)
    check_version(task.version, version)
    waiting = blocked_by([task.pk], effort or Effort())
    task.deleted_at = now
    task.write(now)
    record(task, "deleted", by=by, at=now)
    notify_unblocked_by(waiting, by=by, now=now)


@transaction.atomic
def restore_task(task_id: int, *, by: User, now: datetime) -> Task:
    """Takes the task out of the trash. Raises NotFound, NotAllowed."""
    in_trash = Task.objects.concerning(by).with_access(by).exclude(deleted_at=None).filter(pk=task_id)
    task = in_trash.select_for_update(of=("self",), no_key=True).first()
    if task is None:
        raise NotFound
    check_in_use(task)
    check_may_edit(by, task)
    if task.project_id not in lock_standings(by, [task.project_id]):
        raise Conflict(_("Can't restore this task, because its project is in the trash. Restore the project first."))
    task.deleted_at = None
    task.write(now)
    if task.is_open:
        reschedule(task, now=now)
    record(task, "restored", by=by, at=now)
    refit_assignees([task], by=by, now=now)
    return task


def _check_state(task: Task, *, completes: bool, force: bool, by: User, now: datetime) -> None:
    """Raises Archived; or, if the change completes the task, Blocked."""
    check_in_use(task)
    if completes and not force:
        check_not_blocked(task, by=by)
    elif completes:
        check_may_edit(by, task)
        if Task.objects.filter(pk=task.pk).blocked().exists():
            record(task, "forced", by=by, at=now, field="is_blocked", old=True, new=True)


def _apply(task: Task, columns: Mapping[str, Any], *, by: User, now: datetime) -> None:
    if len(columns.get("description", "")) > len(task.description):
        check_room_for_text(by)
    for name, value in columns.items():
        setattr(task, name, value)
    check_dates(task.due_date, task.due_time, task.recurrence)
    due_at = task.compute_due_at()
    if due_at != task.due_at:
        task.due_at = due_at
        task.is_overdue = False  # the clock checks the new due time
    if task.stage == Stage.COMPLETED:
        task.completed_at = task.completed_at or now
    elif task.is_open:  # archiving a completed task keeps its completion time
        task.completed_at = None


def _keep_series(task: Task, changing: Mapping[str, Any], by_rule: Due, patch: TaskPatch) -> None:
    """After a change: a new rule begins a series, a new due date moves it. `by_rule` was the due date by the rule."""
    of_series = [name for name in SERIES_FIELDS if name in changing]
    if patch.only_this_one and of_series and (task.recurrence or "recurrence" in changing):
        raise invalid("only_this_one", "exclusive", _(FOR_WHOLE_SERIES).format(of_series[0]))
    if "recurrence" in changing:
        begin_series(task)
    elif task.recurrence and changing.keys() & {"due_date", "due_time"}:
        move_series(task, by_rule, changing, only_this_one=patch.only_this_one)
    else:
        return
    if task.recurrence and patch.series_dates is not UNSET:
        task.anchor_date, task.planned_date, task.planned_time = patch.series_dates


def _run_consequences(
    task: Task, changes: dict[str, Change], before: Mapping[str, Any], *, catch_up: bool, by: User, now: datetime
) -> None:
    """After a change: reminders move, the next occurrence is created or withdrawn."""
    is_done, was_done = task.stage == Stage.COMPLETED, before["stage"] == Stage.COMPLETED
    if task.is_open and changes.keys() & {"due_date", "due_time", "timezone", "status"}:
        reschedule(task, now=now)
    if task.recurrence and is_done and not was_done:
        make_next(task, catch_up=catch_up, by=by, now=now)
    if task.recurrence and was_done and task.is_open:
        withdraw_next(task, by=by, now=now)


def _apply_rows(
    task: Task,
    patch: TaskPatch,
    labels: Mapping[str, Label],
    *,
    is_new: bool = False,
    effort: Effort,
    by: User,
    now: datetime,
) -> dict[str, Change]:
    """Sets reminders, prerequisites and labels, which are rows of their own; returns what changed."""
    changes: dict[str, Change] = {}
    if patch.reminders is not UNSET and is_new:
        changes |= add_reminders(task, patch.reminders, by=by, now=now)
    elif patch.reminders is not UNSET:
        changes |= replace_reminders(task, patch.reminders, by=by, shared_too=may_edit(by, task), now=now)
    if patch.pre_tasks is not UNSET:
        changes |= replace_prerequisites(task, patch.pre_tasks, is_new=is_new, effort=effort, by=by)
    if patch.labels is not UNSET:
        changes |= replace_labels(task, patch.labels, labels, is_new=is_new, by=by)
    return changes


def _record_and_notify(task: Task, changes: dict[str, Change], *, by: User, now: datetime) -> None:
    assigned = {name: changes[name] for name in ("assigned_to",) if name in changes}
    record_changes(task, "assigned", assigned, by=by, at=now)
    record_changes(task, "updated", {name: changes[name] for name in changes if name not in assigned}, by=by, at=now)
    notified = {task.assigned_to_id} if assigned and task.assigned_to_id is not None else set()
    if assigned:
        notify_assigned(task, by=by, now=now)
    notify_updated(task, by=by, now=now, but=notified)
