"""Recurring tasks: completing one creates the next occurrence, exactly once."""

from datetime import date, datetime, time, timedelta

from taskbell.accounts.models import User
from taskbell.activity.actions import record, record_changes
from taskbell.activity.models import Activity
from taskbell.common.clock import instant, wall_time
from taskbell.common.errors import Conflict
from taskbell.common.recurrence import Rule, following, parse_rule
from taskbell.reminders.actions import reschedule
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import move
from taskbell.tasks.assignees import active_creator, assignee_has_left, hand_over
from taskbell.tasks.history import differences, snapshot
from taskbell.tasks.models import Basis, Task
from taskbell.tasks.notifications import notify_assigned, notify_updated
from taskbell.tasks.policy import check_may_edit
from taskbell.tasks.search_text import keep_search_text

COPIED_FIELDS = (
    *("title", "description", "priority", "category_id", "due_time", "timezone", "assigned_to_id", "created_by_id"),
    *("recurrence", "recurrence_from", "series", "anchor_date"),
)
# What happens to the next occurrence without anybody editing it.
SERIES_ACTIONS = ("created", "withdrawn", "restored")


def begin_series(task: Task) -> None:
    """Makes the task the first of its series; the rule counts from its due date."""
    task.series, task.occurrence, task.anchor_date = (task.pk, 1, task.due_date) if task.recurrence else (None, 1, None)


def next_due_date(task: Task, *, completed_at: datetime | None = None) -> date | None:
    """The due date of the next occurrence, or None if the rule has ended or its COUNT is reached.

    Counted from the due date, or from the day of completion if the task says so.
    """
    rule = parse_rule(task.recurrence)
    if task.due_date is None or task.anchor_date is None:
        return None
    if rule.count is not None and task.occurrence >= rule.count:
        return None
    if completed_at is not None and task.recurrence_from == Basis.COMPLETION:
        rule = Rule(rule.text, rule.parts, until=rule.until)
        first = after = wall_time(completed_at, task.timezone).date()
    else:
        first, after = task.anchor_date, task.due_date
    at = task.due_time or time()
    start = datetime.combine(first, at)
    found = following(rule, start, task.timezone, after=instant(after, at, task.timezone))
    return found[0].date() if found else None


def make_next(task: Task, *, by: User, now: datetime) -> Task | None:
    """The next occurrence of a task that has just been completed, or None if the rule has ended.

    Call it with the task locked. An occurrence that was withdrawn when the task was reopened is restored; if the
    series has moved on meanwhile, no other one is created.
    """
    due_date = next_due_date(task, completed_at=now)
    if due_date is None:
        return None
    known = _first_later(task) or _next_of(task)
    if known is not None:
        if known.deleted_at is not None:
            _restore_next(known, task, due_date, by=by, now=now)
        return known
    new = Task(
        **{name: getattr(task, name) for name in COPIED_FIELDS},
        due_date=due_date,
        occurrence=task.occurrence + 1,
        created_at=now,
        updated_at=now,
    )
    new.due_at = new.compute_due_at()
    if assignee_has_left(new):  # while the old one was archived
        new.assigned_to_id = active_creator(new)
    new.save(force_insert=True)
    keep_search_text(new)
    _copy_reminders(task, new, now=now)
    record(new.pk, "created", by=by, at=now, new=snapshot(new))
    record(task.pk, "recurred", by=by, at=now, field="next_task", new=new.pk)
    notify_assigned(new, by=by, now=now)
    return new


def withdraw_next(task: Task, *, by: User, now: datetime) -> None:
    """Deletes the next occurrence when the task is reopened, unless someone has edited it since."""
    new = _next_of(task)
    if new is not None and new.deleted_at is None and _is_untouched(new):
        new.deleted_at = now
        new.write(now)
        record(new.pk, "withdrawn", by=by, at=now)


def skip_occurrence(task: Task, *, by: User, now: datetime) -> None:
    """Moves an open task to its next occurrence without completing it. Call it with the task locked.

    Raises NotAllowed, or Conflict if there is no next occurrence, or if it exists already.
    """
    check_may_edit(by, task)
    if not task.recurrence or not task.is_open:
        raise Conflict("Can't skip this task. Only open, recurring tasks can be skipped.")
    due_date = next_due_date(task)
    if due_date is None:
        raise Conflict("Can't skip the last occurrence. Complete the task instead.")
    _free_next_number(task)
    Reminder.objects.filter(task=task, is_snooze=True).delete()
    before, old, moved = snapshot(task), task.due_date, Reminder.objects.filter(task=task)
    task.due_date, task.occurrence = due_date, task.occurrence + 1
    task.due_at, task.is_overdue = task.compute_due_at(), False
    for reminder in moved:
        move(reminder, task, by_days=_days_between(old, due_date), now=now)
        reminder.save()
    task.write(now)
    record_changes(task.pk, "skipped", differences(before, snapshot(task)), by=by, at=now)
    notify_updated(task, by=by, now=now, but=set())


def _next_of(task: Task) -> Task | None:
    following = Task.objects.filter(series=task.series, occurrence=task.occurrence + 1)
    return following.select_for_update(no_key=True).first()


def _first_later(task: Task) -> Task | None:
    """The first later occurrence that exists; it need not be the next, which may have been skipped on."""
    later = Task.objects.filter(series=task.series, occurrence__gt=task.occurrence, deleted_at=None)
    return later.order_by("occurrence").first()


def _is_untouched(new: Task) -> bool:
    """True if nobody has edited it; scheduled changes do not count."""
    lines = Activity.objects.filter(task_id=new.pk).exclude(user=None)
    return not lines.exclude(action__in=SERIES_ACTIONS).exists()


def _restore_next(new: Task, old: Task, due_date: date, *, by: User, now: datetime) -> None:
    """Takes it out of the trash: up to date with the old task, or as someone has edited it."""
    is_untouched, new.deleted_at = _is_untouched(new), None
    before = snapshot(new)
    if is_untouched:
        for name in COPIED_FIELDS:
            setattr(new, name, getattr(old, name))
        new.due_date, new.is_overdue = due_date, False
        new.due_at = new.compute_due_at()
    new.write(now)
    if is_untouched:
        keep_search_text(new)
        Reminder.objects.filter(task=new).delete()
        _copy_reminders(old, new, now=now)
    else:
        reschedule(new, now=now)
    record(new.pk, "restored", by=by, at=now)
    record_changes(new.pk, "restored", differences(before, snapshot(new)), by=by, at=now)
    if new.is_open and assignee_has_left(new):
        hand_over(new, active_creator(new), by=by, now=now)


def _free_next_number(task: Task) -> None:
    """Frees the number of the next occurrence from one that was withdrawn. Raises Conflict if it exists."""
    known = _next_of(task)
    if known is None:
        return
    if known.deleted_at is None:
        raise Conflict("Can't skip this task, because its next occurrence exists already.")
    begin_series(known)
    known.save(update_fields=["series", "occurrence", "anchor_date"])


def _copy_reminders(old: Task, new: Task, *, now: datetime) -> None:
    """Copies the reminders to the new task, at the same distance from its due date.

    Except snoozes, which belong to the old task, and reminders of people who can no longer see it.
    """
    known = old.reminders.filter(is_snooze=False).select_related("recipient")
    reminders = [reminder for reminder in known if reminder.recipient_may_see_task]
    for reminder in reminders:
        reminder.pk, reminder.task_id, reminder.fired_at = None, new.pk, None
        reminder._state.adding = True
        move(reminder, new, by_days=_days_between(old.due_date, new.due_date), now=now)
    Reminder.objects.bulk_create(reminders)


def _days_between(old: date | None, new: date | None) -> timedelta:
    return new - old if old is not None and new is not None else timedelta()
