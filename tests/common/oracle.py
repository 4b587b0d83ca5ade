"""What repeats when, found the slow way: by looking at every day of the calendar.

Nothing here is shared with the code under test: no rule library, no arithmetic with weeks of a year or with
offsets of PEP 495. A day is asked which number it has in its week, month and year by counting days; a local
wall time is looked up on the time line of UTC, whose clock changes are found by looking.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

NAMES = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
DAY, WEEK, SECOND = timedelta(days=1), timedelta(weeks=1), timedelta(seconds=1)
# Watched a little beyond, so that every zone shows the first and the last day.
FIRST_DAY, LAST_DAY = date(2018, 1, 1), date(2030, 12, 31)
FIRST_LOOK, LAST_LOOK = datetime(2017, 12, 20, tzinfo=UTC), datetime(2031, 1, 20, tzinfo=UTC)

Said = Mapping[str, Any]  # a rule in parts: FREQ, WKST, INTERVAL, COUNT, UNTIL as they are, BY… as lists


def as_text(said: Said) -> str:
    """The rule as it is written."""
    return ";".join(f"{name}={_text_of(value)}" for name, value in said.items())


def _text_of(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    if isinstance(value, datetime):
        return value.strftime("%Y%m%dT%H%M%S") + "Z" * (value.tzinfo is not None)
    return value.strftime("%Y%m%d") if isinstance(value, date) else str(value)


# The calendar


def wall_times(said: Said, start: datetime, end: date) -> Iterator[datetime]:
    """The local wall times of a rule, its start first, without regard to COUNT and UNTIL, up to the day `end`."""
    yield start
    wanted, latest = _with_what_the_start_says(said, start.date()), start.date()
    walked = _days(_edge_of_period(said, start.date(), -DAY), _edge_of_period(said, end, DAY))
    for _, period in groupby(walked, lambda day: _period(said, day)):
        days = list(period)
        if (_period(said, days[0]) - _period(said, start.date())) % said.get("INTERVAL", 1) == 0:
            fitting = {day for day in days if _fits(wanted, day)} | set(_moved_forward(wanted, days))
            for day in _selected(wanted, sorted(fitting)):
                if max(start.date(), latest) < day <= end:
                    yield datetime.combine(day, start.time())
                    latest = day


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += DAY


def _period(said: Said, day: date) -> int:
    """The number of the day's day, week, month or year, counted from any beginning."""
    match said["FREQ"]:
        case "YEARLY":
            return day.year
        case "MONTHLY":
            return day.year * 12 + day.month
        case "WEEKLY":
            return (_week_begin(day, said) - date(1900, 1, 1)).days // 7
        case _:
            return (day - date(1900, 1, 1)).days


def _edge_of_period(said: Said, day: date, step: timedelta) -> date:
    while _period(said, day + step) == _period(said, day):
        day += step
    return day


def _week_begin(day: date, said: Said) -> date:
    while NAMES[day.weekday()] != said.get("WKST", "MO"):
        day -= DAY
    return day


def _with_what_the_start_says(said: Said, start: date) -> Said:
    """RFC 5545 §3.3.10: what the rule does not contain is as in its start."""
    names_days = {"BYDAY", "BYMONTHDAY", "BYYEARDAY"} & said.keys()
    if said["FREQ"] == "DAILY" or names_days:
        return said
    if said["FREQ"] == "WEEKLY" or "BYWEEKNO" in said:
        return {**said, "BYDAY": [NAMES[start.weekday()]]}
    if said["FREQ"] == "YEARLY" and "BYMONTH" not in said:
        return {**said, "BYMONTH": [start.month], "BYMONTHDAY": [start.day]}
    return {**said, "BYMONTHDAY": [start.day]}


def _selected(said: Said, days: list[date]) -> list[date]:
    if "BYSETPOS" not in said:
        return days
    backwards = days[::-1]
    chosen = {days[n - 1] for n in said["BYSETPOS"] if 0 < n <= len(days)}
    return sorted(chosen | {backwards[-n - 1] for n in said["BYSETPOS"] if 0 < -n <= len(days)})


def _fits(said: Said, day: date) -> bool:
    """The day is all that the rule says: each part that is there is a condition."""
    return all(_holds(name, said, day) for name in said)


def _holds(name: str, said: Said, day: date) -> bool:
    match name:
        case "BYMONTH":
            return day.month in said[name]
        case "BYMONTHDAY":
            return _fits_day_of_month(said, day)
        case "BYYEARDAY":
            return not _numbers(day, _days_of_year(day.year)).isdisjoint(said[name])
        case "BYWEEKNO":
            return not _numbers_of_week(_week_begin(day, said), said.get("WKST", "MO")).isdisjoint(said[name])
        case "BYDAY":
            return not _names(day, said["FREQ"] == "MONTHLY" or "BYMONTH" in said).isdisjoint(said[name])
        case _:
            return True


def _moved_forward(said: Said, days: list[date]) -> Iterator[date]:
    """RFC 7529: the first day after each month that ends before a day of it that is wanted, if so said."""
    if said.get("SKIP") != "FORWARD" or "BYMONTHDAY" not in said:
        return
    others = {name: value for name, value in said.items() if name not in ("BYMONTH", "BYMONTHDAY")}
    if "BYMONTH" in said and "BYDAY" in said:
        others["BYMONTH"] = range(1, 13)  # so that BYDAY counts within the month
    for year, month in sorted({(day.year, day.month) for day in days}):
        last = _days_of_month(year, month)[-1]
        is_wanted = month in said.get("BYMONTH", [month]) and any(n > last.day for n in said["BYMONTHDAY"])
        if is_wanted and _fits(others, last + DAY):
            yield last + DAY


def _fits_day_of_month(said: Said, day: date) -> bool:
    """House rule: where it is the day that is meant, the 29th to 31st become the last day that there is."""
    days, wanted = _days_of_month(day.year, day.month), said["BYMONTHDAY"]
    other_parts = {"BYDAY", "BYWEEKNO", "BYYEARDAY"} & said.keys()
    if said.get("SKIP") == "BACKWARD" or ("RSCALE" not in said and "SKIP" not in said and not other_parts):
        wanted = [min(number, len(days)) for number in wanted]
    return not _numbers(day, days).isdisjoint(wanted)


def _numbers(day: date, days: tuple[date, ...]) -> set[int]:
    """Which one it is among these, from the front and from the back."""
    return {days.index(day) + 1, -(days[::-1].index(day) + 1)}


@cache
def _names(day: date, in_month: bool) -> frozenset[str]:
    """All that BYDAY may call the day: MO, 2MO, +2MO, -3MO, within the month or the year."""
    name = NAMES[day.weekday()]
    days = _days_of_month(day.year, day.month) if in_month else _days_of_year(day.year)
    peers = tuple(peer for peer in days if peer.weekday() == day.weekday())
    counted = {f"{form}{name}" for number in _numbers(day, peers) for form in (f"{number}", f"{number:+}")}
    return frozenset({name, *counted})


@cache
def _days_of_month(year: int, month: int) -> tuple[date, ...]:
    return tuple(day for day in _days_of_year(year) if day.month == month)


@cache
def _days_of_year(year: int) -> tuple[date, ...]:
    return tuple(_days(date(year, 1, 1), date(year, 12, 31)))


@cache
def _numbers_of_week(begin: date, week_start: str) -> frozenset[int]:
    """Number of a week; week 1 of a year is the first with at least four days in it (RFC 5545 §3.3.10)."""
    years = [day.year for day in _week(begin)]
    year = max(years, key=years.count)
    around = _days(date(year - 1, 12, 20), date(year + 1, 1, 10))
    begins = [day for day in around if NAMES[day.weekday()] == week_start]
    weeks = [day for day in begins if sum(peer.year == year for peer in _week(day)) >= 4]
    return frozenset({weeks.index(begin) + 1, -(weeks[::-1].index(begin) + 1)})


def _week(begin: date) -> list[date]:
    return list(_days(begin, begin + 6 * DAY))


# The clock


@dataclass(frozen=True)
class Change:
    """A clock change: the instant, and what a clock shows there without and with it."""

    at: datetime
    before: datetime
    after: datetime


@cache
def changes(zone: str) -> tuple[Change, ...]:
    """Every jump of the zone's clock in the years looked at, found by watching it."""
    found, at = [], FIRST_LOOK
    while at < LAST_LOOK:
        if _jumps(at, at + WEEK, zone):
            found.append(_change_within(at, at + WEEK, zone))
        at += WEEK
    return tuple(found)


def _change_within(first: datetime, last: datetime, zone: str) -> Change:
    """Looks closer, to the second; in the years looked at, no zone changes twice within a week."""
    while last - first > SECOND:
        middle = (first + (last - first) / 2).replace(microsecond=0)
        first, last = (first, middle) if _jumps(first, middle, zone) else (middle, last)
    return Change(last, _shown(first, zone) + SECOND, _shown(last, zone))


def _jumps(first: datetime, last: datetime, zone: str) -> bool:
    return _shown(last, zone) - _shown(first, zone) != last - first


def _shown(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def instant_of(local: datetime, zone: str) -> datetime:
    """The first instant at which a clock shows this time; one that is skipped is as much later as the clock jumps."""
    begin = FIRST_LOOK
    for change in changes(zone):
        if local < change.before:
            break
        if local < change.after:  # skipped
            return change.at + (local - change.before)
        begin = change.at
    return begin + (local - _shown(begin, zone))


def occurrences(said: Said, start: datetime, zone: str, end: date) -> list[tuple[datetime, datetime]]:
    """Wall time and instant of each occurrence up to the day `end`, with COUNT, UNTIL and the clock."""
    found: list[tuple[datetime, datetime]] = []
    for number, local in enumerate(wall_times(said, start, end), start=1):
        at = instant_of(local, zone)
        if number > said.get("COUNT", number) or _is_past(said.get("UNTIL"), local, at):
            break
        if not found or at > found[-1][1]:
            found.append((local, at))
    return found


def _is_past(until: Any, local: datetime, at: datetime) -> bool:
    if isinstance(until, datetime):
        return (local if until.tzinfo is None else at) > until
    return until is not None and local.date() > until
