"""When a reminder fires: worked out anew whenever what it hangs on moves."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from taskbell.common.clock import instant
from taskbell.common.recurrence import between, following, parse_rule, wall_time
from taskbell.reminders.models import Reminder, ReminderState

LONGEST_SPAN = timedelta(days=366)  # before the due moment


class Dated(Protocol):
    """What a reminder needs to know of its task."""

    pk: int
    due_at: datetime | None
    timezone: str

    @property
    def due_wall(self) -> datetime | None:
        """The local wall time that `due_at` comes from."""


@dataclass(frozen=True)
class ReminderPlan:
    """A reminder somebody asks for: at an instant or so long before the task is due, once or again and again.

    For everybody on the task, or with `for_me` for whoever asks. `wall` is the local time that was said for `at`;
    None where only the instant was.
    """

    at: datetime | None = None
    for_me: bool = False
    before_due: timedelta | None = None
    repeat: str = ""
    wall: datetime | None = None
    is_snooze: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Firing:
    """What is due of a reminder: the last occurrence, how many were missed before it, and when the next is."""

    occurrence: datetime
    missed: int
    next_at: datetime | None


def plan_of(reminder: Reminder) -> ReminderPlan:
    """What was asked for when the reminder was made."""
    at, wall = (reminder.at, reminder.wall) if reminder.before_due is None else (None, None)
    for_me = reminder.recipient_id is not None
    return ReminderPlan(at=at, for_me=for_me, before_due=reminder.before_due, repeat=reminder.repeat, wall=wall)


def settled(plan: ReminderPlan, known: Sequence[ReminderPlan], zone: str) -> ReminderPlan:
    """The plan with the wall time that it leaves open: of a known one at the same instant, or what the clock shows.

    What was read as an instant and is sent back so still means the wall time that it once came from.
    """
    if plan.at is None or plan.wall is not None:
        return plan
    at_once = (one for one in known if one.at == plan.at)
    first = min(at_once, key=lambda one: replace(one, wall=None) != plan, default=None)
    return replace(plan, wall=wall_time(plan.at, zone) if first is None else first.wall)


def instant_of(reminder: Reminder, task: Dated) -> datetime | None:
    """When the reminder fires first; None where that hangs on a due moment that is not known."""
    if reminder.before_due is None:
        return reminder.at
    return None if task.due_at is None else task.due_at - reminder.before_due


def schedule(reminder: Reminder, task: Dated, *, now: datetime, even_late: bool = True) -> None:
    """Sets when the reminder fires, for a task that is due as it is now.

    An instant that has passed fires at once, if `even_late`; so long before the due moment, if that has passed, it
    is too late, and of a rule only what is still to come counts.
    """
    reminder.at = instant_of(reminder, task)
    reminder.wall = _wall_in_zone_of(task, reminder)
    reminder.timezone = task.timezone
    reminder.next_at = _first(reminder, now=now, even_late=even_late)
    waits = reminder.next_at is not None or reminder.at is None
    reminder.state = ReminderState.ARMED if waits else ReminderState.SKIPPED
    if not waits:
        reminder.fired_at = None  # the clock has not seen this moment, and never will


def move(reminder: Reminder, task: Dated, *, by_days: timedelta, now: datetime) -> None:
    """Moves it by so many days of wall time; one that hangs on the due moment follows it of itself.

    Nobody has asked for the moment that it comes to: where that has passed, it is too late.
    """
    wall = _wall_in_zone_of(task, reminder)
    if reminder.before_due is None and wall is not None:
        reminder.wall = wall = wall + by_days
        reminder.timezone = task.timezone
        reminder.at = instant(wall.date(), wall.time(), task.timezone)
    schedule(reminder, task, now=now, even_late=False)


def next_of(plans: Sequence[ReminderPlan], task: Dated, *, now: datetime) -> datetime | None:
    """When the first of these would fire on the task."""
    reminders = [Reminder(at=plan.at, before_due=plan.before_due, repeat=plan.repeat) for plan in plans]
    for reminder in reminders:
        schedule(reminder, task, now=now)
    return min((reminder.next_at for reminder in reminders if reminder.next_at), default=None)


def _wall_in_zone_of(task: Dated, reminder: Reminder) -> datetime | None:
    """The wall time that is meant, in the zone of the task; what the clock shows where nobody has said it."""
    if reminder.at is None:
        return None
    if reminder.before_due is not None and task.due_wall is not None:
        # A due time that the clock skips is meant again the next day.
        wall = task.due_wall - reminder.before_due
        if instant(wall.date(), wall.time(), task.timezone) == reminder.at:
            return wall
    elif reminder.wall is not None and reminder.timezone in ("", task.timezone):
        return reminder.wall
    return wall_time(reminder.at, task.timezone)


def _first(reminder: Reminder, *, now: datetime, even_late: bool) -> datetime | None:
    if reminder.at is None or reminder.at > now:
        return reminder.at
    if reminder.repeat:
        return _next(reminder, after=now)
    return reminder.at if even_late and reminder.before_due is None else None


def firing_of(reminder: Reminder, *, now: datetime) -> Firing:
    """What is due of a reminder whose time has come. Of a repeating one that was missed, only the latest counts."""
    assert reminder.next_at is not None  # noqa: S101 - only such a reminder is due
    if not reminder.repeat or reminder.wall is None:
        return Firing(reminder.next_at, missed=0, next_at=None)
    rule = parse_rule(reminder.repeat)
    due = between(rule, reminder.wall, reminder.timezone, first=reminder.next_at, last=now) or [reminder.next_at]
    return Firing(due[-1], missed=len(due) - 1, next_at=_next(reminder, after=now))


def taken_up_at(reminder: Reminder) -> datetime | None:
    """The occurrence that the clock took up last; the first, where it took up none."""
    if not reminder.repeat or reminder.wall is None or reminder.fired_at is None:
        return reminder.at
    rule, last = parse_rule(reminder.repeat), reminder.fired_at
    found = between(rule, reminder.wall, reminder.timezone, first=last - LONGEST_SPAN, last=last)
    return found[-1] if found else last


def _next(reminder: Reminder, *, after: datetime) -> datetime | None:
    assert reminder.wall is not None  # noqa: S101 - asked of reminders with an anchor only
    found = following(parse_rule(reminder.repeat), reminder.wall, reminder.timezone, after=after)
    return found[1] if found else None
