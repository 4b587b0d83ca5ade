"""Files of the running processes in the data folder, and the locks between them."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from taskbell.config.language import gettext as _
from taskbell.runtime.refusals import CannotStart

PATIENCE_SECONDS = 3.0


def run_folder(data: Path) -> Path:
    """The folder for process IDs."""
    folder = data / "run"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def pid_file(data: Path, name: str) -> Path:
    """The file with the process ID of web, worker or valkey."""
    return run_folder(data) / f"{name}.pid"


def setup_link_file(data: Path) -> Path:
    """The file with the link for creating the first account; it exists while there are no accounts."""
    return run_folder(data) / "setup-link"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds an exclusive lock on the file, waiting for other processes to release theirs."""
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def claim_data_folder(data: Path) -> int:
    """The file descriptor of an exclusive lock. Raises CannotStart if another process holds the lock.

    Retries for some seconds, because the children of a killed parent need a moment to exit.
    """
    lock = os.open(run_folder(data) / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise CannotStart(
                    _("TASKBELL_DATA: another Taskbell is already using %(data)s. Stop it first.") % {"data": data}
                ) from None
            time.sleep(0.1)
