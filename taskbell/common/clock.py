"""Wall time and instants. Only jobs and doors look at the clock; everything else is told the time."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

# What a date that somebody sends lies between.
EARLIEST, LATEST = date(1970, 1, 1), date(2999, 12, 31)


def utc_now() -> datetime:
    """This instant."""
    return datetime.now(UTC)


@cache
def time_zones() -> frozenset[str]:
    """The names of the IANA time zones; looking for them opens some six hundred files, so it is done once."""
    return frozenset(available_timezones())


def instant(day: date, at: time, zone: str) -> datetime:
    """The UTC instant of a local wall time.

    A wall time that a clock change skips is moved forward by the length of the gap; one that comes
    twice means the first time (both is what fold=0 says, PEP 495, once the way goes through UTC).
    """
    return datetime.combine(day, at, ZoneInfo(zone)).replace(fold=0).astimezone(UTC)


def end_of_day(day: date, zone: str) -> datetime:
    """The instant at which the local day is over: the next local midnight."""
    return instant(day + timedelta(days=1), time(), zone)


def as_instant(moment: datetime, zone: str) -> datetime:
    """The UTC instant of a moment, read in the zone where it has no offset of its own."""
    if moment.tzinfo is None:
        return instant(moment.date(), moment.time(), zone)
    return moment.astimezone(UTC)
