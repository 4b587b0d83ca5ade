"""Recurrence rules (RFC 5545 §3.3.10).

A rule is expanded in local wall time, and the time zone is applied to each occurrence afterwards, so that
"every day at 9:00" stays 9:00 across clock changes. Unlike the RFC, a day that a month does not have means the
month's last day, and later months use the original day again. The start is always the first occurrence, even if it
does not match the rule, and COUNT includes it.

We expand rules ourselves: python-dateutil 2.9 reads `BYDAY=MO,1TU` as "both at once", miscounts week 53 and BYSETPOS
in a first week, and always walks from the start; ours begins at the requested period.
"""

import re
from calendar import isleap, monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import chain, islice, takewhile

from taskbell.common.clock import LATEST, instant

MAX_RULE_LENGTH = 512
MAX_COUNT = 10_000
# How far ahead a rule is searched: one that does not match within fifty years never does.
HORIZON = timedelta(days=50 * 366)
MAX_OFFSET = timedelta(days=3)  # wall time and UTC, and both ends of a clock change, are less than this apart
# The largest INTERVAL of each frequency that stays within the horizon.
INTERVALS = {"DAILY": 18_000, "WEEKLY": 2_600, "MONTHLY": 600, "YEARLY": 50}
# The length of a period: in days for the first two, in months for the others.
LENGTHS = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 1, "YEARLY": 12}
COMMON_PARTS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYMONTH", "BYDAY"}
# The parts allowed with each frequency (RFC 5545 §3.3.10, the table), except those of a daily rule that a monthly rule
# can express as well.
PARTS = {
    "DAILY": COMMON_PARTS,
    "WEEKLY": COMMON_PARTS | {"BYSETPOS"},
    "MONTHLY": COMMON_PARTS | {"BYSETPOS", "BYMONTHDAY"},
    "YEARLY": COMMON_PARTS | {"BYSETPOS", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"},
}
MAX_NUMBERS = {"BYMONTH": 12, "BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYSETPOS": 366}
Occurrence = tuple[datetime, datetime]  # wall time and UTC instant
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True)
class Days:
    """The days that match a rule. A part that the rule lacks is an empty set; negative numbers count from the end.

    A weekday is (n, weekday) for the nth one of the period; n = 0 means every one.
    """

    frequency: str
    interval: int
    week_start: int
    months: frozenset[int]
    month_days: frozenset[int]
    year_days: frozenset[int]
    weeks: frozenset[int]
    weekdays: frozenset[tuple[int, int]]
    positions: frozenset[int]

    def starting(self, start: date) -> "Days":
        """With parts that the rule lacks taken from its start."""
        if self.frequency == "DAILY" or self.weekdays or self.month_days or self.year_days:
            return self
        if self.frequency == "WEEKLY" or self.weeks:
            return replace(self, weekdays=frozenset({(0, start.weekday())}))
        months = frozenset({start.month}) if self.frequency == "YEARLY" and not self.months else self.months
        return replace(self, months=months, month_days=frozenset({start.day}))

    def between(self, start: date, since: date, last: date) -> Iterator[date]:
        """The matching days up to `last`, in order, from the period of `start` or that of `since` if later."""
        for period in self._periods(start, since, last):
            matching = [day for day in period if self._matches(day)]
            for index, day in enumerate(matching):
                chosen = not self.positions or not self.positions.isdisjoint(_ends(index + 1, len(matching)))
                if chosen and day <= last:
                    yield day

    def _periods(self, start: date, since: date, last: date) -> Iterator[list[date]]:
        """The days of every INTERVALth period, counted from the one of `start`: from the one of `since` to `last`."""
        in_days = self.frequency in ("DAILY", "WEEKLY")
        number = date.toordinal if in_days else _month_number
        length = LENGTHS[self.frequency]
        offset = self.week_start + 1 if in_days else 0  # day number 1 was a Monday
        begin = number(start) - (number(start) - offset) % length
        step = self.interval * length
        skipped = max(0, number(since) - begin) // step
        for first in range(begin + skipped * step, number(last) + 1, step):
            units = range(first, first + length)
            yield list(map(date.fromordinal, units)) if in_days else self._days_of_months(units)

    def _days_of_months(self, numbers: range) -> list[date]:
        return [
            date(year, month + 1, day)
            for year, month in (divmod(number, 12) for number in numbers)
            if not self.months or month + 1 in self.months
            for day in range(1, monthrange(year, month + 1)[1] + 1)
        ]

    def _matches(self, day: date) -> bool:
        return (
            (not self.months or day.month in self.months)
            and (not self.month_days or self._matches_month_day(day))
            and (not self.year_days or not self.year_days.isdisjoint(_ends(*_in_year(day))))
            and (not self.weeks or not self.weeks.isdisjoint(_ends(*_in_weeks(day, self.week_start))))
            and (not self.weekdays or self._matches_weekday(day))
        )

    def _matches_month_day(self, day: date) -> bool:
        number, last = _in_month(day)
        if not self.month_days.isdisjoint(_ends(number, last)):
            return True
        # Combined with these, the day of the month is just one more condition, and is not moved to the last day.
        is_alone = not (self.weekdays or self.weeks or self.year_days)
        return is_alone and number == last < max(self.month_days)

    def _matches_weekday(self, day: date) -> bool:
        number, last = _in_month(day) if self.months or self.frequency == "MONTHLY" else _in_year(day)
        which = (0, (number + 6) // 7, -((last - number) // 7 + 1))
        return any((nth, day.weekday()) in self.weekdays for nth in which)


@dataclass(frozen=True)
class Rule:
    """A valid rule; `parts` is everything but COUNT and UNTIL."""

    text: str
    parts: Days
    count: int | None = None
    until: date | datetime | None = None

    def occurrences(self, start: datetime, zone: str, *, since: datetime | None = None) -> Iterator[Occurrence]:
        """Wall time and UTC instant of each occurrence, in order, starting at the naive wall time `start`.

        Occurrences before the instant `since` may be left out, which is cheaper. Occurrences that a time zone change
        moves to the same instant count once.
        """
        first = start.date() if since is None or since.date() <= start.date() else since.date() - MAX_OFFSET
        previous = datetime.min.replace(tzinfo=UTC)
        for local in self._wall_times(start, max(first, start.date())):
            at = instant(local.date(), local.time(), zone)
            if self._is_over(local, at):
                return
            if at > previous:
                yield local, at
                previous = at

    def _wall_times(self, start: datetime, since: date) -> Iterator[datetime]:
        first = start.date()
        last = min(since, LATEST - HORIZON) + HORIZON
        days = self.parts.starting(first).between(first, since if self.count is None else first, last)
        counted = islice(chain([first], (day for day in days if day > first)), self.count)
        return (datetime.combine(day, start.time()) for day in counted if day >= since)

    def _is_over(self, local: datetime, at: datetime) -> bool:
        match self.until:
            case None:
                return False
            case datetime(tzinfo=None) as until:
                return local > until
            case datetime() as until:
                return at > until
            case until:
                return local.date() > until


@lru_cache(maxsize=1024)
def parse_rule(text: str) -> Rule:
    """The parsed rule. Raises ValueError, with a message for people, if it is invalid, too costly or sub-daily."""
    if len(text) > MAX_RULE_LENGTH:
        raise ValueError(f"A rule can have at most {MAX_RULE_LENGTH} characters.")
    if not text.isascii():  # upper() would turn a dotless i into I
        raise ValueError("A rule must consist of plain letters and digits (RFC 5545 §3.3.10).")
    given = _split(text.strip().upper().removeprefix("RRULE:"))
    days = _days(given)
    count = _number(given, "COUNT", MAX_COUNT)
    if "COUNT" in given and "UNTIL" in given:
        raise ValueError("A rule can't have both COUNT and UNTIL.")
    _check_matches(days)
    return Rule(
        text=";".join(f"{name}={value}" for name, value in given.items()),
        parts=days,
        count=count if "COUNT" in given else None,
        until=_until(given["UNTIL"]) if "UNTIL" in given else None,
    )


def following(rule: Rule, start: datetime, zone: str, *, after: datetime) -> Occurrence | None:
    """Wall time and instant of the first occurrence after `after`; None if the rule has ended."""
    return next((found for found in rule.occurrences(start, zone, since=after) if found[1] > after), None)


def between(rule: Rule, start: datetime, zone: str, *, first: datetime, last: datetime) -> list[datetime]:
    """The instants of the occurrences from `first` to `last`, inclusive."""
    instants = (at for _, at in rule.occurrences(start, zone, since=first))
    return [at for at in takewhile(lambda at: at <= last, instants) if at >= first]


def _split(text: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in text.split(";")]
    parts = {name.strip(): value.strip() for name, _, value in pairs}
    if len(parts) != len(pairs) or not all(value for value in parts.values()):
        raise ValueError("A rule must be a list such as FREQ=WEEKLY;BYDAY=MO, with each name once.")
    return parts


def _days(given: Mapping[str, str]) -> Days:
    frequency = given.get("FREQ", "")
    if frequency not in PARTS:
        raise ValueError("FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY.")
    unknown = sorted(given.keys() - PARTS[frequency])
    if unknown:
        raise ValueError(f"{unknown[0][:20]} is not allowed in a {frequency} rule.")
    interval = _number(given, "INTERVAL", INTERVALS[frequency])
    if frequency == "DAILY" and "BYDAY" in given and interval % 7 == 0:
        raise ValueError("Use WEEKLY for a rule with days of the week.")
    if "BYSETPOS" in given and not any(name.startswith("BY") for name in given.keys() - {"BYSETPOS"}):
        raise ValueError("BYSETPOS needs another part to choose from, such as BYDAY.")
    if given.get("WKST", "MO") not in WEEKDAYS:
        raise ValueError("WKST must be one of MO, TU, WE, TH, FR, SA and SU.")
    months, month_days, year_days, weeks, positions = (_numbers(given, name) for name in MAX_NUMBERS)
    week_start = WEEKDAYS.index(given.get("WKST", "MO"))
    weekdays = _weekdays(given, may_count=frequency in ("MONTHLY", "YEARLY") and not weeks)
    return Days(frequency, interval, week_start, months, month_days, year_days, weeks, weekdays, positions)


def _number(given: Mapping[str, str], name: str, largest: int) -> int:
    raw = given.get(name, "1")
    if not re.fullmatch("[0-9]{1,6}", raw) or not 1 <= int(raw) <= largest:
        raise ValueError(f"{name} must be a number from 1 to {largest}.")
    return int(raw)


def _numbers(given: Mapping[str, str], name: str) -> frozenset[int]:
    raws = given[name].split(",") if name in given else []
    sign, largest = "" if name == "BYMONTH" else "[+-]?", MAX_NUMBERS[name]
    if not all(re.fullmatch(sign + "[0-9]{1,3}", raw) and 1 <= abs(int(raw)) <= largest for raw in raws):
        raise ValueError(
            f"{name} must be a list of numbers from 1 to {largest}{', or negative to count from the end' * bool(sign)}."
        )
    return frozenset(map(int, raws))


def _weekdays(given: Mapping[str, str], *, may_count: bool) -> frozenset[tuple[int, int]]:
    found = set()
    for raw in given["BYDAY"].split(",") if "BYDAY" in given else ():
        match = re.fullmatch(r"([+-]?[0-9]{1,2})?([A-Z]{2})", raw)
        if not match or match[2] not in WEEKDAYS or (match[1] and not 1 <= abs(int(match[1])) <= 53):
            raise ValueError("BYDAY must be a list of weekdays such as MO or, in a MONTHLY or YEARLY rule, -1MO.")
        if match[1] and not may_count:
            raise ValueError("Numbered weekdays such as 2MO need a MONTHLY or YEARLY rule without BYWEEKNO.")
        found.add((int(match[1] or 0), WEEKDAYS.index(match[2])))
    return frozenset(found)


def _until(text: str) -> date | datetime:
    try:
        if re.fullmatch("[0-9]{8}(T[0-9]{6}Z?)?", text):
            moment = datetime.fromisoformat(text.removesuffix("Z"))
            return moment.replace(tzinfo=UTC if text[-1] == "Z" else None) if "T" in text else moment.date()
    except ValueError:
        pass
    raise ValueError("UNTIL must be a date such as 20271231 or an instant such as 20271231T090000Z.")


def _check_matches(days: Days) -> None:
    """Raises ValueError for a rule that never matches a day, whatever its start and INTERVAL."""
    every = replace(days, interval=1)
    starts = [date(2024, 1, day) for day in range(1, 8 if days.weeks else 2)]  # the weekday may come from the start
    if not any(day for start in starts for day in every.starting(start).between(start, start, start + HORIZON)):
        raise ValueError("No day ever matches this rule.")


def _ends(number: int, last: int) -> tuple[int, int]:
    """A position counted from the start, and from the end."""
    return number, number - last - 1


def _in_month(day: date) -> tuple[int, int]:
    return day.day, monthrange(day.year, day.month)[1]


def _in_year(day: date) -> tuple[int, int]:
    return day.toordinal() - date(day.year, 1, 1).toordinal() + 1, 365 + isleap(day.year)


def _in_weeks(day: date, week_start: int) -> tuple[int, int]:
    """The day's week number, and the number of weeks in its year; a week belongs to the year of its fourth day."""
    number, last = _in_year(day + timedelta(days=3 - (day.weekday() - week_start) % 7))
    return (number + 6) // 7, (number + 6) // 7 + (last - number) // 7


def _month_number(day: date) -> int:
    return day.year * 12 + day.month - 1
