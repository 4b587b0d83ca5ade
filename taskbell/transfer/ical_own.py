"""What iCalendar can't express, in X-TASKBELL properties, so that we read back exactly what we wrote.

Other programs may keep these lines and change the others. A value counts only if it agrees with its public line.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from taskbell.common.durations import parse_duration
from taskbell.common.recurrence import for_other_programs, parse_rule
from taskbell.transfer.columns import CALENDAR_SOURCE, OWN_SOURCE
from taskbell.transfer.ical_lines import Component
from taskbell.transfer.ical_times import duration_text

PREFIX = "X-TASKBELL-"
REMINDER = "X-TASKBELL-REMINDER"
UTC_ZONE = "UTC"
OF_A_RULE = ("recurrence", "recurrence_from", "series", "occurrence", "anchor_date", "planned_date", "planned_time")
MORE_EXACT = ("title", "description", "due_time", "completed_at", "created_at")
ALWAYS = ("assigned_to", "created_by", "source", "source_id")
COLUMNS = {
    PREFIX + column.upper().replace("_", "-"): column for column in (*ALWAYS, *MORE_EXACT, *OF_A_RULE, "timezone")
}
ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
NAMES = {column: name for name, column in COLUMNS.items()}


def text(value: str) -> str:
    """The value as TEXT, which has one kind of line break."""
    return _one_break(value).translate(ESCAPES)


def exact(value: str) -> str:
    """The value as TEXT, with every carriage return."""
    return text(value.replace("%", "%25").replace("\r", "%0D"))


def _from_exact(value: str) -> str:
    return value.replace("%0D", "\r").replace("%25", "%")


def _one_break(value: str) -> str:
    return value.replace("\r\n", "\n").replace("\r", "\n")


def uid_of(source: str, source_id: str) -> str:
    """The UID of a task from this source."""
    return source_id if source == CALENDAR_SOURCE else f"{source}-{source_id}"


def identity_of(uid: str) -> tuple[str, str]:
    """Source and id of the to-do with this UID."""
    prefix = f"{OWN_SOURCE}-"
    return (OWN_SOURCE, uid.removeprefix(prefix)) if uid.startswith(prefix) else (CALENDAR_SOURCE, uid)


def take_own(component: Component) -> dict[str, str]:
    """Takes out our values, by column."""
    return {column: _from_exact(one.text) for name, column in COLUMNS.items() if (one := component.take_one(name))}


def add_own(cells: dict[str, Any], own: Mapping[str, str]) -> None:
    """Sets the cells that our values make more exact."""
    if own.get("timezone") == UTC_ZONE and "due_at" in cells:
        at = datetime.fromisoformat(cells.pop("due_at"))
        cells |= {"due_date": at.date().isoformat(), "due_time": at.time().isoformat()}
    for column in MORE_EXACT:
        if column in own and seen_by_others(column, own[column]) == seen_by_others(column, cells.get(column)):
            cells[column] = own[column]
    cells |= {column: own[column] for column in ("assigned_to", "created_by") if column in own}
    if "timezone" in own and "timezone" not in cells:
        cells["timezone"] = own["timezone"]


def seen_by_others(column: str, value: str | None) -> Any:
    """What iCalendar can say of the value: no fractions of a second, and one kind of line break."""
    try:
        if value is None:
            return None
        if column == "due_time":
            return time.fromisoformat(value).replace(microsecond=0)
        if column in ("completed_at", "created_at"):
            return datetime.fromisoformat(value).replace(microsecond=0)
    except ValueError:
        return None
    return _one_break(value)


def rule_for_others(own: Mapping[str, Any]) -> str:
    """The rule as of the current occurrence: COUNT is what remains. Raises ValueError."""
    text = for_other_programs(own["recurrence"], date.fromisoformat(own["anchor_date"]))
    count = parse_rule(text).count
    if count is None:
        return text
    left = max(1, count + 1 - int(own.get("occurrence", 1)))
    return ";".join(f"COUNT={left}" if part.startswith("COUNT=") else part for part in text.split(";"))


def trigger_of(reminder: Mapping[str, Any], *, is_day: bool, has_due: bool) -> str | None:
    """The line that says when the reminder fires; None if iCalendar can't say it."""
    if "before_due" in reminder:
        return f"TRIGGER;RELATED=END:{_offset(reminder['before_due'], is_day=is_day)}" if has_due else None
    at = datetime.fromisoformat(reminder["at"])
    return f"TRIGGER;VALUE=DATE-TIME:{at.astimezone(UTC):%Y%m%dT%H%M%SZ}" if at.tzinfo else None


def _offset(text: str, *, is_day: bool) -> str:
    """How long after the due moment. An alarm of a day counts from its start, and the task is due when it ends."""
    duration = parse_duration(text)
    days, rest = is_day - duration.days, -round(duration.exact / timedelta(seconds=1))
    if days * rest < 0:
        days, rest = 0, days * 24 * 3600 + rest
    return "-" * (days < 0 or rest < 0) + duration_text(abs(days), abs(rest))
