"""Reads the history on, once for all connections of this process, and hands every event to those who may hear it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from taskbell.realtime.subscribers import Event, Subscriber, Subscribers
from taskbell.realtime.threads import Threads


@dataclass(frozen=True, slots=True)
class Page:
    """The next events in the order of commits, up to and including a position."""

    events: list[Event]
    position: int


class Feed(Protocol):
    """Where the events come from. Positions are in the order of commits: who sees one sees all below it."""

    epoch: str  # the run of the history, as of when `latest` was last asked; another one where a backup was restored

    def latest(self) -> int:
        """The position of the last event."""

    def after(self, position: int) -> Page:
        """What comes next, as the roles and the tasks are now. A page that goes no further: there is no more."""

    def scope(self, person: int) -> str:
        """Who this is and what they may see. A cursor of another scope is no good to them."""

    def cursor(self, position: int, scope: str) -> str:
        """The position as clients are told it."""

    def position(self, cursor: str, scope: str) -> int | None:
        """What the cursor says; None where what has changed since cannot be told one by one."""


class Follower:
    """Where this process is in the history."""

    def __init__(self, feed: Feed, room: Subscribers) -> None:
        self.position = 0
        self._feed = feed
        self._room = room
        self._reader, self._catching_up = Threads("live", 1), Threads("catch-up", 2)

    async def go_to_end(self) -> None:
        """From here on it follows."""
        self.position = await self._reader.run(self._feed.latest)

    async def read_on(self) -> None:
        """Up to where the history ends now."""
        await self._look_up()
        while (page := await self._reader.run(partial(self._feed.after, self.position))).position > self.position:
            for event in page.events:
                for subscriber in self._room.of(event.people):
                    subscriber.offer(event)
            self.position = page.position
            await self._room.keep_up()

    async def _look_up(self) -> None:
        """Goes to the end where nobody misses what lies between, or where a backup was restored, which all are told."""
        epoch = self._feed.epoch
        latest = await self._reader.run(self._feed.latest)
        is_another_run = latest < self.position or self._feed.epoch != epoch
        if is_another_run or self._room.is_empty:
            self.position = latest
        if is_another_run:
            for subscriber in self._room.of(None):
                subscriber.go_to(latest)
                subscriber.resync()

    async def catch_up(self, subscriber: Subscriber, tell: Callable[[Event], Awaitable[None]]) -> None:
        """Tells the listener what it has missed since its position; from then on it hears everything as it happens."""
        while subscriber.position < self.position:
            page = await self._catching_up.run(partial(self._feed.after, subscriber.position))
            for event in page.events:
                if event.is_for(subscriber.person):
                    await tell(event)
            subscriber.position = page.position
        subscriber.is_live = True  # nothing was awaited since the comparison: there is neither a gap nor an overlap
