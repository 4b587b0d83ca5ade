"""A folder for the unpacked parts of a backup, and for one process at a time."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from taskbell.config.language import gettext as _
from taskbell.runtime.files import run_folder
from taskbell.runtime.refusals import CannotStart


class BackupIsRunning(CannotStart):
    """Another process makes or restores a backup of this data folder."""


@contextmanager
def workplace(data: Path, beside: Path) -> Iterator[Path]:
    """An empty folder in `beside`, closed to others. What a killed process has left in it is removed first."""
    lock = os.open(run_folder(data) / "backup.lock", os.O_RDWR | os.O_CREAT, 0o600)
    folder = beside / "taskbell-backup.tmp"
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupIsRunning(
                _("another backup or restore of this data folder is running. Wait until it ends.")
            ) from None
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
