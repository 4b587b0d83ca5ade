"""Places for requests that occupy something scarce: a thread, the disk, the database."""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

from taskbell.common.errors import TooMany

RETRY_AFTER_SECONDS = 5
MIN_BYTES_PER_SECOND_WHILE_WANTED = 20_000.0  # of a body or an answer, while somebody waits for its place


class _Line:
    """The requests of one asker."""

    def __init__(self, each: int) -> None:
        self.turn = asyncio.Semaphore(each)
        self.length = 0


class Places:
    """At most `total` at a time and `each` for one asker; the others wait in a fair line.

    Fair, because an asker has at most `each` requests in the common line, and the rest in a line of their own.
    """

    def __init__(self, total: int, *, each: int, in_line: int) -> None:
        self._free = asyncio.Semaphore(total)
        self.total, self.each, self.in_line = total, each, in_line
        self.lines: dict[Hashable, _Line] = {}  # of those who have a place or wait for one
        self._waiting = 0  # in the common line

    @property
    def are_wanted(self) -> bool:
        """True while somebody waits because all places are taken."""
        return self._waiting > 0

    @asynccontextmanager
    async def of(self, asker: Hashable) -> AsyncIterator["Places"]:
        """Waits for a place. Raises TooMany if too many requests of this asker wait already."""
        line = self.lines.setdefault(asker, _Line(self.each))
        if line.length >= self.each + self.in_line:
            raise TooMany("Too many of your requests are waiting. Wait for their answers.", RETRY_AFTER_SECONDS)
        line.length += 1
        try:
            async with line.turn, self._one():
                yield self
        finally:
            line.length -= 1
            if not line.length:
                del self.lines[asker]

    @asynccontextmanager
    async def _one(self) -> AsyncIterator[None]:
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()
