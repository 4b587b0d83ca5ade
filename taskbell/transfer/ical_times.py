"""Dates, times and spans of a calendar (RFC 5545 §3.3.4 to §3.3.6)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.utils.translation import gettext as _
from icalendar.prop import vDDDTypes

from taskbell.common.durations import Duration, parse_duration
from taskbell.common.values import BadValue
from taskbell.transfer.ical_lines import Property
from taskbell.transfer.ical_zones import NOT_A_CALENDAR, Zones, twin_of

Moment = date | datetime
LEAP_SECOND = slice(13, 15)
UTC_NAMES = ("UTC", "Etc/UTC", "GMT", "Etc/GMT", "Zulu", "Etc/Zulu", "UCT", "Etc/UCT", "Universal", "Etc/Universal")


@dataclass(frozen=True)
class Span:
    """A length of time, forwards or backwards: days of the calendar, and seconds by the clock."""

    days: int = 0
    seconds: int = 0

    def __add__(self, other: "Span") -> "Span":
        return Span(self.days + other.days, self.seconds + other.seconds)

    def __mul__(self, times: int) -> "Span":
        return Span(times * self.days, times * self.seconds)

    @property
    def total(self) -> timedelta:
        """The length where every day has 24 hours."""
        return timedelta(days=self.days, seconds=self.seconds)

    def after(self, moment: Moment) -> datetime:
        """The moment this long after: days first, at the same wall time. A date begins at 00:00."""
        start = moment if isinstance(moment, datetime) else datetime.combine(moment, time())
        later = start + timedelta(days=self.days)
        if later.tzinfo is None:
            return later + timedelta(seconds=self.seconds)
        return (later.astimezone(UTC) + timedelta(seconds=self.seconds)).astimezone(later.tzinfo)


def span_of(text: str) -> tuple[Span, Duration]:
    """The span, and the same without its sign as it is written. Raises BadValue."""
    text = text.strip().upper()
    sign = -1 if text.startswith("-") else 1
    try:
        duration = parse_duration(text.lstrip("+-"))
    except ValueError as error:
        raise BadValue(_("Must be a duration such as -PT15M, not %(text)s.") % {"text": text[:50]}) from error
    return Span(duration.days, int(duration.exact.total_seconds())) * sign, duration


def moment_of(one: Property, zones: Zones) -> Moment:
    """The date or time, in the zone that it names. Raises BadValue."""
    text = one.value.strip().upper()
    if text[LEAP_SECOND] == "60":
        text = f"{text[:13]}59{text[15:]}"
    try:
        found = None if one.is_broken else vDDDTypes.from_ical(text)  # type: ignore[no-untyped-call]
    except NOT_A_CALENDAR:
        found = None
    if not isinstance(found, date):
        raise BadValue(
            _("%(name)s must be a date such as 20270331 or a time such as 20270331T090000Z, not %(shown)s.")
            % {"name": one.name, "shown": one.shown}
        )
    if not isinstance(found, datetime):
        return found
    if one.param("VALUE") == "DATE":
        return found.date()
    if found.tzinfo is None and one.params.get("TZID"):
        return found.replace(tzinfo=zones.find(str(one.params["TZID"])))
    return found


def day_of(moment: Moment) -> date:
    """The day on its calendar."""
    return moment.date() if isinstance(moment, datetime) else moment


def zone_of(moment: Moment | None) -> str | None:
    """The IANA zone that it names; None for a date, a local time, an instant, or a zone that only the file knows."""
    key = getattr(moment.tzinfo, "key", None) if isinstance(moment, datetime) else None
    return None if key in UTC_NAMES else key


def with_zone(moment: Moment | None) -> Moment | None:
    """The moment with the twin of its zone, if the file defines it."""
    if not isinstance(moment, datetime) or moment.tzinfo in (None, UTC) or hasattr(moment.tzinfo, "key"):
        return moment
    return moment.replace(tzinfo=twin_of(moment.tzinfo))


def due_cells(due: Moment | None) -> dict[str, Any]:
    """The columns of the due date. An instant gets the importer's zone."""
    if due is None:
        return {}
    if not isinstance(due, datetime):
        return {"due_date": due.isoformat()}
    if due.tzinfo is not None and zone_of(due) is None:
        return {"due_at": due.astimezone(UTC).isoformat()}
    cells = {"due_date": due.date().isoformat(), "due_time": due.time().isoformat(), "timezone": zone_of(due)}
    return {name: value for name, value in cells.items() if value is not None}


def duration_text(days: int, seconds: int) -> str:
    """The duration as RFC 5545 writes it (§3.3.6)."""
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    clock = "".join(f"{number}{unit}" for number, unit in ((hours, "H"), (minutes, "M"), (rest, "S")) if number)
    if hours and rest and not minutes:
        clock = f"{hours}H0M{rest}S"  # the grammar leaves out no unit between two others
    return "P" + f"{days}D" * bool(days) + f"T{clock or '0S'}" * bool(clock or not days)


def shown(moment: Moment) -> str:
    """Date and time for people."""
    return f"{moment:%Y-%m-%d %H:%M}" if isinstance(moment, datetime) else moment.isoformat()


def iso(moment: Moment) -> str:
    """Date and time as text."""
    return (moment if isinstance(moment, datetime) else datetime.combine(moment, time())).isoformat()
