"""The file of a report in chunks, with progress. Only a few rows are in memory at a time."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from itertools import chain, islice
from tempfile import TemporaryFile
from typing import Any

import orjson

from taskbell.accounts.models import User
from taskbell.common.spreadsheet import csv_chunks
from taskbell.common.text import printable
from taskbell.reports.insights import Question, insights
from taskbell.reports.models import Format, Report, ReportKind
from taskbell.tasks.models import TaskQuerySet
from taskbell.transfer.export_related import ExportedProjects, with_comments
from taskbell.transfer.exporting import FORMATS, HEADER, as_cells, exported

CHUNK_ROWS = 2000
MAX_SHEET_CELL = 32_767  # characters
MAX_SHEET_ROWS = 1_000_000  # a sheet holds up to 1,048,576
CHUNK_BYTES = 256 * 1024
Record = tuple[Any, ...]
# A chunk of the file, and the progress from 0 to 1.
StreamedFile = Iterator[tuple[bytes, float]]


def pieces(report: Report, question: Question, *, now: datetime) -> StreamedFile:
    """The file of the report. Nothing is read before the first piece is asked for."""
    if report.kind == ReportKind.EXPORT:
        yield from _export(ExportRows(question.tasks, report.person), report.format)
        return
    report_data = insights(question, now=now)
    table = chain([("section", "name", "value")], _lines(report_data))
    if report.format == Format.JSON:
        yield orjson.dumps(report_data, option=orjson.OPT_INDENT_2), 1.0
    elif report.format == Format.XLSX:
        yield from _workbook(table, lambda: 0.0)
    else:
        yield from ((data, 1.0) for data in csv_chunks(table))


class ExportRows:
    """The rows of an export by id, each as of the time its batch was read.

    No transaction is open between two batches, so that progress can be saved and the lease renewed.
    """

    def __init__(self, tasks: TaskQuerySet, person: User) -> None:
        self._tasks, self._person = tasks.order_by("id"), person
        self._total, self._done, self._projects = tasks.count(), 0, ExportedProjects(person)

    def __iter__(self) -> Iterator[Record]:
        last = 0
        while batch := list(self._rows(last)):
            last = batch[-1][0]
            for row in with_comments(batch):
                self._done += 1
                yield row

    def _rows(self, after: int) -> Iterator[Record]:
        part = self._tasks.filter(pk__gt=after)[:CHUNK_ROWS]
        return exported(part, self._person, part_of=self._tasks, projects=self._projects)

    def share(self) -> float:
        """The fraction of rows read, from 0 to 1."""
        return min(self._done / max(self._total, 1), 1.0)


def _export(tasks: ExportRows, format_: str) -> StreamedFile:
    """The same file as a direct export, or a workbook with real dates and times."""
    if format_ == Format.XLSX:
        return _workbook(chain([HEADER], map(_as_values, tasks)), tasks.share)
    return ((data, tasks.share()) for data in FORMATS[format_](tasks))


def _lines(report_data: Mapping[str, Any]) -> Iterator[Record]:
    """The report as a table of sections, names and values."""
    for section, value in report_data.items():
        if isinstance(value, dict):
            yield from ((section, name, n) for name, n in value.items())
        elif section == "tasks_by_project":
            yield from ((section, f"{project['name']} ({project['id']})", project["total"]) for project in value)
        elif isinstance(value, list):
            yield from ((name, point["from"], n) for point in value for name, n in point.items() if name != "from")
        else:
            yield section, None, value


VALUES: dict[str, Callable[[str], Any]] = {
    "due_date": date.fromisoformat,
    "due_time": time.fromisoformat,
    "anchor_date": date.fromisoformat,
    "planned_date": date.fromisoformat,
    "planned_time": time.fromisoformat,
    # Workbooks have no time zones.
    **dict.fromkeys(
        ("completed_at", "created_at", "updated_at"),
        lambda text: datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None),
    ),
}
PLACES = [(HEADER.index(name), read) for name, read in VALUES.items()]


def _as_values(row: Record) -> Record:
    cells = list(as_cells(row, most=MAX_SHEET_CELL))
    for place, read in PLACES:
        cells[place] = cells[place] and read(cells[place])
    return tuple(cells)


def _workbook(table: Iterable[Record], share: Callable[[], float]) -> StreamedFile:
    """A workbook needs its end to be readable, so it is written to a temporary file first."""
    import openpyxl  # noqa: PLC0415 - slow to load, and a worker that starts again has reminders to send first

    rows = iter(table)
    header, book, room = next(rows), openpyxl.Workbook(write_only=True), 0
    batch: list[Record] = []
    while batch or not book.worksheets:
        batch = list(islice(rows, CHUNK_ROWS))
        if room < len(batch) or not book.worksheets:
            sheet, room = book.create_sheet(), MAX_SHEET_ROWS
            sheet.append(header)
        for row in batch:
            sheet.append([_cell(sheet, value) for value in row])
        room -= len(batch)
        yield b"", share() * 0.9
    with TemporaryFile() as file:
        book.save(file)
        whole = file.tell()
        file.seek(0)
        while piece := file.read(CHUNK_BYTES):
            yield piece, 0.9 + 0.1 * file.tell() / whole


def _cell(sheet: Any, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 - see above

    cell = WriteOnlyCell(sheet, printable(value))
    cell.data_type = "s"  # text, even if it looks like a formula
    return cell
