"""What all live connections of a process share. Nothing runs before the first of them."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from uuid import UUID

from django.db import InterfaceError, OperationalError

from taskbell.accounts.models import Session
from taskbell.common.clock import utc_now
from taskbell.realtime.closing import SignedOut
from taskbell.realtime.follower import Feed, Follower
from taskbell.realtime.handshake import Credential, session_behind
from taskbell.realtime.subscribers import Subscribers
from taskbell.realtime.threads import Threads

SESSIONS_EVERY = 10.0  # seconds
PAUSE_AFTER_FAILURE = 1.0

logger = logging.getLogger("taskbell.live")

Hints = Callable[[], AsyncGenerator[None]]


class Hub:
    """The room, the follower, and the look at the sessions."""

    def __init__(self, feed: Feed, hints: Hints) -> None:
        self.room = Subscribers()
        self.follower = Follower(feed, self.room)
        self._feed = feed
        self._hints = hints
        self._threads = Threads("sessions", 2)
        self._starting = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []

    async def session_behind(self, credential: Credential) -> Session:
        """Who has come. Raises SignedOut."""
        return await self._threads.run(lambda: session_behind(credential, now=utc_now()))

    async def start(self) -> None:
        """Returns when it is known where the history stands; it is followed from then on."""
        async with self._starting:
            if not self._tasks:
                await self.follower.go_to_end()
                self._tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._watch_sessions())]

    async def scope(self, person: int) -> str:
        """What the cursors of this person are good for."""
        return await self._threads.run(partial(self._feed.scope, person))

    def cursor(self, position: int, scope: str) -> str:
        """What a client has to resume from that has seen everything up to this position."""
        return self._feed.cursor(position, scope)

    async def position(self, cursor: str, scope: str) -> int | None:
        """What the cursor says; None where it says nothing any more."""
        return await self._threads.run(partial(self._feed.position, cursor, scope))

    async def _follow(self) -> None:
        async with aclosing(self._hints()) as hints:
            async for _ in hints:
                await _patiently(self.follower.read_on)

    async def _watch_sessions(self) -> None:
        while True:
            await asyncio.sleep(SESSIONS_EVERY)
            await _patiently(self._close_signed_out)

    async def _close_signed_out(self) -> None:
        """One query for everybody in the room."""
        before = list(self.room.of(None))
        sessions = {subscriber.session_id for subscriber in before}
        alive = await self._threads.run(partial(_alive, sessions)) if sessions else set()
        for subscriber in before:
            if subscriber.session_id not in alive:
                subscriber.close(SignedOut())


def _alive(sessions: set[UUID]) -> set[UUID]:
    return set(Session.objects.alive(utc_now()).filter(pk__in=sessions).values_list("pk", flat=True))


async def _patiently(work: Callable[[], Awaitable[None]]) -> None:
    """Does it; where that fails, says so and leaves it to the next time."""
    try:
        await work()
    except (OperationalError, InterfaceError) as error:
        logger.warning("The database is away; live connections wait for it (%s).", str(error).strip())
        await asyncio.sleep(PAUSE_AFTER_FAILURE)
    except Exception:
        logger.exception("Live connections were not served for a moment.")
        await asyncio.sleep(PAUSE_AFTER_FAILURE)
