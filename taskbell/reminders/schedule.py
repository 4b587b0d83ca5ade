"""When a reminder fires: worked out anew whenever what it hangs on moves."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from taskbell.common.recurrence import between, following, parse_rule, wall_time
from taskbell.reminders.models import Reminder, ReminderState


class Dated(Protocol):
    """What a reminder needs to know of its task."""

    pk: int
    due_at: datetime | None
    timezone: str


@dataclass(frozen=True)
class ReminderPlan:
    """A reminder somebody asks for: at an instant or so long before the task is due, once or again and again.

    For everybody on the task, or with `for_me` for whoever asks.
    """

    at: datetime | None = None
    for_me: bool = False
    before_due: timedelta | None = None
    repeat: str = ""


@dataclass(frozen=True)
class Firing:
    """What is due of a reminder: the last occurrence, how many were missed before it, and when the next is."""

    occurrence: datetime
    missed: int
    next_at: datetime | None


def plan_of(reminder: Reminder) -> ReminderPlan:
    """What was asked for when the reminder was made."""
    at = reminder.at if reminder.before_due is None else None
    for_me = reminder.recipient_id is not None
    return ReminderPlan(at=at, for_me=for_me, before_due=reminder.before_due, repeat=reminder.repeat)


def instant_of(reminder: Reminder, task: Dated) -> datetime | None:
    """When the reminder fires first; None where that hangs on a due moment that is not known."""
    if reminder.before_due is None:
        return reminder.at
    return None if task.due_at is None else task.due_at - reminder.before_due


def schedule(reminder: Reminder, task: Dated, *, now: datetime) -> None:
    """Sets when the reminder fires, for a task that is due as it is now.

    An instant that has passed fires at once; so long before the due moment, if that has passed, it is too late,
    and of a rule only what is still to come counts.
    """
    reminder.at = instant_of(reminder, task)
    reminder.timezone = task.timezone
    reminder.next_at = _first(reminder, now=now)
    waits = reminder.next_at is not None or reminder.at is None
    reminder.state = ReminderState.ARMED if waits else ReminderState.SKIPPED


def _first(reminder: Reminder, *, now: datetime) -> datetime | None:
    if reminder.at is None or reminder.at > now:
        return reminder.at
    if reminder.repeat:
        return _next(reminder, after=now)
    return reminder.at if reminder.before_due is None else None


def firing_of(reminder: Reminder, *, now: datetime) -> Firing:
    """What is due of a reminder whose time has come. Of a repeating one that was missed, only the latest counts."""
    assert reminder.next_at is not None  # noqa: S101 - only such a reminder is due
    if not reminder.repeat or reminder.at is None:
        return Firing(reminder.next_at, missed=0, next_at=None)
    start = wall_time(reminder.at, reminder.timezone)
    rule = parse_rule(reminder.repeat)
    due = between(rule, start, reminder.timezone, first=reminder.next_at, last=now) or [reminder.next_at]
    return Firing(due[-1], missed=len(due) - 1, next_at=_next(reminder, after=now))


def _next(reminder: Reminder, *, after: datetime) -> datetime | None:
    assert reminder.at is not None  # noqa: S101 - asked of reminders with an anchor only
    start = wall_time(reminder.at, reminder.timezone)
    found = following(parse_rule(reminder.repeat), start, reminder.timezone, after=after)
    return found[1] if found else None
