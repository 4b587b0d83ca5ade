"""Copies rows by COPY, in transactions that also note how far they are."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from django.db import DataError, connection, transaction

from taskbell.common.sql import execute
from taskbell.config.language import gettext as _
from taskbell.runtime.growing import state
from taskbell.runtime.growing.schema import sequences_of
from taskbell.runtime.growing.source import Row, Source
from taskbell.runtime.refusals import CannotStart

BATCH_ROWS, BATCH_BYTES = 20_000, 16 * 1024 * 1024  # whatever comes first
IN_LINE = re.compile(r"COPY \w+, line (\d+)")
Advance = Callable[[int], None]


def copy_table(source: Source, table: str, advance: Advance) -> None:
    """Copies the rows that aren't there yet. Raises CannotStart for a row that PostgreSQL refuses."""
    columns = source.columns(table)
    for batch in batches(source.rows(table, columns, after=state.progress()[table].last_row)):
        with transaction.atomic():
            _write(table, columns, batch)
            state.copied(table, batch[-1][0], len(batch))
        advance(len(batch))


def batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Parts that fit into memory, also where a row has half a MiB."""
    batch: list[Row] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += sum(len(value) for value in row if isinstance(value, str | bytes))
        if len(batch) >= BATCH_ROWS or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _write(table: str, columns: list[str], rows: Sequence[Row]) -> None:
    """PostgreSQL reads dates, JSON, booleans and UUIDs as SQLite stores them: as text or numbers."""
    names, place = ", ".join(f'"{name}"' for name in columns), 0
    execute("SET LOCAL timezone TO 'UTC'")
    try:
        with (
            connection.wrap_database_errors,
            connection.cursor() as cursor,
            cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy,
        ):
            for row in rows:
                copy.write_row(row[1:])
                place += 1
    except DataError as error:
        if line := IN_LINE.search(str(error)):
            place = int(line[1]) - 1
        said = _(
            "can't copy the row %(row)d of %(table)s (%(error)s). Correct it in SQLite, then run the command again."
        )
        raise CannotStart(said % {"row": rows[place][0], "table": table, "error": _in_a_line(error)}) from error


def _in_a_line(error: Exception) -> str:
    return ", ".join(line.strip() for line in str(error).strip().splitlines()[:3])


def set_sequences(source: Source, tables: list[str]) -> None:
    """The next id of each table is one that was never given."""
    for table, column, sequence in sequences_of(tables):
        execute(
            f'SELECT setval(%s, GREATEST(%s, (SELECT COALESCE(MAX("{column}"), 0) FROM "{table}")) + 1, false)',  # noqa: S608
            [sequence, source.last_id(table)],
        )
    execute("SELECT setval('activity_position', (SELECT COALESCE(MAX(position), 0) + 1 FROM activity_place), false)")
