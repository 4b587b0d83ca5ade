"""Reads the database of SQLite, while nobody else has it open."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from taskbell.config.language import gettext as _
from taskbell.runtime.backup.sqlite_copy import alone_in
from taskbell.runtime.refusals import CannotStart

Row = tuple[Any, ...]
OF_THE_SEARCH = "tasks_searchtext_fts%"  # the index of SQLite; PostgreSQL has its own
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE ?"


class Source:
    """The rows, by table. SQLite numbers the rows of each."""

    def __init__(self, file: Path, database: sqlite3.Connection) -> None:
        self.file, self._database = file, database

    def tables(self) -> set[str]:
        return {name for (name,) in self._database.execute(TABLES, [OF_THE_SEARCH])}

    def columns(self, table: str) -> list[str]:
        return [row[1] for row in self._database.execute(f'PRAGMA table_info("{table}")')]

    def count(self, table: str) -> int:
        return int(self._database.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])  # noqa: S608

    def rows(self, table: str, columns: list[str], *, after: int) -> Iterator[Row]:
        """The rows after this one, each with its number first, as SQLite stores them."""
        names = ", ".join(f'"{name}"' for name in columns)
        yield from self._database.execute(
            f'SELECT rowid, {names} FROM "{table}" WHERE rowid > ? ORDER BY rowid',  # noqa: S608
            [after],
        )

    def last_id(self, table: str) -> int:
        """The highest id that was ever given; 0 for none. A deleted one must not come again."""
        found = self._database.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", [table]).fetchone()
        return int(found[0]) if found else 0

    def migrations(self) -> set[tuple[str, str]]:
        return set(self._database.execute("SELECT app, name FROM django_migrations"))

    def fingerprint(self) -> str:
        """Changes when somebody has written to the file."""
        status = self.file.stat()
        return f"{status.st_size} {status.st_mtime_ns} {status.st_ino}"


@contextmanager
def opened(file: Path) -> Iterator[Source]:
    """Raises CannotStart if another process uses the file."""
    with alone_in(file) as database:
        if database is None:
            raise CannotStart(_("can't find the database %(file)s. Check TASKBELL_DATA.") % {"file": file})
        yield Source(file, database)
