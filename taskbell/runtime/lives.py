"""Which workers on this machine are alive. Each locks a file of its own; the lock ends with the process.

However a worker dies, the others or its successor notice, and hand back what it had claimed.
"""

import fcntl
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from django.db import DatabaseError, InterfaceError, connection

from taskbell.common.clock import utc_now
from taskbell.common.leases import PROCESS
from taskbell.notifications.channels.mail import delivery
from taskbell.reports import building

CHECK_SECONDS = 1.0
HAND_BACK = (delivery.hand_back, building.hand_back)

logger = logging.getLogger("taskbell.worker")


def begin(folder: Path, process: int = PROCESS) -> int:
    """Marks this process as alive, until the returned file descriptor is closed."""
    folder.mkdir(mode=0o700, exist_ok=True)
    draft = folder / f".{process:016x}"
    lock = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    draft.rename(folder / f"{process:016x}")  # locked before anybody looks for it
    return lock


@contextmanager
def _ended(file: Path) -> Iterator[bool]:
    """Yields whether the process of this file has ended, and no other process is handling that."""
    try:
        lock = os.open(file, os.O_RDWR)
    except FileNotFoundError:
        yield False
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(lock)


def hand_back(folder: Path) -> int:
    """Hands back what workers that have ended had claimed. Returns how much."""
    total = 0
    for file in folder.glob("[0-9a-f]*"):
        with _ended(file) as is_ended:
            if is_ended:
                handed_back = sum(each(int(file.name, 16), now=utc_now()) for each in HAND_BACK)
                file.unlink(missing_ok=True)
                if handed_back:
                    logger.warning("Handed back %d claims of a worker that has died.", handed_back)
                total += handed_back
    return total


def watch(folder: Path) -> Thread:
    """Hands back in a thread of its own, from now on."""
    thread = Thread(target=_watch, args=(folder,), name="lives", daemon=True)
    thread.start()
    return thread


def _watch(folder: Path) -> None:
    while True:
        try:
            hand_back(folder)
        except (DatabaseError, InterfaceError) as error:  # the file is still there: the next round tries again
            logger.warning("Can't hand back claims while the database is away: %s", error)
        finally:
            connection.close()
        time.sleep(CHECK_SECONDS)
