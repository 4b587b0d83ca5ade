"""To-dos of a calendar (RFC 5545 §3.6.2, relations of RFC 9253)."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import IO, Any
from zoneinfo import ZoneInfo

from icalendar import Alarm, Todo

from taskbell.common.clock import time_zones
from taskbell.transfer.columns import Wrong
from taskbell.transfer.reading import LONGEST_ROW, Row, Unreadable, as_text, lines_of

MOST_ENTRIES = 100_000  # they are read as a whole: the last may be a child of the first
STAGES = {"NEEDS-ACTION": "PENDING", "IN-PROCESS": "IN_PROGRESS", "COMPLETED": "COMPLETED", "CANCELLED": "ARCHIVED"}
MANY_TIMES = ("CATEGORIES", "RELATED-TO", "RRULE")
PRIORITIES = ("MEDIUM", "URGENT", "HIGH", "HIGH", "HIGH", "MEDIUM", "LOW", "LOW", "LOW", "LOW")


def ical_rows(stream: IO[bytes]) -> Iterator[Row]:
    """A to-do waits for its children, and for what it says it depends on. The first of its categories counts."""
    rows, children = list[Row](), list[tuple[int, int]]()
    for line, block in _blocks(stream):
        if len(rows) == MOST_ENTRIES:
            raise Unreadable(line, f"A calendar has at most {MOST_ENTRIES:,} to-dos here.")
        try:
            todo = _read(block)
            rows.append(Row(line, _cells(todo)))
            children += [(parent, _number(todo)) for parent in _related(todo, "PARENT")]
        except Wrong as error:
            rows.append(Row.wrong(line, "timezone", error.code, str(error)))
        except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
            rows.append(Row.wrong(line, "", "invalid", f"This is no to-do of a calendar: {error}."))
    parents = {row.cells["id"]: row for row in rows if row.cells}
    for parent, child in children:
        if parent in parents:
            parents[parent].cells["pre_tasks"].append(child)
    yield from rows


def _blocks(stream: IO[bytes]) -> Iterator[tuple[int, str]]:
    """The to-dos, each with the line that it begins on."""
    begin, block, size = 0, list[str](), 0
    with as_text(stream) as text:
        for number, line in enumerate(lines_of(text), start=1):
            word = line.strip().upper()
            if word == "BEGIN:VTODO":
                begin, block, size = number, [], 0
            if begin:
                block.append(line)
                size += len(line)
            if size > LONGEST_ROW:
                raise Unreadable(begin, "This is longer than any to-do.")
            if begin and word == "END:VTODO":
                yield begin, "".join(block)
                begin = 0
    if begin:
        raise Unreadable(begin, "The file ends within this to-do.")


def _read(block: str) -> Any:
    """The to-do with its alarms. Of a line that may be there once, the first counts."""
    todo = Todo.from_ical(block)
    for part in todo.walk():
        for name, value in part.items():
            if isinstance(value, list) and name not in MANY_TIMES:
                part[name] = value[0]
    return todo


def _cells(todo: Any) -> dict[str, Any]:
    due, categories = _due_of(todo), todo.categories
    priority = int(todo.get("PRIORITY", 0))
    return {
        "id": _number(todo),
        "title": str(todo.get("SUMMARY", "")),
        "description": str(todo.get("DESCRIPTION", "")),
        "stage": STAGES.get(str(todo.get("STATUS", "NEEDS-ACTION")).upper(), "PENDING"),
        "priority": PRIORITIES[priority] if 0 <= priority <= 9 else str(priority),
        "category": str(categories[0]) if categories else None,
        **_due(due),
        "recurrence": todo["RRULE"].to_ical().decode() if "RRULE" in todo else None,
        "pre_tasks": _related(todo, "CHILD", "DEPENDS-ON"),
        "reminders": [told for alarm in todo.walk("VALARM") if (told := _reminder(alarm, todo, due))],
        "completed_at": _moment(_when(todo, "COMPLETED")),
        "created_at": _moment(_when(todo, "CREATED")),
    }


def _number(todo: Any) -> int:
    return _number_of(str(todo.get("UID") or todo.to_ical()))


def _number_of(uid: str) -> int:
    """A number that stands for the identifier."""
    return int.from_bytes(hashlib.sha256(uid.encode(errors="replace")).digest()[:7]) + 1


def _related(todo: Any, *kinds: str) -> list[int]:
    found = todo.get("RELATED-TO", [])
    relations = found if isinstance(found, list) else [found]
    return [_number_of(str(one)) for one in relations if one.params.get("RELTYPE", "PARENT").upper() in kinds]


def _when(part: Any, name: str) -> Any:
    """The day, moment or length of time that the line has, if it is there. Raises Wrong for a zone nobody knows."""
    value = part.decoded(name, None)
    if not isinstance(value, datetime) or value.tzinfo is not None or "TZID" not in part[name].params:
        return value
    return value.replace(tzinfo=_zone(str(part[name].params["TZID"])))


def _zone(called: str) -> ZoneInfo:
    """The zone whose IANA name the name ends with: programs put their own in front of it (RFC 5545 §3.2.19)."""
    parts = called.split("/")
    names = ("/".join(parts[place:]) for place in range(len(parts)))
    known = next((name for name in names if name in time_zones()), None)
    if known is None:
        raise Wrong("unknown_zone", f"{called!r:.100} does not end with an IANA time zone such as Europe/Berlin.")
    return ZoneInfo(known)


def _due_of(todo: Any) -> Any:
    """When it is due: as it says, or so long after it starts. Days go by the calendar there, hours by the clock."""
    start, span = _when(todo, "DTSTART"), todo.decoded("DURATION", None)
    if "DUE" in todo or start is None or span is None:
        return _when(todo, "DUE")
    rest = timedelta(seconds=span.seconds)
    later = start + timedelta(days=span.days)
    if not isinstance(later, datetime) or later.tzinfo is None:
        return later + rest
    return (later.astimezone(UTC) + rest).astimezone(later.tzinfo)


def _due(due: date | None) -> dict[str, Any]:
    """Date, time and zone. A zone that only the calendar knows is left for the same instant in UTC."""
    if not isinstance(due, datetime):
        return {"due_date": due and due.isoformat()}
    zone = getattr(due.tzinfo, "key", None)
    if due.tzinfo is not None and zone not in time_zones():
        due, zone = due.astimezone(UTC), "UTC"
    return {"due_date": due.date().isoformat(), "due_time": due.time().isoformat(), "timezone": zone}


def _moment(moment: Any) -> str | None:
    return moment.isoformat() if isinstance(moment, datetime) else None


def _reminder(alarm: Alarm, todo: Any, due: date | None) -> dict[str, Any] | None:
    """Before the due moment, where that is what it hangs on; otherwise at an instant, as far as one can be told."""
    trigger = _when(alarm, "TRIGGER")
    if isinstance(trigger, datetime):
        return {"at": trigger.isoformat()}
    if not isinstance(trigger, timedelta):
        return None
    start = _when(todo, "DTSTART")
    related = str(alarm["TRIGGER"].params.get("RELATED", "START")).upper()
    anchor = start if related == "START" and start is not None else due
    if anchor is due and due is not None and trigger <= timedelta():
        return {"before_due": f"PT{int(-trigger.total_seconds())}S"}
    return {"at": (anchor + trigger).isoformat()} if isinstance(anchor, datetime) else None
