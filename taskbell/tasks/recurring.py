"""Tasks that come again: the next one is made when one is completed, exactly once."""

from datetime import date, datetime, time, timedelta

from taskbell.accounts.models import User
from taskbell.activity.actions import record, record_changes
from taskbell.activity.models import Activity
from taskbell.common.clock import instant
from taskbell.common.errors import Conflict
from taskbell.common.recurrence import Rule, following, parse_rule, wall_time
from taskbell.reminders.actions import reschedule
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import move
from taskbell.tasks.assignees import active_creator, assignee_has_left, hand_over
from taskbell.tasks.history import differences, snapshot
from taskbell.tasks.models import Basis, Task
from taskbell.tasks.notifications import notify_assigned, notify_updated
from taskbell.tasks.policy import check_may_edit

COPIED = (
    *("title", "description", "priority", "category_id", "due_time", "timezone", "assigned_to_id", "created_by_id"),
    *("recurrence", "recurrence_from", "series", "anchor_date"),
)
# What happens to the next occurrence without anybody having it in hand.
OF_THE_SERIES = ("created", "withdrawn", "restored")


def begin_series(task: Task) -> None:
    """Makes the task the first of its series: its due date is the day that the rule remembers."""
    task.series, task.occurrence, task.anchor_date = (task.pk, 1, task.due_date) if task.recurrence else (None, 1, None)


def next_due_date(task: Task, *, completed_at: datetime | None = None) -> date | None:
    """The due date of the next occurrence; None where the rule has ended, or there have been as many as it counts.

    Counted from the due date, along the rule as it began; or, where the task says so, from the day of completion.
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
    """The next occurrence of a task that has just been completed; None where the rule has ended.

    The caller holds the task. One that was withdrawn when the task was reopened comes back; where the series has
    gone on meanwhile, no other is made beside it.
    """
    due_date = next_due_date(task, completed_at=now)
    if due_date is None:
        return None
    known = _later_than(task) or _next_of(task)
    if known is not None:
        if known.deleted_at is not None:
            _bring_back(known, task, due_date, by=by, now=now)
        return known
    new = Task(
        **{name: getattr(task, name) for name in COPIED},
        due_date=due_date,
        occurrence=task.occurrence + 1,
        created_at=now,
        updated_at=now,
    )
    new.due_at = new.compute_due_at()
    new.save(force_insert=True)
    _bring_reminders(task, new, now=now)
    record(new.pk, "created", by=by, at=now, new=snapshot(new))
    record(task.pk, "recurred", by=by, at=now, field="next_task", new=new.pk)
    notify_assigned(new, by=by, now=now)
    return new


def withdraw_next(task: Task, *, by: User, now: datetime) -> None:
    """Takes the next occurrence back when the task is open again, unless somebody has touched it since."""
    new = _next_of(task)
    if new is not None and new.deleted_at is None and _is_untouched(new):
        new.deleted_at = now
        new.write(now)
        record(new.pk, "withdrawn", by=by, at=now)


def skip_occurrence(task: Task, *, by: User, now: datetime) -> None:
    """Moves an open task to its next occurrence without completing it. The caller holds the task.

    Raises NotAllowed, or Conflict where there is no next one, or where it is there already.
    """
    check_may_edit(by, task)
    if not task.recurrence or not task.is_open:
        raise Conflict("Only an open task that recurs can be skipped.")
    due_date = next_due_date(task)
    if due_date is None:
        raise Conflict("This is the last occurrence.")
    _make_room(task)
    Reminder.objects.filter(task=task).snoozes().delete()
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


def _later_than(task: Task) -> Task | None:
    """The first of those that came after it and are there: the next one may have been skipped further on."""
    later = Task.objects.filter(series=task.series, occurrence__gt=task.occurrence, deleted_at=None)
    return later.order_by("occurrence").first()


def _is_untouched(new: Task) -> bool:
    """True while nobody has done anything with it. What the clock does is no touch."""
    lines = Activity.objects.filter(task_id=new.pk).exclude(user=None)
    return not lines.exclude(action__in=OF_THE_SERIES).exists()


def _bring_back(new: Task, old: Task, due_date: date, *, by: User, now: datetime) -> None:
    """Takes it out of the trash: as the old one would make it now, or as somebody has left it."""
    is_untouched, new.deleted_at = _is_untouched(new), None
    before = snapshot(new)
    if is_untouched:
        for name in COPIED:
            setattr(new, name, getattr(old, name))
        new.due_date, new.is_overdue = due_date, False
        new.due_at = new.compute_due_at()
    new.write(now)
    if is_untouched:
        Reminder.objects.filter(task=new).delete()
        _bring_reminders(old, new, now=now)
    else:
        reschedule(new, now=now)
    record(new.pk, "restored", by=by, at=now)
    record_changes(new.pk, "restored", differences(before, snapshot(new)), by=by, at=now)
    if new.is_open and assignee_has_left(new):
        hand_over(new, active_creator(new), by=by, now=now)


def _make_room(task: Task) -> None:
    """Lets go of the number of the next occurrence, which one that was withdrawn still holds. Raises Conflict."""
    known = _next_of(task)
    if known is None:
        return
    if known.deleted_at is None:
        raise Conflict("The next occurrence is there already.")
    begin_series(known)
    known.save(update_fields=["series", "occurrence", "anchor_date"])


def _bring_reminders(old: Task, new: Task, *, now: datetime) -> None:
    """Gives the new task the reminders of the old one, as long before or after its due date.

    Not what somebody has put off, which was for the old one; nor what is for somebody who may not see it any more.
    """
    known = old.reminders.filter(is_snooze=False).select_related("recipient")
    reminders = [reminder for reminder in known if reminder.is_to_be_told]
    for reminder in reminders:
        reminder.pk, reminder.task_id, reminder.fired_at = None, new.pk, None
        reminder._state.adding = True
        move(reminder, new, by_days=_days_between(old.due_date, new.due_date), now=now)
    Reminder.objects.bulk_create(reminders)


def _days_between(old: date | None, new: date | None) -> timedelta:
    return new - old if old is not None and new is not None else timedelta()
