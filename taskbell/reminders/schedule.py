"""When a reminder fires. Recalculated whenever the task's dates change."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from taskbell.common.clock import instant, wall_time
from taskbell.common.durations import Duration
from taskbell.reminders.models import Reminder, ReminderState
from taskbell.reminders.repeats import repeat_of

MAX_BEFORE_DUE = timedelta(days=366)


class RemindedTask(Protocol):
    """The fields of a task that its reminders depend on."""

    pk: int
    due_at: datetime | None
    timezone: str

    @property
    def due_wall(self) -> datetime | None:
        """The local wall time of `due_at`."""


@dataclass(frozen=True)
class ReminderPlan:
    """A reminder to be set: at an instant, or some time before the task is due; once, or repeating.

    It is for everybody on the task, or with `for_me` for the person who set it. `wall` is the local time given for
    `at`, or None if only the instant was given.
    """

    at: datetime | None = None
    for_me: bool = False
    before_due: Duration | None = None
    repeat: str = ""
    wall: datetime | None = None
    is_snooze: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Firing:
    """A due reminder: its latest occurrence, how many earlier ones were missed, and when the next one is."""

    occurrence: datetime
    missed: int
    next_at: datetime | None


def plan_of(reminder: Reminder) -> ReminderPlan:
    """The plan that the reminder was set from."""
    at, wall = (reminder.at, reminder.wall) if reminder.before_due is None else (None, None)
    for_me = reminder.recipient_id is not None
    return ReminderPlan(at=at, for_me=for_me, before_due=reminder.before_due, repeat=reminder.repeat, wall=wall)


def with_wall_time(plan: ReminderPlan, known: Sequence[ReminderPlan], zone: str) -> ReminderPlan:
    """The plan with its wall time filled in: that of a known plan at the same instant, or else the clock's in `zone`.

    A client that reads an instant and sends it back keeps the wall time that the instant came from.
    """
    if plan.at is None or plan.wall is not None:
        return plan
    same_instant = (one for one in known if one.at == plan.at)
    first = min(same_instant, key=lambda one: replace(one, wall=None) != plan, default=None)
    return replace(plan, wall=wall_time(plan.at, zone) if first is None else first.wall)


def compute_at(reminder: Reminder, task: RemindedTask) -> datetime | None:
    """When the reminder first fires; None if that depends on a due date and the task has none."""
    if reminder.before_due is None:
        return reminder.at
    return None if task.due_wall is None else reminder.before_due.before(task.due_wall, task.timezone)


def schedule(reminder: Reminder, task: RemindedTask, *, now: datetime, even_late: bool = True) -> None:
    """Sets when the reminder fires, from the task's current dates.

    With `even_late`, a fixed time in the past fires at once. A time before the due date that has passed is skipped,
    and so are the past occurrences of a rule.
    """
    reminder.at = compute_at(reminder, task)
    reminder.wall = _wall_in_task_zone(task, reminder)
    reminder.timezone = task.timezone
    reminder.next_at = _first(reminder, now=now, even_late=even_late)
    waits = reminder.next_at is not None or reminder.at is None
    reminder.state = ReminderState.ARMED if waits else ReminderState.SKIPPED
    if not waits:
        reminder.fired_at = None  # it was skipped without being due


def move(reminder: Reminder, task: RemindedTask, *, by_days: timedelta, now: datetime) -> None:
    """Moves a reminder at a fixed time by some days of wall time; others follow the due date.

    Nobody chose the new time, so it is skipped if it has passed.
    """
    wall = _wall_in_task_zone(task, reminder)
    if reminder.before_due is None and wall is not None:
        reminder.wall = wall = wall + by_days
        reminder.timezone = task.timezone
        reminder.at = instant(wall.date(), wall.time(), task.timezone)
    schedule(reminder, task, now=now, even_late=False)


def first_firing(plans: Sequence[ReminderPlan], task: RemindedTask, *, now: datetime) -> datetime | None:
    """When the first of these would fire."""
    reminders = [Reminder(at=plan.at, before_due=plan.before_due, repeat=plan.repeat) for plan in plans]
    for reminder in reminders:
        schedule(reminder, task, now=now)
    return min((reminder.next_at for reminder in reminders if reminder.next_at), default=None)


def _wall_in_task_zone(task: RemindedTask, reminder: Reminder) -> datetime | None:
    """The reminder's wall time in the task's zone; computed from the instant if none was given."""
    if reminder.at is None:
        return None
    if reminder.before_due is not None and task.due_wall is not None:
        # A due time that a clock change skips applies again the next day.
        wall = task.due_wall - reminder.before_due.total
        if instant(wall.date(), wall.time(), task.timezone) == reminder.at:
            return wall
    elif reminder.wall is not None and reminder.timezone in ("", task.timezone):
        return reminder.wall
    return wall_time(reminder.at, task.timezone)


def _first(reminder: Reminder, *, now: datetime, even_late: bool) -> datetime | None:
    if reminder.at is None or reminder.at > now:
        return reminder.at
    if repeat := repeat_of(reminder):
        return repeat.next_after(now)
    return reminder.at if even_late and reminder.before_due is None else None


def firing_of(reminder: Reminder, *, now: datetime) -> Firing:
    """The firing of a due reminder. If a repeating one was missed, only its latest occurrence fires."""
    assert reminder.next_at is not None  # noqa: S101 - only a due reminder fires
    repeat = repeat_of(reminder)
    if repeat is None:
        return Firing(reminder.next_at, missed=0, next_at=None)
    occurrence, number = repeat.latest(reminder.next_at, now) or (reminder.next_at, 1)
    return Firing(occurrence, missed=number - 1, next_at=repeat.next_after(now))


def last_fired_occurrence(reminder: Reminder) -> datetime | None:
    """The occurrence that was fired or skipped last; the first one if none was."""
    repeat, last = repeat_of(reminder), reminder.fired_at
    if repeat is None or last is None:
        return reminder.at
    found = repeat.latest(last - MAX_BEFORE_DUE, last)
    return found[0] if found else last
