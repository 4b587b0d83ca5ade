"""How many senders a process has: one, and another whenever all of them are stuck."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic

STUCK_AFTER_SECONDS = 1.0  # without progress; a mail server may take ten minutes to answer


class SenderPool:
    """The senders of one process, up to a maximum. Two that both make progress would only slow each other down."""

    def __init__(self, size_limit: int) -> None:
        self.size_limit, self.size = size_limit, 0
        self._lock, self._progress_at = Lock(), 0.0

    def report_progress(self) -> None:
        """A sender has just done something."""
        self._progress_at = monotonic()

    @contextmanager
    def joined(self) -> Iterator[bool]:
        """Yields whether one more sender is wanted; if so, it counts as one of them until the end of the block."""
        is_wanted = self._join()
        try:
            yield is_wanted
        finally:
            with self._lock:
                self.size -= is_wanted

    def _join(self) -> bool:
        with self._lock:
            is_stuck = monotonic() - self._progress_at > STUCK_AFTER_SECONDS
            if self.size == self.size_limit or (self.size and not is_stuck):
                return False
            self.size += 1
            self.report_progress()
            return True
