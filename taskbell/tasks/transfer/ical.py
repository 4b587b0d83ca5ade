"""To-dos of a calendar (RFC 5545 §3.6.2, relations of RFC 9253)."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import IO, Any

from icalendar import Alarm, Todo

from taskbell.common.clock import time_zones
from taskbell.tasks.transfer.reading import LONGEST_ROW, Row, Unreadable, as_text, lines_of

MOST_ENTRIES = 100_000  # they are read as a whole: the last may be a child of the first
STAGES = {"NEEDS-ACTION": "PENDING", "IN-PROCESS": "IN_PROGRESS", "COMPLETED": "COMPLETED", "CANCELLED": "ARCHIVED"}
PRIORITIES = ("MEDIUM", "URGENT", "HIGH", "HIGH", "HIGH", "MEDIUM", "LOW", "LOW", "LOW", "LOW")


def ical_rows(stream: IO[bytes]) -> Iterator[Row]:
    """A to-do waits for its children, and for what it says it depends on. The first of its categories counts."""
    rows, children = list[Row](), list[tuple[int, int]]()
    for line, block in _blocks(stream):
        if len(rows) == MOST_ENTRIES:
            raise Unreadable(line, f"A calendar has at most {MOST_ENTRIES:,} to-dos here.")
        try:
            todo = Todo.from_ical(block)
            rows.append(Row(line, _cells(todo)))
            children += [(parent, _number(todo)) for parent in _related(todo, "PARENT")]
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
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


def _cells(todo: Any) -> dict[str, Any]:
    due, categories = todo.decoded("DUE", None), todo.categories
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
        "completed_at": _moment(todo.decoded("COMPLETED", None)),
        "created_at": _moment(todo.decoded("CREATED", None)),
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
    trigger = alarm.decoded("TRIGGER", None)
    if isinstance(trigger, datetime):
        return {"at": trigger.isoformat()}
    if not isinstance(trigger, timedelta):
        return None
    start = todo.decoded("DTSTART", None)
    related = str(alarm["TRIGGER"].params.get("RELATED", "START")).upper()
    anchor = start if related == "START" and start is not None else due
    if anchor is due and due is not None and trigger <= timedelta():
        return {"before_due": f"PT{int(-trigger.total_seconds())}S"}
    return {"at": (anchor + trigger).isoformat()} if isinstance(anchor, datetime) else None
