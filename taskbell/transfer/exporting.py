"""Writes tasks to a file that can be imported again, row by row and in constant memory."""

from codecs import BOM_UTF8
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from datetime import UTC, datetime
from functools import partial
from itertools import chain, islice
from typing import Any

import orjson
from django.db import connection, transaction

from taskbell.accounts.models import Installation, User
from taskbell.common.clock import wall_time
from taskbell.common.compiled_query import one_of
from taskbell.common.iso import IsoDate, IsoInstant, IsoTime
from taskbell.common.spreadsheet import csv_chunks
from taskbell.reminders.models import Reminder
from taskbell.tasks.kinds import OPEN_STAGES, OVERDUE, Basis, Priority
from taskbell.tasks.models import Prerequisite, Task
from taskbell.transfer.columns import OWN_SOURCE, is_of_installation
from taskbell.transfer.export_related import (
    ExportedProjects,
    first_that_fit,
    in_parts,
    labels_of_tasks,
    size_of_comments,
    with_comments,
)
from taskbell.transfer.ical_export import as_ical

CHUNK_ROWS = 2000
MAX_CELL = 100_000  # characters of comments in a cell of CSV, of which many readers accept 131,072
SELECTED = (
    *("id", "project_id", "title", "description", "is_overdue", "stage", "priority", "category__name"),
    *(IsoDate("due_date"), IsoTime("due_time"), "timezone", "assigned_to__username", "created_by__username"),
    *("recurrence", "recurrence_from", "series", "occurrence", IsoDate("anchor_date")),
    *(IsoDate("planned_date"), IsoTime("planned_time")),
    *(IsoInstant("completed_at"), IsoInstant("created_at"), IsoInstant("updated_at")),
    *("source", "source_id"),
)
ZONE = SELECTED.index("timezone")
HEADER = (
    *("id", "title", "description", "status", "stage", "priority", "category", "due_date", "due_time", "timezone"),
    *("assigned_to", "created_by", "pre_tasks", "reminders", "recurrence", "recurrence_from", "series", "occurrence"),
    *("anchor_date", "planned_date", "planned_time", "completed_at", "created_at", "updated_at"),
    *("source", "source_id", "project", "labels", "comments"),
)
REMINDER_COLUMNS = (
    *("at", "wall_date", "wall_time", "before_due", "repeat", "recipient", "state", "fired_at", "is_snooze"),
)
PRIORITIES = {priority.value: priority.name for priority in Priority}
Record = tuple[Any, ...]


def exported(
    tasks: Any, person: User, *, part_of: Any = None, projects: ExportedProjects | None = None
) -> Iterator[Record]:
    """The tasks of the query as rows of `HEADER`, in its order, without their comments (`with_comments`).

    A row names the prerequisites that are in the file too, and the reminders that the person may see. If the tasks are
    only a part of the file, `part_of` is all of it, and `projects` are those of all its parts. The connection is in use
    until the last row is read or the generator is closed.
    """
    whole, installation = tasks if part_of is None else part_of, Installation.own_key()
    places = projects or ExportedProjects(person)
    with _one_reading(), closing(tasks.values_list(*SELECTED).iterator(chunk_size=CHUNK_ROWS)) as rows:
        while batch := list(islice(rows, CHUNK_ROWS)):
            ids = [row[0] for row in batch]
            places.learn({row[1] for row in batch})
            needs, labels = _links(ids, whole), labels_of_tasks(ids)
            reminders = _reminders({row[0]: row[ZONE] for row in batch}, person)
            firsts = _firsts({row[-1] for row in batch if row[-1]}, whole)
            for row in batch:
                source_id = row[-1] or ""
                is_copy = is_of_installation(installation, source_id) or firsts.get(row[-2:], row[0]) != row[0]
                own = (*row[:-2], OWN_SOURCE, f"{installation}:{row[0]}") if is_copy or not source_id else row
                yield _row(own, needs.get(row[0]), reminders.get(row[0]), places.cell(row[1]), labels.get(row[0]))


def _one_reading() -> AbstractContextManager[Any]:
    """PostgreSQL closes a cursor with its transaction; on SQLite, a transaction would block writers."""
    return transaction.atomic() if connection.vendor == "postgresql" else nullcontext()


def _links(ids: list[int], tasks: Any) -> dict[int, list[int]]:
    """The prerequisites that are in the file. They are looked up by id, because scanning the file takes too long."""
    found = list(Prerequisite.objects.filter(one_of("task", ids)).order_by("needs").values_list("task", "needs"))
    needed, within = iter({needs for _, needs in found}), set[int]()
    while some := list(islice(needed, CHUNK_ROWS)):
        within.update(tasks.order_by().filter(one_of("pk", some)).values_list("pk", flat=True))
    return _grouped((task, needs) for task, needs in found if needs in within)


def _firsts(source_ids: set[str], tasks: Any) -> dict[tuple[str, str], int]:
    """The first task with each source and id: several people may have imported the same file."""
    if not source_ids:
        return {}
    same = tasks.order_by().filter(source_id__in=source_ids).values_list("source", "source_id", "pk")
    return {(source, source_id): pk for source, source_id, pk in sorted(same, reverse=True)}


def _reminders(zones: dict[int, str], person: User) -> dict[int, list[Any]]:
    """Those of the tasks with these time zones. A join with the tasks could scan them all, once a batch."""
    of_tasks = Reminder.objects.visible_to(person).filter(one_of("task", zones)).order_by("id")
    found = of_tasks.values_list("task", *REMINDER_COLUMNS)
    return _grouped((task, _reminder(zones[task], *values)) for task, *values in found)


def _grouped(pairs: Iterable[tuple[int, Any]]) -> dict[int, list[Any]]:
    groups = defaultdict(list)
    for task, value in pairs:
        groups[task].append(value)
    return groups


def _reminder(zone: str, at: Any, day: Any, clock: Any, before_due: Any, repeat: str, *rest: Any) -> dict[str, Any]:
    """The members of the reminder that differ from the defaults, and the wall time if the instant does not imply it."""
    recipient, state, fired_at, is_snooze = rest
    meant = datetime.combine(day, clock) if before_due is None and day and clock else None
    members = {
        "at": None if before_due is not None else at and _instant(at),
        "wall": meant.isoformat() if meant and meant != wall_time(at, zone) else None,
        "before_due": None if before_due is None else str(before_due),
        "repeat": repeat or None,
        "for_me": recipient is not None or None,
        "is_snooze": is_snooze or None,
        "state": None if state == "armed" else state,
        "fired_at": fired_at and _instant(fired_at),
    }
    return {name: value for name, value in members.items() if value is not None}


def _row(row: Record, needs: Any, reminders: Any, project: Any, labels: Any) -> Record:
    pk, _, title, text, is_overdue, stage, priority, category, due_date, due_time, zone, assignee, creator, *rest = row
    rule, basis, *of_series, completed_at, created_at, updated_at, source, source_id = rest
    return (
        *(pk, title, text or None, OVERDUE if is_overdue and stage in OPEN_STAGES else stage, stage),
        *(PRIORITIES[priority], category, due_date, due_time, zone),
        *(assignee, creator, needs, reminders),
        *(rule or None, basis if rule or basis != Basis.DUE else None),
        *(of_series if rule else [None] * len(of_series)),
        *(completed_at, created_at, updated_at, source, source_id, project, labels, None),
    )


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def as_csv(rows: Iterable[Record]) -> Iterator[bytes]:
    """The rows as CSV with a header; prerequisites are ids separated by spaces, reminders are JSON."""
    return csv_chunks(chain([HEADER], map(as_cells, rows)), text_columns=TEXT_COLUMNS)


def with_bom(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The CSV with a byte order mark, without which Excel doesn't read it as UTF-8."""
    yield BOM_UTF8
    yield from chunks


PRE_TASKS, REMINDERS = HEADER.index("pre_tasks"), HEADER.index("reminders")
PROJECT, LABELS, COMMENTS = map(HEADER.index, ("project", "labels", "comments"))
WITH_TEXT = ("title", "description", "category", "assigned_to", "created_by", "source_id", *HEADER[PROJECT:])
TEXT_COLUMNS = tuple(map(HEADER.index, WITH_TEXT))


def as_cells(row: Record, *, most: int = MAX_CELL) -> Sequence[Any]:
    """The row with one text or number in each cell: the first comments that have at most so many characters."""
    project, labels, comments, needs, reminders = (
        row[PROJECT],
        row[LABELS],
        row[COMMENTS],
        row[PRE_TASKS],
        row[REMINDERS],
    )
    if not (needs or reminders or project or labels or comments):
        return row
    cells = list(row)
    cells[PRE_TASKS] = needs and " ".join(map(str, needs))
    cells[REMINDERS] = reminders and orjson.dumps(reminders).decode()
    cells[PROJECT] = project and project["name"]
    cells[LABELS] = labels and ", ".join(labels)
    cells[COMMENTS] = comments and first_that_fit(comments, most)
    return cells


def as_ndjson(rows: Iterable[Record]) -> Iterator[bytes]:
    """The rows as objects, one a line."""
    for part in in_parts(rows, size_of_comments):
        yield b"".join(orjson.dumps(_as_object(row), option=orjson.OPT_APPEND_NEWLINE) for row in part)


def as_json(rows: Iterable[Record]) -> Iterator[bytes]:
    """The rows as one array, one object a line."""
    before = b"[\n"
    for lines in as_ndjson(rows):
        yield before + lines.rstrip(b"\n").replace(b"\n", b",\n")
        before = b",\n"
    yield b"\n]\n" if before == b",\n" else b"[]\n"


def _as_object(row: Record) -> dict[str, Any]:
    return {name: value for name, value in zip(HEADER, row, strict=True) if value is not None}


FORMATS: dict[str, Callable[[Iterable[Record]], Iterator[bytes]]] = {
    "csv": as_csv,
    "json": as_json,
    "ndjson": as_ndjson,
    "ics": partial(as_ical, header=HEADER),
}


def export_tasks(tasks: Any, person: User, format_: str) -> Iterator[bytes]:
    """The file, in chunks. `format_` is one of FORMATS."""
    return FORMATS[format_](with_comments(exported(tasks, person)))


def every_task(person: User) -> Any:
    """The tasks that the person sees, the oldest first, so that an import keeps their order."""
    return Task.objects.visible_to(person).order_by("id")
