"""To-dos of a calendar (RFC 5545 §3.6.2, relations of RFC 9253)."""

import hashlib
from collections import deque
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import IO, Any

from taskbell.common.clock import time_zones
from taskbell.common.values import BadValue
from taskbell.transfer.ical_zones import NOT_A_CALENDAR, Zones, parse_component
from taskbell.transfer.reading import MAX_ROW_CHARACTERS, Row, Unreadable, as_text, lines_of

MAX_TODOS = 100_000  # all are in memory at once: the last may be a child of the first
STAGES = {"NEEDS-ACTION": "PENDING", "IN-PROCESS": "IN_PROGRESS", "COMPLETED": "COMPLETED", "CANCELLED": "ARCHIVED"}
REPEATABLE = ("CATEGORIES", "RELATED-TO", "RRULE")
WITH_A_ZONE = ("DTSTART", "DUE", "COMPLETED", "CREATED", "TRIGGER")
PRIORITIES = ("MEDIUM", "URGENT", "HIGH", "HIGH", "HIGH", "MEDIUM", "LOW", "LOW", "LOW", "LOW")


def ical_rows(stream: IO[bytes]) -> Iterator[Row]:
    """A to-do is blocked by its children and by what it depends on. Its category is the first that it has."""
    zones, rows, children = Zones(), list[Row](), list[tuple[int, int]]()
    blocks = deque(_todo_blocks(stream, zones))  # all of them: a zone may be defined below its to-dos
    while blocks:
        line, block = blocks.popleft()
        try:
            todo = _read(block, zones)
            rows.append(Row(line, _cells(todo)))
            children += [(parent, _number(todo)) for parent in _related(todo, "PARENT")]
        except BadValue as error:
            rows.append(Row.wrong(line, "timezone", error.code, str(error)))
        except NOT_A_CALENDAR as error:
            rows.append(Row.wrong(line, "", "invalid", f"Must be a to-do of a calendar: {error}."))
    parents = {row.cells["id"]: row for row in rows if row.cells}
    for parent, child in children:
        if parent in parents:
            parents[parent].cells["pre_tasks"].append(child)
    yield from rows


def _todo_blocks(stream: IO[bytes], zones: Zones) -> Iterator[tuple[int, str]]:
    """The to-dos, each with the line it begins on. Zones that the file defines go to `zones`."""
    count = 0
    for line, block in _blocks(stream, "VTODO", "VTIMEZONE"):
        if block[:15].upper() == "BEGIN:VTIMEZONE":
            zones.define(block)
            continue
        count += 1
        if count > MAX_TODOS:
            raise Unreadable(line, f"A calendar can have at most {MAX_TODOS:,} to-dos.")
        yield line, block


def _blocks(stream: IO[bytes], *names: str) -> Iterator[tuple[int, str]]:
    """The components of these names, each with the line it begins on."""
    begin, name, block, size = 0, "", list[str](), 0
    with as_text(stream) as text:
        for number, line in enumerate(lines_of(text), start=1):
            edge, _, of = line.strip().upper().partition(":")
            if edge == "BEGIN" and (of == name if begin else of in names):
                begin, name, block, size = number, of, [], 0
            if begin:
                block.append(line)
                size += len(line)
            if size > MAX_ROW_CHARACTERS:
                raise Unreadable(begin, f"Must have at most {MAX_ROW_CHARACTERS:,} characters.")
            if begin and (edge, of) == ("END", name):
                yield begin, "".join(block)
                begin, size = 0, 0
    if begin:
        raise Unreadable(begin, f"The file ends before END:{name}.")


def _read(block: str, zones: Zones) -> Any:
    """The to-do with its alarms, its times in their zones. Of a line that must not repeat, the first counts."""
    todo = parse_component(block)
    for part in todo.walk():
        for name, value in part.items():
            if isinstance(value, list) and name not in REPEATABLE:
                part[name] = value[0]
        for name in WITH_A_ZONE:
            value = part.get(name)
            if value is not None and "TZID" in value.params and _is_wall_time(value.dt):
                value.dt = value.dt.replace(tzinfo=zones.find(str(value.params["TZID"])))
    return todo


def _is_wall_time(moment: Any) -> bool:
    return isinstance(moment, datetime) and moment.tzinfo is None


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
        "reminders": [reminder for alarm in todo.walk("VALARM") if (reminder := _reminder(alarm, todo, due))],
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


def _due_of(todo: Any) -> Any:
    """DUE, or DTSTART with DURATION: its days are added on the calendar, its hours on the clock."""
    start, span = todo.decoded("DTSTART", None), todo.decoded("DURATION", None)
    if "DUE" in todo or start is None or span is None:
        return todo.decoded("DUE", None)
    rest = timedelta(seconds=span.seconds)
    later = start + timedelta(days=span.days)
    if not isinstance(later, datetime) or _is_wall_time(later):
        return later + rest
    return (later.astimezone(UTC) + rest).astimezone(later.tzinfo)


def _due(due: date | None) -> dict[str, Any]:
    """Date, time and zone. In a zone without an IANA name, it becomes the same instant in UTC."""
    if not isinstance(due, datetime):
        return {"due_date": due and due.isoformat()}
    zone = getattr(due.tzinfo, "key", None)
    if due.tzinfo is not None and zone not in time_zones():
        due, zone = due.astimezone(UTC), "UTC"
    return {"due_date": due.date().isoformat(), "due_time": due.time().isoformat(), "timezone": zone}


def _moment(moment: Any) -> str | None:
    return moment.isoformat() if isinstance(moment, datetime) else None


def _reminder(alarm: Any, todo: Any, due: date | None) -> dict[str, Any] | None:
    """An offset before the due moment where the alarm is relative to it, otherwise an instant. None without either."""
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
