"""Recurring tasks: completing one creates the next occurrence, exactly once."""

from collections.abc import Container
from datetime import date, datetime, time, timedelta
from itertools import chain

from django.utils.translation import gettext as _

from taskbell.accounts.models import User
from taskbell.activity.actions import record, record_changes
from taskbell.activity.models import Activity, SubjectType
from taskbell.common.errors import Conflict
from taskbell.projects.audience import load_keys
from taskbell.reminders.actions import reschedule
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import move
from taskbell.tasks.assignees import fitting_assignee, refit_assignees
from taskbell.tasks.history import differences, snapshot
from taskbell.tasks.kinds import Basis
from taskbell.tasks.labels import copy_labels
from taskbell.tasks.models import Task, TaskQuerySet
from taskbell.tasks.notifications import notify_assigned, notify_updated
from taskbell.tasks.occurrences import Due, Upcoming, due_by_rule, next_by_plan, next_of_completed
from taskbell.tasks.policy import check_may_edit
from taskbell.tasks.search_text import keep_search_text

COPIED_FIELDS = (
    *("title", "description", "priority", "project_id", "category_id", "timezone", "assigned_to_id", "created_by_id"),
    *("recurrence", "recurrence_from", "series"),
)
# What happens to the next occurrence without anybody editing it.
SERIES_ACTIONS = ("created", "withdrawn", "restored")


def begin_series(task: Task) -> None:
    """Makes the task the first of its series; the rule counts from its due date."""
    task.series, task.occurrence, task.anchor_date = (task.pk, 1, task.due_date) if task.recurrence else (None, 1, None)
    task.planned_date = task.planned_time = None


def move_series(task: Task, by_rule: Due, changed: Container[str], *, only_this_one: bool) -> None:
    """After a change of a recurring task's due date or time, which by the rule was `by_rule`.

    The rule counts from the new date. With `only_this_one`, the others stay where they are; they also stay if a task
    moved that way is moved back.
    """
    if (task.due_date, task.due_time) == by_rule:
        task.planned_date = task.planned_time = None
    elif only_this_one:
        task.planned_date, task.planned_time = by_rule
    elif "due_date" in changed:
        task.anchor_date, task.planned_date, task.planned_time = task.due_date, None, None
    elif task.planned_date:
        task.planned_time = task.due_time


def make_next(task: Task, *, catch_up: bool = False, by: User, now: datetime) -> Task | None:
    """The next occurrence of a task that has just been completed, or None if the rule has ended.

    With `catch_up`, occurrences that would be overdue at once are left out. Call it with the task locked. An occurrence
    that was withdrawn when the task was reopened is restored; if the series has moved on meanwhile, no other one is
    created.
    """
    upcoming = next_of_completed(task, completed_at=now, catch_up=catch_up)
    if upcoming is None:
        return None
    # The first later occurrence that exists may be further on: the next one may have been skipped.
    known = _later(task).filter(deleted_at=None).first() or _in_trash(task, upcoming.number)
    if known is not None:
        if known.deleted_at is not None:
            _restore_next(known, task, upcoming, by=by, now=now)
        return known
    new = Task(created_at=now, updated_at=now)
    _continue_series(new, task, upcoming)
    new.assigned_to_id = fitting_assignee(new)  # they may have left while the old one was archived
    new.save(force_insert=True)
    keep_search_text(new)
    _copy_reminders(task, new, now=now)
    labels = {name: copied for name, (_, copied) in copy_labels(task, new, is_new=True).items()}
    record(new, "created", by=by, at=now, new=snapshot(new) | labels)
    record(task, "recurred", by=by, at=now, field="next_task", new=new.pk)
    notify_assigned(new, by=by, now=now)
    return new


def _continue_series(new: Task, old: Task, upcoming: Upcoming) -> None:
    """Makes the task the next occurrence. From completion, the rule starts at its due date."""
    for name in COPIED_FIELDS:
        setattr(new, name, getattr(old, name))
    _move_to(new, upcoming, due_time=due_by_rule(old)[1])
    new.anchor_date = new.due_date if old.recurrence_from == Basis.COMPLETION else old.anchor_date


def _move_to(task: Task, upcoming: Upcoming, *, due_time: time | None) -> None:
    task.due_date, task.occurrence = upcoming
    task.due_time = due_time
    task.planned_date = task.planned_time = None
    task.due_at, task.is_overdue = task.compute_due_at(), False


def withdraw_next(task: Task, *, by: User, now: datetime) -> None:
    """Deletes the next occurrence when the task is reopened, unless someone has edited it since."""
    new = _later(task).first()
    if new is not None and new.deleted_at is None and _is_untouched(new):
        new.deleted_at = now
        new.write(now)
        record(new, "withdrawn", by=by, at=now)


def skip_occurrence(task: Task, *, catch_up: bool = False, by: User, now: datetime) -> None:
    """Moves an open task to its next occurrence without completing it. Call it with the task locked.

    With `catch_up`, to the first that is not overdue. Raises NotAllowed, or Conflict if there is no such occurrence, or
    if it exists already.
    """
    check_may_edit(by, task)
    if not task.recurrence or not task.is_open:
        raise Conflict(_("Can't skip this task. Only open, recurring tasks can be skipped."))
    upcoming = next_by_plan(task, due_after=now if catch_up else None)
    if upcoming is None:
        if catch_up:
            raise Conflict(_("Can't skip to a later occurrence, because the rule has none. Complete the task instead."))
        raise Conflict(_("Can't skip the last occurrence. Complete the task instead."))
    _free_number(task, upcoming.number)
    Reminder.objects.filter(task=task, is_snooze=True).delete()
    before, moved, (old, due_time) = snapshot(task), Reminder.objects.filter(task=task), due_by_rule(task)
    _move_to(task, upcoming, due_time=due_time)
    for reminder in moved:
        move(reminder, task, by_days=_days_between(old, task.due_date), now=now)
        reminder.save()
    task.write(now)
    record_changes(task, "skipped", differences(before, snapshot(task)), by=by, at=now)
    notify_updated(task, by=by, now=now, but=set())


def _later(task: Task) -> TaskQuerySet:
    """The later occurrences that were ever created, in order, locked."""
    later = Task.objects.filter(series=task.series, occurrence__gt=task.occurrence)
    return later.order_by("occurrence").select_for_update(no_key=True)


def _in_trash(task: Task, number: int) -> Task | None:
    """The deleted occurrence to restore: the one with this number, or else one that was withdrawn."""
    deleted = list(_later(task).exclude(deleted_at=None))
    same_number = (known for known in deleted if known.occurrence == number)
    return next(chain(same_number, filter(_is_untouched, deleted)), None)


def _is_untouched(new: Task) -> bool:
    """True if nobody has edited it or commented on it; scheduled changes do not count."""
    lines = Activity.objects.filter(task_id=new.pk).exclude(user=None)
    return not lines.exclude(subject_type=SubjectType.TASK, action__in=SERIES_ACTIONS).exists()


def _restore_next(new: Task, old: Task, upcoming: Upcoming, *, by: User, now: datetime) -> None:
    """Takes it out of the trash: up to date with the old task, or as someone has edited it."""
    is_untouched, new.deleted_at = _is_untouched(new), None
    before, labels = snapshot(new), {}
    if is_untouched:
        _continue_series(new, old, upcoming)
    new.write(now)
    if is_untouched:
        keep_search_text(new)
        Reminder.objects.filter(task=new).delete()
        _copy_reminders(old, new, now=now)
        labels = copy_labels(old, new)
    else:
        reschedule(new, now=now)
    record(new, "restored", by=by, at=now)
    record_changes(new, "restored", differences(before, snapshot(new)) | labels, by=by, at=now)
    refit_assignees([new], by=by, now=now)


def _free_number(task: Task, number: int) -> None:
    """Frees the number of an occurrence from one that was withdrawn. Raises Conflict if one up to it exists."""
    known = _later(task).filter(occurrence__lte=number)
    if known.filter(deleted_at=None).exists():
        raise Conflict(_("Can't skip this task, because its next occurrence exists already."))
    for withdrawn in known.filter(occurrence=number):
        begin_series(withdrawn)
        withdrawn.save(update_fields=["series", "occurrence", "anchor_date", "planned_date", "planned_time"])


def _copy_reminders(old: Task, new: Task, *, now: datetime) -> None:
    """Copies the reminders to the new task, at the same distance from its due date.

    Except snoozes, which belong to the old task, and reminders of people who can no longer see it.
    """
    known = list(old.reminders.filter(is_snooze=False).select_related("recipient"))
    load_keys([reminder.recipient for reminder in known if reminder.recipient])
    reminders = [reminder for reminder in known if reminder.recipient_may_see_task]
    for reminder in reminders:
        reminder.pk, reminder.task_id, reminder.fired_at = None, new.pk, None
        reminder._state.adding = True
        move(reminder, new, by_days=_days_between(due_by_rule(old)[0], new.due_date), now=now)
    Reminder.objects.bulk_create(reminders)


def _days_between(old: date | None, new: date | None) -> timedelta:
    return new - old if old is not None and new is not None else timedelta()
