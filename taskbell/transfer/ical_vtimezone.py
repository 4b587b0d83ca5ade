"""Time zones as a calendar defines them (RFC 5545 §3.6.5): the changes until 2037, and the rules from then on.

Ours, because icalendar 7.3 writes the beginning of summer time an hour late.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from taskbell.common.recurrence import WEEKDAYS

FIRST_YEAR, LAST_YEAR = 1970, 2037  # zones have a table until then, and a rule afterwards
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Change:
    """A change of the clock: when it happened by the old offset, and both offsets."""

    local: datetime
    before: timedelta
    after: timedelta
    name: str
    is_summer: bool

    @property
    def kind(self) -> tuple[timedelta, timedelta, str, bool]:
        """What changes of one observance have in common."""
        return self.before, self.after, self.name, self.is_summer

    @property
    def yearly(self) -> tuple[int, str, int, tuple[int, int, int]]:
        """Month, weekday and time, with the place of the day in its month: from the end if it is the last."""
        day = self.local
        place = -1 if (day + WEEK).month != day.month else (day.day + 6) // 7
        return day.month, WEEKDAYS[day.weekday()], place, (day.hour, day.minute, day.second)


@lru_cache(maxsize=600)
def vtimezone(zone: str) -> list[str]:
    """The lines of the VTIMEZONE."""
    kinds = defaultdict[object, list[Change]](list)
    for change in _changes(ZoneInfo(zone)):
        kinds[change.kind].append(change)
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone}"]
    for alike in kinds.values():
        single, yearly = _split(alike)
        if single:
            more = ",".join(_stamp(one.local) for one in single[1:])
            lines += _observance(single[0], f"RDATE:{more}" if more else "")
        if yearly:
            month, day, place, _ = yearly[0].yearly
            lines += _observance(yearly[0], f"RRULE:FREQ=YEARLY;BYMONTH={month};BYDAY={place}{day}")
    return [*lines, "END:VTIMEZONE"]


def _changes(zone: ZoneInfo) -> Iterator[Change]:
    """What the clocks show at the beginning, then every change."""
    here = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    state = _state(here, zone)
    yield Change(here.replace(tzinfo=None), state[0], *state)
    while here.year <= LAST_YEAR:
        there = here + WEEK
        if _state(there, zone) != state:
            there = _first_after(here, there, zone)
            after = _state(there, zone)
            yield Change((there + state[0]).replace(tzinfo=None), state[0], *after)
            state = after
        here = there


def _state(at: datetime, zone: ZoneInfo) -> tuple[timedelta, str, bool]:
    local = at.astimezone(zone)
    offset, name = local.utcoffset(), local.tzname()
    assert offset is not None and name is not None  # noqa: S101, PT018 - a named zone has both
    return offset, name, bool(local.dst())


def _first_after(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first second at which the clocks show something else than before."""
    state = _state(before, zone)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if _state(middle, zone) == state:
            before = middle
        else:
            after = middle
    return after


def _split(changes: list[Change]) -> tuple[list[Change], list[Change]]:
    """The changes before a rule holds every year to the last, and those by the rule."""
    if changes[-1].local.year < LAST_YEAR:
        return changes, []
    begin = len(changes) - 1
    while begin and changes[begin - 1].yearly == changes[-1].yearly and _is_year_before(changes[begin - 1 : begin + 1]):
        begin -= 1
    enough = len(changes) - begin > 5
    return (changes[:begin], changes[begin:]) if enough else (changes, [])


def _is_year_before(pair: list[Change]) -> bool:
    return pair[1].local.year - pair[0].local.year == 1


def _observance(first: Change, rule: str) -> list[str]:
    kind = "DAYLIGHT" if first.is_summer else "STANDARD"
    lines = [
        f"DTSTART:{_stamp(first.local)}",
        f"TZOFFSETFROM:{_offset_text(first.before)}",
        f"TZOFFSETTO:{_offset_text(first.after)}",
    ]
    return [f"BEGIN:{kind}", *lines, f"TZNAME:{first.name}", *([rule] if rule else []), f"END:{kind}"]


def _stamp(local: datetime) -> str:
    return f"{local:%Y%m%dT%H%M%S}"


def _offset_text(offset: timedelta) -> str:
    seconds = round(offset.total_seconds())
    hours, minutes = divmod(abs(seconds) // 60, 60)
    rest = f"{abs(seconds) % 60:02}" if seconds % 60 else ""
    return f"{'-' if seconds < 0 else '+'}{hours:02}{minutes:02}{rest}"
