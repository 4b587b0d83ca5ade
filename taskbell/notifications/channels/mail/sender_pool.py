"""How many senders a process has: one as long as it gets on, another where all before it are held up."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic

HELD_UP_AFTER = 1.0  # seconds without a word; a mail server may take ten minutes over one mail


class SenderPool:
    """The senders of one process, at most so many. Two that get on would only be in each other's way."""

    def __init__(self, most: int) -> None:
        self.most, self.size = most, 0
        self._lock, self._heard_at = Lock(), 0.0

    def gets_on(self) -> None:
        """Some sender has just done something."""
        self._heard_at = monotonic()

    @contextmanager
    def joined(self) -> Iterator[bool]:
        """Whether one more sender is wanted; if so, it is one of them inside."""
        is_wanted = self._join()
        try:
            yield is_wanted
        finally:
            with self._lock:
                self.size -= is_wanted

    def _join(self) -> bool:
        with self._lock:
            is_held_up = monotonic() - self._heard_at > HELD_UP_AFTER
            if self.size == self.most or (self.size and not is_held_up):
                return False
            self.size += 1
            self.gets_on()
            return True
