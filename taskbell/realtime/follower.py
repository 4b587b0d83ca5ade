"""Reads the history once for all connections of this process, and hands every event to those who may see it."""

from functools import partial

from taskbell.activity.queries import current_checkpoint
from taskbell.realtime.catching_up import CatchingUp, Send
from taskbell.realtime.frames import Frames, frames_after
from taskbell.realtime.subscribers import Subscriber, Subscribers
from taskbell.realtime.threads import Threads


class Follower:
    """How far this process has read the history."""

    def __init__(self, subscribers: Subscribers) -> None:
        self.epoch, self.position = "", 0
        self._subscribers = subscribers
        self._reader, self.catching_up = Threads("live", 1), CatchingUp()

    async def go_to_end(self) -> None:
        """Starts following at the end of the history."""
        end = await self._reader.run(current_checkpoint)
        self.epoch, self.position = end.epoch, end.position

    async def read_on(self) -> None:
        """Reads up to the current end of the history."""
        await self._check_run()
        while (page := await self._read_page()).position > self.position:
            self._subscribers.regroup(page.changed)
            for frame in page.frames:
                for subscriber in self._subscribers.in_audience(frame.audience):
                    subscriber.offer(frame)
            self.position = page.position
            await self._subscribers.keep_up()

    async def _read_page(self) -> Frames:
        return await self._reader.run(partial(frames_after, self.position, self._subscribers.known()))

    async def _check_run(self) -> None:
        """Skips to the end where nobody is connected. After a restored backup, tells all clients to start over."""
        end = await self._reader.run(current_checkpoint)
        is_another_run = end.position < self.position or end.epoch != self.epoch
        self.epoch = end.epoch
        if is_another_run or self._subscribers.is_empty:
            self.position = end.position
        if is_another_run:
            for subscriber in self._subscribers.everybody():
                subscriber.go_to(end.position)
                subscriber.resync()

    async def catch_up(self, subscriber: Subscriber, send: Send) -> None:
        """Sends what the client has missed since its position. From then on it gets everything as it happens."""
        while subscriber.position < self.position:
            await self.catching_up.send_page(subscriber, send)
        subscriber.is_live = True  # nothing was awaited since the comparison: there is neither a gap nor an overlap
