"""The file of a report, piece by piece, with how much of it is done: few rows are in memory at a time."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain
from tempfile import TemporaryFile
from typing import Any

import orjson
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from taskbell.common.spreadsheet import csv_chunks
from taskbell.reports.insights import Question, insights
from taskbell.reports.models import Format, Kind, Report
from taskbell.tasks.models import OPEN_STAGES, OVERDUE, Priority, TaskQuerySet

AT_ONCE = 2000
ROWS_A_SHEET = 1_000_000  # a sheet has room for 1,048,576
PIECE = 256 * 1024
COLUMNS = (
    *("id", "title", "description", "status", "stage", "priority", "category", "due_date", "due_time", "timezone"),
    *("assigned_to", "created_by", "completed_at", "created_at", "updated_at"),
)
SELECTED = (
    *("id", "title", "description", "is_overdue", "stage", "priority", "category__name", "due_date", "due_time"),
    *("timezone", "assigned_to__username", "created_by__username", "completed_at", "created_at", "updated_at"),
)
Record = tuple[Any, ...]
Batches = Iterator[tuple[list[Record], float]]
# Some of the file, and how much of the work is done with it, from 0 to 1.
Pieces = Iterator[tuple[bytes, float]]


def pieces(report: Report, question: Question, *, now: datetime) -> Pieces:
    """The file of the report."""
    if report.kind == Kind.EXPORT:
        return EXPORTS[report.format](COLUMNS, _batches(question.tasks))
    told = insights(question, now=now)
    if report.format == Format.JSON:
        return iter([(orjson.dumps(told, option=orjson.OPT_INDENT_2), 1.0)])
    return EXPORTS[report.format](("section", "name", "value"), iter([(list(_lines(told)), 1.0)]))


def _batches(tasks: TaskQuerySet) -> Batches:
    """The tasks in the order of their ids, each as it was when its batch was read."""
    total, done, last = tasks.count(), 0, 0
    rows = tasks.order_by("id").values_list(*SELECTED)
    while batch := [_row(*row) for row in rows.filter(pk__gt=last)[:AT_ONCE]]:
        done, last = done + len(batch), batch[-1][0]
        yield batch, min(done / max(total, 1), 1.0)


def _row(pk: int, title: str, text: str, is_overdue: bool, stage: str, priority: int, *rest: Any) -> Record:
    status = OVERDUE if is_overdue and stage in OPEN_STAGES else stage
    return (pk, title, text, status, stage, Priority(priority).name, *rest)


def _lines(told: dict[str, Any]) -> Iterator[Record]:
    """The report as a table of section, name and value."""
    for section, value in told.items():
        if isinstance(value, dict):
            yield from ((section, name, n) for name, n in value.items())
        elif isinstance(value, list):
            yield from ((name, point["from"], n) for point in value for name, n in point.items() if name != "from")
        else:
            yield section, None, value


def _as_json(header: Iterable[str], batches: Batches) -> Pieces:
    names, before = tuple(header), b"[\n"
    for batch, share in batches:
        rows = (orjson.dumps(dict(zip(names, row, strict=True)), option=orjson.OPT_UTC_Z) for row in batch)
        yield before + b",\n".join(rows), share
        before = b",\n"
    yield b"\n]\n" if before == b",\n" else b"[]\n", 1.0


def _as_csv(header: Iterable[str], batches: Batches) -> Pieces:
    yield b"".join(csv_chunks([header])), 0.0
    for batch, share in batches:
        yield b"".join(csv_chunks(map(_texts, batch))), share


def _texts(row: Record) -> Iterator[Any]:
    return (_instant(value) if isinstance(value, datetime) else value for value in row)


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _as_workbook(header: Iterable[str], batches: Batches) -> Pieces:
    """A workbook can be read from its end only: it is put together in a file that nobody else sees."""
    names, book, room = tuple(header), Workbook(write_only=True), 0
    for batch, share in chain([([], 0.0)], batches):
        if room < len(batch) or not book.worksheets:
            sheet, room = book.create_sheet(), ROWS_A_SHEET
            sheet.append(names)
        for row in batch:
            sheet.append([_cell(sheet, value) for value in row])
        room -= len(batch)
        yield b"", share * 0.9
    with TemporaryFile() as file:
        book.save(file)
        whole = file.tell()
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece, 0.9 + 0.1 * file.tell() / whole


def _cell(sheet: Any, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)  # a workbook knows no time zones
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value))
    cell.data_type = "s"  # text, also where it looks like a formula
    return cell


EXPORTS: dict[str, Callable[[Iterable[str], Batches], Pieces]] = {
    Format.JSON: _as_json,
    Format.CSV: _as_csv,
    Format.XLSX: _as_workbook,
}
