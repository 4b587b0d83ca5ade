"""Wall time, instants and days. Only jobs and doors read the clock; all other code takes the time as an argument."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

# The range of dates that people can enter.
EARLIEST, LATEST = date(1970, 1, 1), date(2999, 12, 31)


def utc_now() -> datetime:
    """The current instant."""
    return datetime.now(UTC)


@cache
def time_zones() -> frozenset[str]:
    """The names of the IANA time zones, cached because listing them opens some 600 files.

    Without those that mean something else, or nothing, on another machine.
    """
    return frozenset(available_timezones()) - {"localtime", "Factory"}


def instant(day: date, at: time, zone: str) -> datetime:
    """The UTC instant of a local wall time.

    A wall time that a clock change skips moves forward by the length of the gap; of one that occurs twice, the first
    is taken. Both follow from fold=0 and a conversion through UTC (PEP 495).
    """
    return datetime.combine(day, at, ZoneInfo(zone)).replace(fold=0).astimezone(UTC)


def wall_time(at: datetime, zone: str) -> datetime:
    """The naive local time in the zone at this instant."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def end_of_day(day: date, zone: str) -> datetime:
    """The instant at which the local day ends: the next local midnight."""
    return instant(day + timedelta(days=1), time(), zone)


def as_instant(moment: datetime, zone: str) -> datetime:
    """The UTC instant of a date and time; without an offset, it is read in the zone."""
    if moment.tzinfo is None:
        return instant(moment.date(), moment.time(), zone)
    return moment.astimezone(UTC)


def day_of(year: int, month: int, day: int) -> date | None:
    """The date, if there is one that people can enter."""
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if EARLIEST <= found <= LATEST else None


def last_of_month(day: date) -> date:
    """The last day of its month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def in_months(day: date, months: int) -> date | None:
    """The same day this many months later, or the last day of a month that lacks it, if people can enter it."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > LATEST.year:
        return None
    return day_of(year, month + 1, min(day.day, last_of_month(date(year, month + 1, 1)).day))
