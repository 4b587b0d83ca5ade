"""What the running processes leave in the data folder, and the locks that keep them apart."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from taskbell.runtime.refusals import CannotStart


def run_folder(data: Path) -> Path:
    """Where the process numbers are."""
    folder = data / "run"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def pid_file(data: Path, name: str) -> Path:
    """Holds the process number of web, worker, beat or valkey."""
    return run_folder(data) / f"{name}.pid"


def setup_link_file(data: Path) -> Path:
    """Holds the link with which the first person becomes administrator, as long as there is nobody."""
    return run_folder(data) / "setup-link"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Waits until no other process is inside."""
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def claim_data_folder(data: Path, *, patience: float = 3.0) -> int:
    """The file descriptor of a lock that only one process can have. Raises CannotStart where another has it.

    Waits for `patience` seconds, because the children of a parent that was killed need a moment to end.
    """
    lock = os.open(run_folder(data) / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise CannotStart(f"TASKBELL_DATA: another Taskbell is already running on {data}.") from None
            time.sleep(0.1)
