"""Sends clients what they have missed, page by page; each person's clients take turns, so that others don't wait."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from weakref import WeakValueDictionary

from taskbell.realtime.closing import Closed, Closing
from taskbell.realtime.frames import Frame, Frames, frames_after
from taskbell.realtime.subscribers import Subscriber
from taskbell.realtime.threads import Threads

# All clients of a person together may resume so many entries in this time; the next client starts over.
MAX_ENTRIES, WINDOW_SECONDS = 50_000, 60.0
PAGE_SECONDS = 10.0  # for a client to receive one page

Send = Callable[[Frame], Awaitable[None]]


class Share:
    """What one person may read: one page at a time, and a limited number of entries a minute."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self._entries = 0
        self._end_of_window: asyncio.TimerHandle | None = None

    def allows(self, entries: int) -> bool:
        """Counts these entries, unless they are too many. The count outlives the connections."""
        if self._entries + entries > MAX_ENTRIES:
            return False
        self._entries += entries
        if self._end_of_window is None:
            self._end_of_window = asyncio.get_running_loop().call_later(WINDOW_SECONDS, self._forget)
        return True

    def _forget(self) -> None:
        self._entries, self._end_of_window = 0, None


class CatchingUp:
    """Reads for all clients that are behind, in the order of their requests, one page for each person at a time."""

    def __init__(self) -> None:
        self._threads = Threads("catch-up", 2)
        self._shares: WeakValueDictionary[int, Share] = WeakValueDictionary()

    def share(self, person: int) -> Share:
        """The share of this person, the same for all their connections."""
        return self._shares.setdefault(person, Share())

    async def send_page(self, subscriber: Subscriber, send: Send) -> None:
        """Sends the client the next page of what it has missed. Raises Closed if the client doesn't read it."""
        share = self.share(subscriber.person)
        async with share.turn:
            page = await self._page_for(subscriber)
            try:
                async with asyncio.timeout(PAGE_SECONDS):
                    await _send_visible(page, subscriber, send)
            except TimeoutError:
                raise Closed(Closing.TRY_AGAIN_LATER, "You read too slowly. Connect again and resume.") from None

    async def _page_for(self, subscriber: Subscriber) -> Frames:
        """Reads a page. A client that gives up keeps its turn until the page is read, so it can't start several."""
        known = {subscriber.person: subscriber.access.text}
        reading = asyncio.ensure_future(self._threads.run(partial(frames_after, subscriber.position, known)))
        try:
            return await asyncio.shield(reading)
        finally:
            await asyncio.wait([reading])


async def _send_visible(page: Frames, subscriber: Subscriber, send: Send) -> None:
    keys = page.changed.get(subscriber.person, subscriber.access).keys
    for frame in page.frames:
        if frame.audience.includes(keys):
            await send(frame)
    subscriber.position = page.position
