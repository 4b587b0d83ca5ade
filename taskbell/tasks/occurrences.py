"""When a recurring task is due next, for completing, skipping and the previews."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from typing import NamedTuple

from taskbell.common.clock import instant, wall_time
from taskbell.common.recurrence import DAY, Occurrence, Rule, following, parse_rule
from taskbell.tasks.kinds import Basis
from taskbell.tasks.models import Task

Due = tuple[date | None, time | None]


class Upcoming(NamedTuple):
    """The due date of a later occurrence, and its number in the series, which COUNT limits."""

    due_date: date
    number: int


def due_by_rule(task: Task) -> Due:
    """The due date and time; if only this occurrence was moved, those that it was moved from."""
    return (task.planned_date, task.planned_time) if task.planned_date else (task.due_date, task.due_time)


def _later(task: Task, *, since: datetime | None = None) -> Iterator[Occurrence]:
    """The occurrences after this one, by the rule from the due date, without regard to COUNT, if nobody moves one.

    Those before `since` may be left out, which is cheaper.
    """
    rule, _ = _rule_of(task)
    if task.due_date is None or task.anchor_date is None:
        return iter(())
    at = _time_of(task)
    met = instant(_date_met(task), at, task.timezone)
    start = datetime.combine(task.anchor_date, at)
    first = met if since is None else max(met, since)
    return (found for found in rule.occurrences(start, task.timezone, since=first) if found[1] > met)


def next_by_plan(task: Task, *, due_after: datetime | None = None) -> Upcoming | None:
    """The next occurrence by the rule from the due date, or None if there is none.

    With `due_after`, the first that is due after this instant; COUNT, the number of tasks in the series whether their
    dates are moved or not, counts those in between, too.
    """
    left = _rule_of(task)[1]
    since = None if due_after is None else due_after - timedelta(days=2)  # one without a time is due when its day ends
    for local, _ in _later(task, since=since):
        if due_after is None or _is_due_after(due_after, local.date(), task):
            steps = 1 if due_after is None or left is None else _steps_to(local.date(), task)
            return None if left is not None and steps > left else Upcoming(local.date(), task.occurrence + steps)
    return None


def _steps_to(day: date, task: Task) -> int:
    """The number of occurrences after this one up to the day, counted without walking them."""
    assert task.anchor_date is not None  # noqa: S101 - the rule gave the day
    met, anchor = _date_met(task), task.anchor_date
    return (met < anchor) + _rule_of(task)[0].number_between(anchor, max(met, anchor) + DAY, day)


def next_from_completion(task: Task, *, completed_at: datetime) -> Upcoming | None:
    """The next occurrence if the rule starts on the day of completion, or None if there is none.

    It lies after that day and after the due date just met. A rule that names its days keeps its INTERVAL from both:
    being late never brings the next one closer.
    """
    rule, left = _rule_of(task)
    if task.due_date is None or left == 0:
        return None
    at, day, met = _time_of(task), wall_time(completed_at, task.timezone).date(), _date_met(task)
    starts = {day, met} if rule.parts.names_days else {day}
    after = instant(max(day, met), at, task.timezone)
    found = [following(rule, datetime.combine(start, at), task.timezone, after=after) for start in starts]
    dates = [occurrence[0].date() for occurrence in found if occurrence]
    return Upcoming(max(dates), task.occurrence + 1) if len(dates) == len(starts) else None


def next_of_completed(task: Task, *, completed_at: datetime, catch_up: bool = False) -> Upcoming | None:
    """The occurrence that completing the task creates; with `catch_up`, the first that is not overdue at once."""
    if task.recurrence_from == Basis.COMPLETION:
        return next_from_completion(task, completed_at=completed_at)
    return next_by_plan(task, due_after=completed_at if catch_up else None)


def _coming(task: Task, *, now: datetime) -> Iterator[Occurrence]:
    """What the previews show after this one; from completion, only the one that follows if it is completed now."""
    if task.recurrence_from != Basis.COMPLETION:
        return islice(_later(task), _rule_of(task)[1])
    upcoming, at = next_from_completion(task, completed_at=now), _time_of(task)
    if upcoming is None:
        return iter(())
    day = upcoming.due_date
    return iter([(datetime.combine(day, at), instant(day, at, task.timezone))])


def coming_due_dates(task: Task, *, now: datetime, most: int) -> list[date]:
    """The due dates that follow."""
    if not task.recurrence or not task.is_open:
        return []
    return [local.date() for local, _ in islice(_coming(task, now=now), most)]


def preview(task: Task, *, most: int, now: datetime) -> tuple[list[datetime], bool]:
    """The first occurrences of a task that is not saved, and whether they are all."""
    assert task.due_date is not None  # noqa: S101 - the rule counts from it
    start = datetime.combine(task.due_date, task.due_time or time())
    first = islice(parse_rule(task.recurrence).occurrences(start, task.timezone), 1)
    found = [at for _, at in islice(chain(first, _coming(task, now=now)), most + 1)]
    # From completion, each one has another after it.
    is_all = len(found) <= (1 if task.recurrence_from == Basis.COMPLETION else most)
    return found[:most], is_all


def _rule_of(task: Task) -> tuple[Rule, int | None]:
    """The task's rule without COUNT, and how many occurrences COUNT leaves after this one; None is any number."""
    rule = parse_rule(task.recurrence)
    left = None if rule.count is None else max(0, rule.count - task.occurrence)
    return replace(rule, count=None), left


def _date_met(task: Task) -> date:
    """The date after which the next one must lie: the due date, or the date it was moved from if that is later."""
    assert task.due_date is not None  # noqa: S101 - only called for tasks with a due date
    return max(task.due_date, task.planned_date or task.due_date)


def _is_due_after(moment: datetime, day: date, task: Task) -> bool:
    if due_by_rule(task)[1] is None:  # the whole day
        return day >= wall_time(moment, task.timezone).date()
    return instant(day, _time_of(task), task.timezone) > moment


def _time_of(task: Task) -> time:
    return due_by_rule(task)[1] or time()
