"""Backups of TickTick in CSV: some lines about the file, then a table (https://help.ticktick.com)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import IO, Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.common.clock import time_zones
from taskbell.common.durations import parse_duration
from taskbell.transfer.foreign import MAX_ROWS, Program, Read, blocked_by_children, project_of, rule_of, too_many_tasks
from taskbell.transfer.reading import Row, Unreadable
from taskbell.transfer.table import Table

STAGES = {"0": "PENDING", "1": "COMPLETED", "2": "ARCHIVED", "-1": "ARCHIVED"}
PRIORITIES = {"": "MEDIUM", "0": "MEDIUM", "1": "LOW", "3": "MEDIUM", "5": "HIGH"}
CARRIED = (
    *("List Name", "Title", "Content", "Is Check list", "Due Date", "Reminder", "Repeat", "Priority", "Status"),
    *("Created Time", "Completed Time", "Timezone", "Is All Day", "Is Floating", "taskId", "parentId"),
    *("Tags", "Column Name"),
)
BOOKKEEPING = ("Order", "Column Order", "View Mode", "Kind", "Start Date", "projectKind")
HEADERS = (*CARRIED, *BOOKKEEPING, "Folder Name")
NO_COLUMN = "Not Sectioned"
TICKTICK = Program(
    "ticktick", gettext_noop("Must be a task as TickTick exports it."), (*CARRIED, *BOOKKEEPING), key="taskId"
)
BULLETS = {"▫": "- [ ] ", "▪": "- [x] "}
MAX_LINES_ABOVE = 20


def ticktick_rows(stream: IO[bytes]) -> Iterator[Row]:
    """All tasks. A list is a project, one of its columns a category, and a task is blocked by its subtasks."""
    records = Table(stream, HEADERS.__contains__).records()
    names = _header(records)
    rows, parents = list[Row](), dict[str, str]()
    for number, (line, record) in enumerate(records, start=1):
        if len(record) != len(names):
            rows.append(
                Row.wrong(
                    line,
                    "",
                    "cells",
                    _("Must have %(names)s cells, not %(record)s.") % {"names": len(names), "record": len(record)},
                )
            )
            continue
        cells = dict(zip(names, (cell.strip() for cell in record), strict=True))
        program = TICKTICK if cells.get("taskId") else replace(TICKTICK, source="")
        rows.append(program.row(line, cells | {"taskId": cells.get("taskId") or f"{number}"}, _read))
        if cells.get("taskId") and cells.get("parentId"):
            parents[cells["taskId"]] = cells["parentId"]
        if len(rows) > MAX_ROWS:
            raise too_many_tasks(line)
    yield from blocked_by_children(rows, parents)


def _header(records: Iterator[tuple[int, list[str]]]) -> list[str]:
    for count, (_line, record) in enumerate(records):
        names = [name.strip() for name in record]
        if {"List Name", "Title"} <= set(names):
            return names
        if count > MAX_LINES_ABOVE:
            break
    raise Unreadable(1, _("Must be a TickTick backup, with the columns List Name and Title."))


def _read(cells: dict[str, str]) -> Read:
    zone = cells.get("Timezone") if cells.get("Timezone") in time_zones() else None
    due, start = _instant(cells.get("Due Date")), _instant(cells.get("Start Date"))
    lost = {
        "Start Date": cells["Start Date"] if due and start and start != due else "",
        "Kind": "NOTE" if cells.get("Kind", "").upper() == "NOTE" else "",
        "Timezone": "" if zone else cells.get("Timezone"),
        "Status": "won't do" if cells.get("Status") == "-1" else "",
    }
    due = due or start
    repeat = cells.get("Repeat", "").removeprefix("RRULE:")
    is_all_day = cells.get("Is All Day", "").lower() == "true"
    values = {
        "title": cells["Title"],
        "description": _text(cells.get("Content", "")),
        "stage": STAGES.get(cells.get("Status", "0"), cells.get("Status")),
        "priority": PRIORITIES.get(cells.get("Priority", ""), cells.get("Priority")),
        "project": project_of(cells["List Name"]),
        "category": "" if cells.get("Column Name") == NO_COLUMN else cells.get("Column Name"),
        "labels": [tag.strip() for tag in cells.get("Tags", "").split(",") if tag.strip()],
        **_due(due, zone, is_all_day=is_all_day, is_floating=cells.get("Is Floating", "").lower() == "true"),
        "recurrence": rule_of(repeat, due) if repeat else "",
        "reminders": _reminders(cells.get("Reminder", ""), due, zone, is_all_day=is_all_day),
        "completed_at": cells.get("Completed Time"),
        "created_at": cells.get("Created Time"),
    }
    return values, lost


def _text(content: str) -> str:
    """Items of checklists in Markdown."""
    lines = content.replace("\r", "\n").split("\n")
    return "\n".join(
        next((text + line[1:] for sign, text in BULLETS.items() if line[:1] == sign), line) for line in lines
    )


def _instant(text: str | None) -> datetime | None:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z") if text else None


def _due(due: datetime | None, zone: str | None, *, is_all_day: bool, is_floating: bool) -> dict[str, Any]:
    """An all-day or floating task has the date and time of its zone; every other one is due at the instant."""
    if due is None:
        return {}
    if not is_floating or zone is None:
        return {"due_at": due.isoformat(), "timezone": zone, "all_day": "always" if is_all_day else None}
    wall = due.astimezone(ZoneInfo(zone))
    return {"due_date": wall.date().isoformat(), "due_time": None if is_all_day else wall.time().isoformat()}


def _reminders(text: str, due: datetime | None, zone: str | None, *, is_all_day: bool) -> list[dict[str, Any]]:
    """Reminders such as -PT30M before the due time; of an all-day task, P0DT9H is nine o'clock of the day."""
    found = []
    for trigger in text.replace("\n", ",").split(","):
        span = trigger.strip().upper().removeprefix("TRIGGER:")
        if span and not is_all_day:
            found.append({"before_due": span.removeprefix("-")})
        elif span and due is not None:
            found.append({"at": _from_midnight(span, due.astimezone(ZoneInfo(zone or "UTC")).replace(tzinfo=None))})
    return found


def _from_midnight(span: str, midnight: datetime) -> str:
    """The moment; a span that can't be read stays as it is, so that it becomes a notice."""
    try:
        length = parse_duration(span.removeprefix("-")).total
    except ValueError:
        return span
    return (midnight - length if span.startswith("-") else midnight + length).isoformat()
