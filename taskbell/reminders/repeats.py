"""How a reminder repeats: daily or slower at a wall time (common/recurrence.py), or at exact intervals.

Only reminders repeat more often than daily: in hours or minutes, at least 15 minutes apart, until the task is done.
Such a rule has no days to choose from, so its occurrences are computed instead of walked.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from django.utils.translation import gettext as _

from taskbell.common.clock import LATEST, as_instant, end_of_day
from taskbell.common.recurrence import (
    MAX_RULE_LENGTH,
    PARTS,
    Rule,
    between,
    following,
    join_rule,
    parse_rule,
    split_rule,
)
from taskbell.common.values import BadValue
from taskbell.reminders.models import Reminder

MIN_INTERVAL, MAX_INTERVAL = timedelta(minutes=15), timedelta(days=366)
UNITS = {"HOURLY": timedelta(hours=1), "MINUTELY": timedelta(minutes=1)}
EXACT_PARTS = {"FREQ", "INTERVAL", "COUNT", "UNTIL"}
FREQUENCY = re.compile(r"(?:^|[;:])\s*FREQ\s*=\s*(\w*)", re.ASCII)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class ExactRule:
    """A valid rule with an exact interval."""

    text: str
    interval: timedelta
    count: int | None
    until: date | datetime | None


@dataclass(frozen=True)
class WallRepeat:
    """The occurrences of a rule at a wall time."""

    rule: Rule
    start: datetime
    zone: str

    def next_after(self, moment: datetime) -> datetime | None:
        """The first occurrence after this instant; None if the rule has ended."""
        found = following(self.rule, self.start, self.zone, after=moment)
        return found[1] if found else None

    def latest(self, first: datetime, last: datetime) -> tuple[datetime, int] | None:
        """The latest occurrence from `first` to `last`, inclusive, and how many there are; None if there is none."""
        found = between(self.rule, self.start, self.zone, first=first, last=last)
        return (found[-1], len(found)) if found else None

    def upcoming(self, since: datetime) -> Iterator[datetime]:
        """The occurrences from this instant on."""
        return (at for _, at in self.rule.occurrences(self.start, self.zone, since=since) if at >= since)


@dataclass(frozen=True)
class ExactRepeat:
    """The occurrences of a rule with an exact interval, numbered from 0 at the instant `start`."""

    rule: ExactRule
    start: datetime
    zone: str

    def next_after(self, moment: datetime) -> datetime | None:
        """The first occurrence after this instant; None if the rule has ended."""
        return next(self.upcoming(moment + MICROSECOND), None)

    def latest(self, first: datetime, last: datetime) -> tuple[datetime, int] | None:
        """The latest occurrence from `first` to `last`, inclusive, and how many there are; None if there is none."""
        begin, end = self._first_from(first), min(self._number(last), self._last)
        return (self.start + end * self.rule.interval, end - begin + 1) if end >= begin else None

    def upcoming(self, since: datetime) -> Iterator[datetime]:
        """The occurrences from this instant on."""
        return (self.start + n * self.rule.interval for n in range(self._first_from(since), self._last + 1))

    def _first_from(self, moment: datetime) -> int:
        """The number of the first occurrence from this instant on."""
        return max(0, self._number(moment - MICROSECOND) + 1)

    def _number(self, moment: datetime) -> int:
        """The number of the last occurrence up to this instant."""
        return (moment - self.start) // self.rule.interval

    @property
    def _last(self) -> int:
        """The number of the very last occurrence."""
        by_until = self._number(self._until)
        return by_until if self.rule.count is None else min(by_until, self.rule.count - 1)

    @property
    def _until(self) -> datetime:
        until = self.rule.until or LATEST
        if isinstance(until, datetime):
            return as_instant(until, self.zone)
        return end_of_day(until, self.zone) - MICROSECOND


def repeat_of(reminder: Reminder) -> WallRepeat | ExactRepeat | None:
    """The occurrences of the reminder; None if it does not repeat, or waits for a due date."""
    if not reminder.repeat or reminder.at is None or reminder.wall is None:
        return None
    rule = parse_repeat(reminder.repeat)
    if isinstance(rule, ExactRule):
        return ExactRepeat(rule, reminder.at, reminder.timezone)
    return WallRepeat(rule, reminder.wall, reminder.timezone)


def is_frequent(reminder: Reminder) -> bool:
    """True if the reminder repeats more often than daily."""
    return bool(reminder.repeat) and isinstance(parse_repeat(reminder.repeat), ExactRule)


def read_repeat(value: object) -> str:
    """The rule of a reminder in its one spelling; empty text means that it fires once."""
    if not isinstance(value, str):
        raise BadValue(_("Must be a rule such as FREQ=HOURLY."), "rule")
    try:
        return parse_repeat(value).text if value.strip() else ""
    except ValueError as error:
        raise BadValue(str(error), "rule") from error


@lru_cache(maxsize=1024)
def parse_repeat(text: str) -> Rule | ExactRule:
    """The parsed rule. Raises ValueError, with a message for people."""
    if len(text) > MAX_RULE_LENGTH or not text.isascii():
        return parse_rule(text)  # which says what is wrong
    plain = text.strip().upper().removeprefix("RRULE:")
    found = FREQUENCY.search(plain)
    if found and found[1] in UNITS:
        return _exact_rule(plain, found[1])
    if found and found[1] not in PARTS:
        raise ValueError(
            _("FREQ must be %(units)s or %(parts)s.")
            % {"units": ", ".join([*UNITS, *PARTS][:-1]), "parts": [*PARTS][-1]}
        )
    return parse_rule(text)


def _exact_rule(text: str, frequency: str) -> ExactRule:
    given = split_rule(text, example="FREQ=HOURLY;COUNT=8")
    if unknown := sorted(given.keys() - EXACT_PARTS):
        raise ValueError(
            _("%(unknown)s is not allowed in a %(frequency)s rule, only INTERVAL, COUNT and UNTIL.")
            % {"unknown": unknown[0][:20], "frequency": frequency}
        )
    ends = {name: value for name, value in given.items() if name in ("COUNT", "UNTIL")}
    daily = parse_rule(join_rule({"FREQ": "DAILY"} | ends))
    interval = _interval(given.get("INTERVAL", "1"), UNITS[frequency])
    return ExactRule(join_rule(given), interval, daily.count, daily.until)


def _interval(number: str, unit: timedelta) -> timedelta:
    if not re.fullmatch("[0-9]{1,6}", number) or not timedelta() < int(number) * unit <= MAX_INTERVAL:
        raise ValueError(_("INTERVAL must be a number from 1 to %(interval)s.") % {"interval": MAX_INTERVAL // unit})
    if int(number) * unit < MIN_INTERVAL:
        raise ValueError(_("Reminders must be at least 15 minutes apart. Use FREQ=MINUTELY;INTERVAL=15 or more."))
    return int(number) * unit
