"""Reads the history once for all connections of this process, and hands every event to those who may see it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import orjson

from taskbell.activity.queries import current_checkpoint
from taskbell.feed.events import events_after
from taskbell.realtime.subscribers import Frame, Subscriber, Subscribers
from taskbell.realtime.threads import Threads
from taskbell.tasks.audience import overseers, viewer_keys


@dataclass(frozen=True, slots=True)
class Frames:
    """The next frames in the order of commits, up to and including a position, and who saw everything at that time."""

    frames: list[Frame]
    position: int
    overseers: frozenset[int]


def frames_after(position: int) -> Frames:
    """The frames after this position. If its position is not higher, there are no more."""
    events = events_after(position)
    frames = [
        Frame(event.position, orjson.dumps(event.payload, option=orjson.OPT_UTC_Z).decode(), event.audience)
        for event in events.events
    ]
    # Roles are read after the tasks: a person who loses one sees nothing that was written later.
    return Frames(frames, events.position, overseers())


class Follower:
    """How far this process has read the history."""

    def __init__(self, subscribers: Subscribers) -> None:
        self.epoch, self.position = "", 0
        self._subscribers = subscribers
        self._reader, self._catching_up = Threads("live", 1), Threads("catch-up", 2)

    async def go_to_end(self) -> None:
        """Starts following at the end of the history."""
        self.epoch, self.position = await self._reader.run(current_checkpoint)

    async def read_on(self) -> None:
        """Reads up to the current end of the history."""
        await self._check_run()
        while (page := await self._reader.run(partial(frames_after, self.position))).position > self.position:
            self._subscribers.regroup(page.overseers)
            for frame in page.frames:
                for subscriber in self._subscribers.in_audience(frame.audience):
                    subscriber.offer(frame)
            self.position = page.position
            await self._subscribers.keep_up()

    async def _check_run(self) -> None:
        """Skips to the end where nobody is connected. After a restored backup, tells all clients to start over."""
        epoch, latest = await self._reader.run(current_checkpoint)
        is_another_run = latest < self.position or epoch != self.epoch
        self.epoch = epoch
        if is_another_run or self._subscribers.is_empty:
            self.position = latest
        if is_another_run:
            for subscriber in self._subscribers.everybody():
                subscriber.go_to(latest)
                subscriber.resync()

    async def catch_up(self, subscriber: Subscriber, send: Callable[[Frame], Awaitable[None]]) -> None:
        """Sends what the client has missed since its position. From then on it gets everything as it happens."""
        while subscriber.position < self.position:
            page = await self._catching_up.run(partial(frames_after, subscriber.position))
            keys = viewer_keys(subscriber.person, sees_everything=subscriber.person in page.overseers)
            for frame in page.frames:
                if frame.audience.includes(keys):
                    await send(frame)
            subscriber.position = page.position
        subscriber.is_live = True  # nothing was awaited since the comparison: there is neither a gap nor an overlap
