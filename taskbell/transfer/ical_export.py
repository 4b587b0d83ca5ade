"""Writes tasks as to-dos of a calendar (RFC 5545), in constant memory."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

import orjson
from django.db.models import Min
from icalendar.parser import Contentline

from taskbell.accounts.models import Installation
from taskbell.tasks.kinds import OPEN_STAGES
from taskbell.tasks.models import Task
from taskbell.transfer.columns import OWN_SOURCE, is_of_installation
from taskbell.transfer.export_related import in_parts, size_of_comments
from taskbell.transfer.ical_cells import STAGES
from taskbell.transfer.ical_own import (
    MORE_EXACT,
    NAMES,
    OF_A_RULE,
    REMINDER,
    UTC_ZONE,
    exact,
    identity_of,
    rule_for_others,
    text,
    trigger_of,
    uid_of,
)
from taskbell.transfer.ical_related import related_lines
from taskbell.transfer.ical_vtimezone import vtimezone

CHUNK_ROWS = 500
MAX_LINE_OCTETS = 75
HEAD = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Taskbell//Taskbell//EN", "CALSCALE:GREGORIAN")
STATUSES = {stage: status for status, stage in STAGES.items()}
PRIORITIES = {"URGENT": 1, "HIGH": 3, "MEDIUM": 5, "LOW": 9}
Values = Mapping[str, Any]


def as_ical(rows: Iterable[tuple[Any, ...]], header: tuple[str, ...]) -> Iterator[bytes]:
    """The calendar, in chunks. Each time zone is defined before the first to-do that uses it."""
    zones, installation = {UTC_ZONE}, Installation.own_key()
    lines = list(HEAD)
    for part in in_parts(rows, size_of_comments, CHUNK_ROWS):
        batch = [dict(zip(header, row, strict=True)) for row in part]
        uids = _Uids(batch, installation)
        for task in batch:
            if task["due_time"] and task["timezone"] not in zones:
                zones.add(task["timezone"])
                lines += vtimezone(task["timezone"])
            lines += _todo(task, uids)
        yield _encoded(lines)
        lines = []
    yield _encoded([*lines, "END:VCALENDAR"])


def _encoded(lines: Iterable[str]) -> bytes:
    """The lines, folded so that none has more than 75 octets."""
    return b"".join(_folded(line) + b"\r\n" for line in lines)


def _folded(line: str) -> bytes:
    if line.isascii() and len(line) <= MAX_LINE_OCTETS:
        return line.encode()
    folded: bytes = Contentline(line).to_ical()  # type: ignore[no-untyped-call]
    return folded


class _Uids:
    """The UIDs of the tasks of a batch and of those that they are blocked by."""

    def __init__(self, batch: list[dict[str, Any]], installation: str) -> None:
        self._installation = installation
        self._sources = {task["id"]: (task["source"], task["source_id"]) for task in batch}
        needed = {pk for task in batch for pk in task["pre_tasks"] or ()} - self._sources.keys()
        found = Task.objects.filter(pk__in=needed).order_by().values_list("id", "source", "source_id")
        self._sources |= {pk: (source, source_id) for pk, source, source_id in found}
        ids = {source_id for _, source_id in self._sources.values() if source_id}
        same = Task.objects.filter(source_id__in=ids).order_by().values_list("source", "source_id")
        self._first = {(source, source_id): pk for source, source_id, pk in same.annotate(Min("id"))}

    def of(self, pk: int) -> str:
        """The UID from the program that the task comes from, unless an older task has it already; then its own."""
        source, source_id = self._sources[pk]
        is_copy = is_of_installation(self._installation, source_id or "")
        if not source_id or is_copy or self._first.get((source, source_id), pk) != pk:
            return uid_of(OWN_SOURCE, f"{self._installation}:{pk}")
        return uid_of(source, source_id)


def _todo(task: Values, uids: _Uids) -> Iterator[str]:
    uid = uids.of(task["id"])
    yield "BEGIN:VTODO"
    yield f"UID:{text(uid)}"
    yield f"DTSTAMP:{_instant(task['updated_at'])}"
    yield f"CREATED:{_instant(task['created_at'])}"
    yield f"LAST-MODIFIED:{_instant(task['updated_at'])}"
    yield f"SUMMARY:{text(task['title'])}"
    if task["description"]:
        yield f"DESCRIPTION:{text(task['description'])}"
    yield f"STATUS:{STATUSES[task['stage']]}"
    if task["stage"] == "COMPLETED":
        yield "PERCENT-COMPLETE:100"
        if task["completed_at"]:
            yield f"COMPLETED:{_instant(task['completed_at'])}"
    yield f"PRIORITY:{PRIORITIES[task['priority']]}"
    yield from related_lines(task)
    yield from _dates(task)
    for pk in task["pre_tasks"] or ():
        yield f"RELATED-TO;RELTYPE=DEPENDS-ON:{text(uids.of(pk))}"
    yield from _own(task, is_known=identity_of(uid) == (task["source"], task["source_id"]))
    for reminder in task["reminders"] or ():
        yield from _reminder(task, reminder)
    yield "END:VTODO"


def _dates(task: Values) -> Iterator[str]:
    """The due date and, if an open task repeats, its rule with DTSTART, from which it counts: the planned date."""
    if not task["due_date"]:
        return
    due = _moment(task["due_date"], task["due_time"], task["timezone"])
    if task["recurrence"] and task["stage"] in OPEN_STAGES:
        planned = _moment(task["planned_date"], task["planned_time"], task["timezone"]) if task["planned_date"] else due
        yield f"DTSTART{planned}"
        yield f"RRULE:{rule_for_others(task)}"
    yield f"DUE{due}"


def _moment(day: str, at: str | None, zone: str) -> str:
    if not at:
        return f";VALUE=DATE:{date.fromisoformat(day):%Y%m%d}"
    local = f"{date.fromisoformat(day):%Y%m%d}T{time.fromisoformat(at):%H%M%S}"
    return f":{local}Z" if zone == UTC_ZONE else f";TZID={zone}:{local}"


def _own(task: Values, *, is_known: bool) -> Iterator[str]:
    """What iCalendar can't express, or not exactly."""
    said = {"assigned_to": task["assigned_to"], "created_by": task["created_by"]}
    if not task["due_time"] or task["timezone"] == UTC_ZONE:
        said["timezone"] = task["timezone"]
    if not is_known:
        said |= {"source": task["source"], "source_id": task["source_id"]}
    if task["recurrence"]:
        said |= {column: task[column] for column in OF_A_RULE}
    elif task["recurrence_from"]:
        said["recurrence_from"] = task["recurrence_from"]
    said |= {column: task[column] for column in MORE_EXACT if task[column] and not _is_plain(column, task[column])}
    for column, value in said.items():
        if value is not None:
            yield f"{NAMES[column]}:{exact(str(value))}"


def _is_plain(column: str, value: str) -> bool:
    return ("\r" if column in ("title", "description") else ".") not in value


def _reminder(task: Values, reminder: Values) -> Iterator[str]:
    """An alarm if it has not fired yet and iCalendar can express its time; otherwise only our own line."""
    own = f"{REMINDER}:{text(orjson.dumps(reminder).decode())}"
    trigger = trigger_of(reminder, is_day=not task["due_time"], has_due=bool(task["due_date"]))
    if trigger is None or "state" in reminder:
        yield own
        return
    yield from ("BEGIN:VALARM", "ACTION:DISPLAY", trigger, f"DESCRIPTION:{text(task['title'])}", own, "END:VALARM")


def _instant(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y%m%dT%H%M%SZ}"
