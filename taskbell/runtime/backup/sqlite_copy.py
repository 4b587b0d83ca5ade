"""A backup of SQLite: a copy of the database at one instant, while others write."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, connections

from taskbell.common.whole_files import sync_folder
from taskbell.config.language import gettext as _
from taskbell.runtime.backup.manifest import (
    Counts,
    Existing,
    Fetch,
    Manifest,
    applied_migrations,
    counts_of,
)
from taskbell.runtime.backup.tables import not_ours
from taskbell.runtime.refusals import CannotStart

NAME = "database.sqlite3"
PATIENCE_SECONDS = 3.0
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"


def database_file() -> Path:
    return Path(connection.settings_dict["NAME"])


def dump(folder: Path, now: datetime) -> tuple[Manifest, Path]:
    """Copies the database into the folder. Writers go on."""
    copy = folder / NAME
    # Not sqlite3's own backup(): it starts again whenever somebody writes, and may never end.
    with closing(sqlite3.connect(database_file(), timeout=20)) as source:
        source.execute("VACUUM INTO ?", [str(copy)])
    with closing(sqlite3.connect(copy)) as found:
        fetch = _fetch_of(found)
        counts, migrations = _counts(fetch), applied_migrations(fetch)
    return Manifest("sqlite", now.isoformat(timespec="seconds"), counts, migrations), copy


def existing() -> Existing | None:
    """What there is now; None if the file is damaged."""
    file = database_file()
    try:
        with closing(sqlite3.connect(file if file.exists() else ":memory:", timeout=PATIENCE_SECONDS)) as found:
            fetch = _fetch_of(found)
            return Existing(_counts(fetch), not_ours(_tables(fetch)))
    except sqlite3.OperationalError:
        raise  # such as a file that may not be read, or that another process has locked
    except sqlite3.DatabaseError:
        return None


def replace(folder: Path, manifest: Manifest, finish: Callable[[], None]) -> None:
    """Puts the copy in the folder in the place of the database, by one rename. `finish` prepares the copy before.

    Raises CannotStart if somebody uses the database; then nothing has changed.
    """
    copy, file = folder / NAME, database_file()
    with alone_in(file):
        pass
    _check(copy, manifest)
    with _instead_of(file, copy):
        finish()
    with closing(sqlite3.connect(copy)) as found:
        found.execute("PRAGMA journal_mode = DELETE")  # everything is in the one file
    with open(copy, "rb") as copied:
        os.fsync(copied.fileno())
    with alone_in(file):
        for ending in ("-wal", "-shm", "-journal"):  # SQLite would apply them to the new file
            file.with_name(file.name + ending).unlink(missing_ok=True)
        copy.replace(file)
        sync_folder(file.parent)


@contextmanager
def alone_in(file: Path) -> Iterator[sqlite3.Connection | None]:
    """Keeps others out of the database, if there is one. Raises CannotStart if somebody uses it."""
    connections.close_all()
    if not file.exists():
        yield None
        return
    with closing(sqlite3.connect(file, timeout=PATIENCE_SECONDS)) as mine:
        try:
            mine.execute("PRAGMA journal_mode = DELETE")  # only succeeds while no other process has the file open
            mine.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            raise CannotStart(
                _("can't continue, because another process uses %(file)s. Stop Taskbell first.") % {"file": file}
            ) from error
        except sqlite3.DatabaseError:
            pass  # it is damaged: what comes in its place is better
        yield mine


@contextmanager
def _instead_of(file: Path, copy: Path) -> Iterator[None]:
    """Django works on the copy."""
    connection.settings_dict["NAME"] = str(copy)
    try:
        yield
    finally:
        connections.close_all()
        connection.settings_dict["NAME"] = str(file)


def _check(copy: Path, manifest: Manifest) -> None:
    with closing(sqlite3.connect(copy)) as found:
        fetch = _fetch_of(found)
        is_sound = list(fetch("PRAGMA quick_check")) == [("ok",)]
        manifest.check(_counts(fetch) if is_sound else None)


def _fetch_of(database: sqlite3.Connection) -> Fetch:
    def fetch(query: str) -> list[Any]:
        return database.execute(query).fetchall()

    return fetch


def _tables(fetch: Fetch) -> list[str]:
    return [name for (name,) in fetch(TABLES)]


def _counts(fetch: Fetch) -> Counts:
    return counts_of(fetch, tables=_tables(fetch))
