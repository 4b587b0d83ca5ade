"""Restores a backup: checks all of it first, and changes nothing unless everything succeeds."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection

from taskbell.common.clock import utc_now
from taskbell.common.whole_files import written_whole
from taskbell.config.env import environment
from taskbell.config.files import SECRET_KEY
from taskbell.config.language import gettext as _
from taskbell.runtime.backup.archive import Damaged, unpack
from taskbell.runtime.backup.making import copier
from taskbell.runtime.backup.manifest import Existing, Manifest
from taskbell.runtime.backup.sealing import NotOpened
from taskbell.runtime.backup.sqlite_copy import database_file
from taskbell.runtime.backup.workplace import workplace
from taskbell.runtime.preparation import migrate_database
from taskbell.runtime.refusals import CannotStart
from taskbell.runtime.restored import forget
from taskbell.runtime.setup import first_line

Confirm = Callable[[Existing | None, Manifest], None]


def restore(file: Path, passphrase: str | None, *, sent_until: datetime | None, confirm: Confirm) -> Manifest:
    """Puts the backup in the place of the database and the secret key. Raises CannotStart; then all is as it was.

    Only if PostgreSQL can't be reached in the middle, a second run has to put back what was there.

    `confirm` gets what would be lost, and raises CannotStart if that isn't wanted.
    """
    has_begun = False
    try:
        with workplace(settings.DATA, _beside()) as folder:
            manifest = _opened(file, folder, passphrase)
            _check_fits(manifest)
            confirm(copier().existing(), manifest)

            def finish() -> None:
                migrate_database()
                forget(sent_until or min(manifest.made, utc_now()))

            with _key_at_the_end(folder / SECRET_KEY):
                has_begun = True
                copier().replace(folder, manifest, finish)
    except OSError as error:
        said = _("can't restore %(file)s (%(error)s).")
        raise CannotStart(said % {"file": file, "error": error.strerror or error}) from error
    except (DatabaseError, sqlite3.Error) as error:
        said = _("can't use the database (%(error)s). Nothing was changed.")
        if has_begun and connection.vendor == "postgresql":
            said = _(
                "can't use the database (%(error)s). Run 'taskbell restore' again: it first puts back what was there."
            )
        raise CannotStart(said % {"error": first_line(error)}) from error
    return manifest


def _beside() -> Path:
    """The folder of the database's file, so that the copy takes its place by a rename."""
    return database_file().parent if connection.vendor == "sqlite" else settings.DATA


def _opened(file: Path, folder: Path, passphrase: str | None) -> Manifest:
    try:
        return unpack(file, folder, passphrase)
    except NotOpened:
        said = _("can't open %(file)s, because the passphrase is wrong or the file is damaged. Nothing was changed.")
    except Damaged:
        said = _("can't restore %(file)s, because it is damaged, incomplete, or not a backup. Nothing was changed.")
    raise CannotStart(said % {"file": file})


def _check_fits(manifest: Manifest) -> None:
    """Raises CannotStart for the other kind of database, and for a backup of a newer version."""
    if manifest.database != connection.vendor:
        raise CannotStart(
            _("can't restore a backup of %(theirs)s into %(ours)s. Set DATABASE_URL to a database of the same kind.")
            % {"theirs": manifest.database, "ours": connection.vendor}
        )
    if manifest.unknown_migrations():
        raise CannotStart(
            _("can't restore, because the backup is of a newer Taskbell (%(version)s). Install that version first.")
            % {"version": manifest.taskbell}
        )


@contextmanager
def _key_at_the_end(key: Path) -> Iterator[None]:
    """Writes the key that signed the links and sessions beside the server's. At the end, a rename puts it in place.

    So whatever can fail about it fails before the database is replaced.
    """
    if not key.exists():
        yield
        return
    with written_whole(settings.DATA / SECRET_KEY, replace=True) as draft:
        draft.write(key.read_bytes())
        draft.flush()
        os.fsync(draft.fileno())
        yield


def key_problem(manifest: Manifest) -> list[str]:
    """What to do where the server will sign with another key than that of the backup."""
    if manifest.has_own_key == (environment().SECRET_KEY is None):
        return []
    if manifest.has_own_key:
        return [
            _("SECRET_KEY is set, so the key of the backup is not used. Unset it, or people have to sign in again.")
        ]
    return [_("The backed-up server had SECRET_KEY set. Set it to the same value, or people have to sign in again.")]
