"""Makes a backup."""

import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.db import DatabaseError, connection

from taskbell.config.env import environment
from taskbell.config.files import SECRET_KEY
from taskbell.config.language import gettext as _
from taskbell.runtime.backup import postgres_copy, sqlite_copy
from taskbell.runtime.backup.archive import pack
from taskbell.runtime.backup.manifest import Existing, Manifest
from taskbell.runtime.backup.workplace import workplace
from taskbell.runtime.refusals import CannotStart
from taskbell.runtime.setup import first_line


class Copier(Protocol):
    """What each module that copies a database has."""

    def dump(self, folder: Path, now: datetime) -> tuple[Manifest, Path]: ...

    def existing(self) -> Existing | None: ...

    def replace(self, folder: Path, manifest: Manifest, finish: Callable[[], None]) -> None: ...


def copier() -> Copier:
    """The module that copies this kind of database."""
    return sqlite_copy if connection.vendor == "sqlite" else postgres_copy


def make(file: Path, passphrase: str | None, *, now: datetime, replace: bool = False) -> Manifest:
    """Writes the whole backup to the file, or nothing. Raises CannotStart.

    It has everything that was committed by `now`. An existing file is only replaced with `replace`.
    """
    try:
        with workplace(settings.DATA, settings.DATA) as folder:
            manifest, copy = copier().dump(folder, now)
            manifest.has_own_key = environment().SECRET_KEY is None
            contents = {copy.name: copy} | ({SECRET_KEY: settings.DATA / SECRET_KEY} if manifest.has_own_key else {})
            pack(file, manifest, contents, passphrase, replace=replace)
    except OSError as error:
        said = _("can't write %(file)s (%(error)s).")
        raise CannotStart(said % {"file": file, "error": error.strerror or error}) from error
    except (DatabaseError, sqlite3.Error) as error:
        said = _("can't copy the database (%(error)s).")
        raise CannotStart(said % {"error": first_line(error)}) from error
    return manifest
