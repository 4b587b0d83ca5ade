"""How far the copying is: a table in the target, written in the transactions that it is about."""

from collections.abc import Iterable
from typing import NamedTuple

from taskbell.common.sql import execute, fetch
from taskbell.runtime.setup import UNFINISHED

TABLE = UNFINISHED


class Progress(NamedTuple):
    """A table: the last row that was copied, and how many."""

    last_row: int
    rows: int


def is_there() -> bool:
    """Whether a copy into this database has begun and not ended."""
    return bool(fetch("SELECT to_regclass(%s) IS NOT NULL", [TABLE])[0][0])


def create() -> None:
    execute(f"CREATE TABLE {TABLE} (kind text, name text, number bigint, rows bigint)")


def remove() -> None:
    execute(f"DROP TABLE {TABLE}")


def source() -> str:
    """The fingerprint of the source that the rows are of; empty before the first row."""
    found = fetch(f"SELECT name FROM {TABLE} WHERE kind = 'source'")  # noqa: S608 - the name is ours
    return str(found[0][0]) if found else ""


def begin(fingerprint: str, tables: Iterable[str], statements: Iterable[str]) -> None:
    """Notes what is to be done: tables to copy, then statements to run."""
    _add("source", fingerprint, 0)
    for table in tables:
        _add("table", table, 0)
    for number, statement in enumerate(statements):
        _add("statement", statement, number)


def _add(kind: str, name: str, number: int) -> None:
    execute(f"INSERT INTO {TABLE} VALUES (%s, %s, %s, 0)", [kind, name, number])  # noqa: S608 - the name is ours


def progress() -> dict[str, Progress]:
    rows = fetch(f"SELECT name, number, rows FROM {TABLE} WHERE kind = 'table' ORDER BY name")  # noqa: S608 - the name is ours
    return {name: Progress(number, count) for name, number, count in rows}


def copied(table: str, last_row: int, rows: int) -> None:
    statement = f"UPDATE {TABLE} SET number = %s, rows = rows + %s WHERE kind = 'table' AND name = %s"  # noqa: S608 - the name is ours
    execute(statement, [last_row, rows, table])


def statements() -> list[str]:
    """What is still to be run, in its order."""
    return [row[0] for row in fetch(f"SELECT name FROM {TABLE} WHERE kind = 'statement' ORDER BY number")]  # noqa: S608 - the name is ours


def has_run(statement: str) -> None:
    execute(f"DELETE FROM {TABLE} WHERE kind = 'statement' AND name = %s", [statement])  # noqa: S608 - the name is ours
