"""Rules that repeat (RFC 5545 §3.3.10), read the way people mean them.

A rule is expanded in local wall time; the time zone is attached to each occurrence afterwards, so that
"every day at 9:00" stays 9:00 over clock changes. Beyond the RFC: a day of the month that a month does
not have means its last day, and the day that was meant is remembered. The start is the first occurrence,
whether it fits the rule or not, and COUNT counts it.

The walk over the periods is our own: python-dateutil 2.9 reads `BYDAY=MO,1TU` as "both at once", miscounts week 53
and BYSETPOS in a first week, and must walk from the start, where we begin at the period that is asked for.
"""

import re
from calendar import isleap, monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import chain, islice, takewhile
from zoneinfo import ZoneInfo

from taskbell.common.clock import instant

LONGEST = 512
MOST_COUNT = 10_000
# How far a rule is looked into the future: one that does not fit within fifty years never does.
HORIZON = timedelta(days=50 * 366)
LATEST = date(2999, 12, 31)
WIDEST = timedelta(days=3)  # wall time and UTC, and the ends of a clock change, are less than this apart
# The largest INTERVAL of each frequency that stays within the horizon.
INTERVALS = {"DAILY": 18_000, "WEEKLY": 2_600, "MONTHLY": 600, "YEARLY": 50}
# The length of a period: in days for the first two, in months for the others.
LENGTHS = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 1, "YEARLY": 12}
ALWAYS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYMONTH", "BYDAY"}
# What else a rule of each frequency may say (RFC 5545 §3.3.10, the table); a daily rule leaves to a monthly one
# what that one says as well.
PARTS = {
    "DAILY": ALWAYS,
    "WEEKLY": ALWAYS | {"BYSETPOS"},
    "MONTHLY": ALWAYS | {"BYSETPOS", "BYMONTHDAY"},
    "YEARLY": ALWAYS | {"BYSETPOS", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"},
}
LARGEST = {"BYMONTH": 12, "BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYSETPOS": 366}
Occurrence = tuple[datetime, datetime]  # wall time and UTC instant
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True)
class Days:
    """Which days a rule wants. What it does not say is an empty set; negative numbers count from the end.

    A weekday is (which one, weekday), where 0 is each one.
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
        """With what the rule leaves open taken from its start."""
        if self.frequency == "DAILY" or self.weekdays or self.month_days or self.year_days:
            return self
        if self.frequency == "WEEKLY" or self.weeks:
            return replace(self, weekdays=frozenset({(0, start.weekday())}))
        months = frozenset({start.month}) if self.frequency == "YEARLY" and not self.months else self.months
        return replace(self, months=months, month_days=frozenset({start.day}))

    def between(self, start: date, since: date, last: date) -> Iterator[date]:
        """The days that fit, in order, to `last`; none before the period of `since` nor before that of `start`."""
        for period in self._periods(start, since, last):
            fitting = [day for day in period if self._fits(day)]
            for index, day in enumerate(fitting):
                chosen = not self.positions or not self.positions.isdisjoint(_ends(index + 1, len(fitting)))
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

    def _fits(self, day: date) -> bool:
        return (
            (not self.months or day.month in self.months)
            and (not self.month_days or self._fits_month_day(day))
            and (not self.year_days or not self.year_days.isdisjoint(_ends(*_in_year(day))))
            and (not self.weeks or not self.weeks.isdisjoint(_ends(*_in_weeks(day, self.week_start))))
            and (not self.weekdays or self._fits_weekday(day))
        )

    def _fits_month_day(self, day: date) -> bool:
        number, last = _in_month(day)
        if not self.month_days.isdisjoint(_ends(number, last)):
            return True
        # Beside these, a day of the month is one condition among others and not a day that is meant.
        is_meant = not (self.weekdays or self.weeks or self.year_days)
        return is_meant and number == last < max(self.month_days)

    def _fits_weekday(self, day: date) -> bool:
        number, last = _in_month(day) if self.months or self.frequency == "MONTHLY" else _in_year(day)
        which = (0, (number + 6) // 7, -((last - number) // 7 + 1))
        return any((nth, day.weekday()) in self.weekdays for nth in which)


@dataclass(frozen=True)
class Rule:
    """A rule that was found good; `parts` is what it says without COUNT and UNTIL."""

    text: str
    parts: Days
    count: int | None = None
    until: date | datetime | None = None

    def occurrences(self, start: datetime, zone: str, *, since: datetime | None = None) -> Iterator[Occurrence]:
        """Wall time and UTC instant of each occurrence, in order, from the naive wall time `start` on.

        Those before the instant `since` may be left out, which is cheaper. Occurrences that a change of the
        zone's calendar lays on one instant are one.
        """
        first = start.date() if since is None or since.date() <= start.date() else since.date() - WIDEST
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
    """The rule. Raises ValueError, with a sentence, for one that is wrong, costly, or faster than daily."""
    if len(text) > LONGEST:
        raise ValueError(f"A rule has at most {LONGEST} characters.")
    if not text.isascii():  # upper() would make an I of a dotless one
        raise ValueError("A rule is made of plain letters and digits (RFC 5545 §3.3.10).")
    said = _split(text.strip().upper().removeprefix("RRULE:"))
    days = _days(said)
    count = _number(said, "COUNT", MOST_COUNT)
    if "COUNT" in said and "UNTIL" in said:
        raise ValueError("COUNT and UNTIL exclude each other.")
    _check_fits(days)
    return Rule(
        text=";".join(f"{name}={value}" for name, value in said.items()),
        parts=days,
        count=count if "COUNT" in said else None,
        until=_until(said["UNTIL"]) if "UNTIL" in said else None,
    )


def following(rule: Rule, start: datetime, zone: str, *, after: datetime) -> Occurrence | None:
    """Wall time and instant of the first occurrence later than `after`; None where the rule has ended."""
    return next((found for found in rule.occurrences(start, zone, since=after) if found[1] > after), None)


def between(rule: Rule, start: datetime, zone: str, *, first: datetime, last: datetime) -> list[datetime]:
    """The instants of the occurrences from `first` to `last`, both included."""
    instants = (at for _, at in rule.occurrences(start, zone, since=first))
    return [at for at in takewhile(lambda at: at <= last, instants) if at >= first]


def wall_time(at: datetime, zone: str) -> datetime:
    """What a clock in the zone shows at this instant, as a naive time."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def _split(text: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in text.split(";")]
    parts = {name.strip(): value.strip() for name, _, value in pairs}
    if len(parts) != len(pairs) or not all(value for value in parts.values()):
        raise ValueError("A rule is a list such as FREQ=WEEKLY;BYDAY=MO, each name once.")
    return parts


def _days(said: Mapping[str, str]) -> Days:
    frequency = said.get("FREQ", "")
    if frequency not in PARTS:
        raise ValueError("FREQ is DAILY, WEEKLY, MONTHLY or YEARLY.")
    unknown = sorted(said.keys() - PARTS[frequency])
    if unknown:
        raise ValueError(f"{unknown[0][:20]} is not a part of a {frequency} rule.")
    interval = _number(said, "INTERVAL", INTERVALS[frequency])
    if frequency == "DAILY" and "BYDAY" in said and interval % 7 == 0:
        raise ValueError("Say WEEKLY for a rule that names days of the week.")
    if "BYSETPOS" in said and not any(name.startswith("BY") for name in said.keys() - {"BYSETPOS"}):
        raise ValueError("BYSETPOS chooses from what another part such as BYDAY names.")
    if said.get("WKST", "MO") not in WEEKDAYS:
        raise ValueError("WKST is one of MO, TU, WE, TH, FR, SA and SU.")
    months, month_days, year_days, weeks, positions = (_numbers(said, name) for name in LARGEST)
    week_start = WEEKDAYS.index(said.get("WKST", "MO"))
    weekdays = _weekdays(said, may_count=frequency in ("MONTHLY", "YEARLY") and not weeks)
    return Days(frequency, interval, week_start, months, month_days, year_days, weeks, weekdays, positions)


def _number(said: Mapping[str, str], name: str, largest: int) -> int:
    raw = said.get(name, "1")
    if not re.fullmatch("[0-9]{1,6}", raw) or not 1 <= int(raw) <= largest:
        raise ValueError(f"{name} is a number from 1 to {largest}.")
    return int(raw)


def _numbers(said: Mapping[str, str], name: str) -> frozenset[int]:
    raws = said[name].split(",") if name in said else []
    sign, largest = "" if name == "BYMONTH" else "[+-]?", LARGEST[name]
    if not all(re.fullmatch(sign + "[0-9]{1,3}", raw) and 1 <= abs(int(raw)) <= largest for raw in raws):
        raise ValueError(f"{name} is a list of numbers from 1 to {largest}{', or as many from the end' * bool(sign)}.")
    return frozenset(map(int, raws))


def _weekdays(said: Mapping[str, str], *, may_count: bool) -> frozenset[tuple[int, int]]:
    found = set()
    for raw in said["BYDAY"].split(",") if "BYDAY" in said else ():
        match = re.fullmatch(r"([+-]?[0-9]{1,2})?([A-Z]{2})", raw)
        if not match or match[2] not in WEEKDAYS or (match[1] and not 1 <= abs(int(match[1])) <= 53):
            raise ValueError("BYDAY is a list of weekdays such as MO or, in a MONTHLY or YEARLY rule, -1MO.")
        if match[1] and not may_count:
            raise ValueError("Only a MONTHLY or a YEARLY rule without BYWEEKNO counts weekdays, as in 2MO.")
        found.add((int(match[1] or 0), WEEKDAYS.index(match[2])))
    return frozenset(found)


def _until(text: str) -> date | datetime:
    try:
        if re.fullmatch("[0-9]{8}(T[0-9]{6}Z?)?", text):
            moment = datetime.fromisoformat(text.removesuffix("Z"))
            return moment.replace(tzinfo=UTC if text[-1] == "Z" else None) if "T" in text else moment.date()
    except ValueError:
        pass
    raise ValueError("UNTIL is a date such as 20271231 or an instant such as 20271231T090000Z.")


def _check_fits(days: Days) -> None:
    """Raises ValueError for a rule that never fits, wherever it begins and whatever its INTERVAL leaves out."""
    every = replace(days, interval=1)
    starts = [date(2024, 1, day) for day in range(1, 8 if days.weeks else 2)]  # the weekday may come from the start
    if not any(day for start in starts for day in every.starting(start).between(start, start, start + HORIZON)):
        raise ValueError("No day ever fits this rule.")


def _ends(number: int, last: int) -> tuple[int, int]:
    """A number as it is counted from the front, and from the end."""
    return number, number - last - 1


def _in_month(day: date) -> tuple[int, int]:
    return day.day, monthrange(day.year, day.month)[1]


def _in_year(day: date) -> tuple[int, int]:
    return day.toordinal() - date(day.year, 1, 1).toordinal() + 1, 365 + isleap(day.year)


def _in_weeks(day: date, week_start: int) -> tuple[int, int]:
    """The number of the day's week, and how many weeks its year has: the fourth day of a week decides the year."""
    number, last = _in_year(day + timedelta(days=3 - (day.weekday() - week_start) % 7))
    return (number + 6) // 7, (number + 6) // 7 + (last - number) // 7


def _month_number(day: date) -> int:
    return day.year * 12 + day.month - 1
