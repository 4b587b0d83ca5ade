"""A folder for the unpacked parts of a backup, and for one process at a time."""

import errno
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
    """Another process makes or restores a backup of this data folder, or writes to this folder of backups."""


WITHOUT_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}


@contextmanager
def alone(lock_file: Path) -> Iterator[None]:
    """Keeps other processes out, on other machines too if the file system can. Raises BackupIsRunning."""
    lock = os.open(lock_file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupIsRunning(_("another backup or restore is running. Wait until it ends.")) from None
        except OSError as error:
            if error.errno not in WITHOUT_LOCKS:
                raise
        yield
    finally:
        os.close(lock)


@contextmanager
def workplace(data: Path, beside: Path) -> Iterator[Path]:
    """An empty folder in `beside`, closed to others. What a killed process has left in it is removed first."""
    folder = beside / "taskbell-backup.tmp"
    with alone(run_folder(data) / "backup.lock"):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
