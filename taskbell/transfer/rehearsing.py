"""What an import of a file would do: its first rows, what is wrong with others, and headers that nobody knows."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import IO, Any

from taskbell.accounts.models import User
from taskbell.common.errors import Refusal
from taskbell.common.values import BadValue
from taskbell.transfer.headers import is_known, key_of
from taskbell.transfer.importing import Options, TooManyRows, prepared
from taskbell.transfer.reading import Notice, Row, Unreadable
from taskbell.transfer.reading_apart import FileToRead, ReadFile, reading_apart

SHOWN_COLUMNS = ("title", "due_date", "due_time", "due_at", "status", "stage", "priority", "project", "assigned_to")
SHOWN_ROWS, SHOWN_ERRORS, BEGINNING = 8, 50, 200
MAX_ROWS = 10_000  # with what belongs to them; a longer file is checked while it is imported
MAX_UNKNOWN, MAX_TEXT = 40, 200  # headers, and characters of a cell


@dataclass
class Rehearsal:
    """What people see before they import. Its values are plain, so that it can be stored as JSON."""

    format: str = ""
    problem: str = ""
    unknown: list[str] = field(default_factory=list)  # headers, left out
    first: list[dict[str, str]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)  # empty if the file is too long to be checked to its end
    errors: list[dict[str, Any]] = field(default_factory=list)
    notices: list[dict[str, Any]] = field(default_factory=list)


def rehearse(
    file: IO[bytes], asked: FileToRead, options: Options, *, is_whole: bool, by: User, now: datetime
) -> Rehearsal:
    """Reads the file, or only its beginning, and writes nothing. Unknown headers are left out, and listed."""
    unknown: list[str] = []
    while True:
        found = Rehearsal(unknown=unknown)
        columns = {key_of(name): "" for name in unknown} | dict(asked.options.columns)
        try:
            with reading_apart(file, replace(asked, options=replace(asked.options, columns=columns))) as read:
                _note(found, read, options, is_whole=is_whole, by=by, now=now)
        except Refusal as refusal:
            name = refusal.error.field if isinstance(refusal, Unreadable) else ""
            if name and not is_known(name) and key_of(name) not in columns and len(unknown) < MAX_UNKNOWN:
                unknown.append(name)
                continue
            found.problem = str(refusal)
        return found


def _note(found: Rehearsal, read: ReadFile, options: Options, *, is_whole: bool, by: User, now: datetime) -> None:
    found.format = read.format or ""
    rows = _noted(read.rows(), found)
    if not is_whole:
        list(islice(rows, BEGINNING))
        return
    with suppress(TooManyRows), prepared(rows, options, by=by, now=now, most=MAX_ROWS) as checked:
        result = checked.rehearse()
        found.counts = result.counts()
        found.errors = [vars(one) for one in islice(result.errors, SHOWN_ERRORS)]
        found.notices = [vars(one) for one in islice(result.notices, SHOWN_ERRORS)]


def _noted(rows: Iterable[Row | Notice], found: Rehearsal) -> Iterator[Row | Notice]:
    """The rows; the cells of the first ones are noted before anything changes them."""
    for row in rows:
        if isinstance(row, Row) and row.cells and len(found.first) < SHOWN_ROWS:
            shown = {
                name: row.cells[name]
                for name in SHOWN_COLUMNS
                if row.cells.get(name) and not isinstance(row.cells[name], BadValue)
            }
            found.first.append({name: _text(value) for name, value in shown.items()})
        yield row


def _text(value: Any) -> str:
    """The value as people read it: a project by its name."""
    return str(value.get("name", "") if isinstance(value, dict) else value)[:MAX_TEXT]
