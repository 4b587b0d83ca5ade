"""Turns to write. SQLite lets one writer in at a time, and its own way of waiting is unfair (docs/decisions/0051)."""

import fcntl
import os
from collections import deque
from threading import Lock

from django.db import OperationalError

LOCKED = "database is locked"  # as SQLite says it


class Turns:
    """The writers of one database file, in order of arrival within a process. Each process has one of them in the line.

    A process that ends gives its turn back.
    """

    def __init__(self, path: str) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._line, self._turn = (os.open(f"{path}-{name}", flags, 0o600) for name in ("line", "turn"))
        self._mutex = Lock()
        self._waiting = deque[Lock]()  # each is released when that writer is the first of its process
        self._is_taken = False

    def take(self, timeout: float) -> None:
        """Waits for the turn. Raises OperationalError after `timeout` seconds behind others of this process."""
        if not self._enter(timeout):
            raise OperationalError(LOCKED)
        try:
            # A process that takes the turn again lines up behind the others: none has it twice in a row while others
            # wait.
            fcntl.flock(self._line, fcntl.LOCK_EX)
            fcntl.flock(self._turn, fcntl.LOCK_EX)
            fcntl.flock(self._line, fcntl.LOCK_UN)
        except BaseException:
            self.give_back()
            raise

    def give_back(self) -> None:
        """Lets the next writer in. Only the writer that has the turn may call it."""
        fcntl.flock(self._line, fcntl.LOCK_UN)
        fcntl.flock(self._turn, fcntl.LOCK_UN)
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False

    def is_free(self) -> bool:
        """Whether nobody writes or waits at this moment."""
        if not self._enter(0):
            return False
        try:
            fcntl.flock(self._turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            self.give_back()
        return True

    def close(self) -> None:
        """Closes the files. A process that took the turn and still has them open keeps it."""
        os.close(self._line)
        os.close(self._turn)

    def _enter(self, timeout: float) -> bool:
        with self._mutex:
            if not self._is_taken:
                self._is_taken = True
                return True
            mine = Lock()
            mine.acquire()
            self._waiting.append(mine)
        if mine.acquire(timeout=timeout):
            return True
        with self._mutex:
            if mine not in self._waiting:
                return True  # its turn came at the last moment
            self._waiting.remove(mine)
            return False


_turns: dict[str, Turns] = {}
_mutex = Lock()


def turns_of(path: str) -> Turns:
    """The turns of this file: one object for each process."""
    with _mutex:
        if path not in _turns:
            _turns[path] = Turns(path)
        return _turns[path]


def _forget() -> None:
    """A forked process has its parent's files open, and would keep a turn that its parent took."""
    while _turns:
        _turns.popitem()[1].close()


os.register_at_fork(after_in_child=_forget)
