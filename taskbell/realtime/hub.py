"""What all live connections of a process share. Nothing runs before the first connection."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from functools import partial
from uuid import UUID

from django.db import InterfaceError, OperationalError

from taskbell.accounts.models import Session
from taskbell.activity.wakeups import wakeups
from taskbell.common.clock import utc_now
from taskbell.common.errors import NotSignedIn
from taskbell.common.measures import LIVE_CONNECTIONS
from taskbell.feed.cursors import plain_cursor, resumable_position
from taskbell.projects.audience import Access, changed_access
from taskbell.realtime.closing import Closed, Closing
from taskbell.realtime.follower import Follower
from taskbell.realtime.handshake import Credential, Unfinished
from taskbell.realtime.subscribers import Subscribers
from taskbell.realtime.threads import Threads

SESSION_CHECK_SECONDS = 10.0
PAUSE_AFTER_FAILURE_SECONDS = 1.0

logger = logging.getLogger("taskbell.live")


class Hub:
    """The subscribers, the follower, and the check of the sessions."""

    def __init__(self) -> None:
        self.unfinished = Unfinished()
        self.subscribers = Subscribers()
        LIVE_CONNECTIONS.read_by(lambda: self.subscribers.number)
        self.follower = Follower(self.subscribers)
        self._threads = Threads("sessions", 2)
        self._starting = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []

    async def session_behind(self, credential: Credential) -> Session:
        """The session that the client has shown. Raises Closed."""
        try:
            return await self._threads.run(lambda: credential(now=utc_now()))
        except NotSignedIn as error:
            raise Closed(Closing.SIGNED_OUT, error.detail) from error

    async def start(self) -> None:
        """Returns once the end of the history is known and the process follows it."""
        async with self._starting:
            if not self._tasks:
                await self.follower.go_to_end()
                self._tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._watch_sessions())]

    async def access(self, person: int) -> Access:
        """What the person may see now; cursors are valid for one access."""
        return await self._threads.run(lambda: changed_access({person: ""})[person])

    def cursor(self, position: int, access: Access) -> str:
        """What a client that has seen everything up to this position resumes from."""
        return plain_cursor(self.follower.epoch, access.text, position)

    async def position(self, cursor: str, access: Access) -> int | None:
        """The position to resume from; None where the client has to start over."""
        return await self._threads.run(partial(resumable_position, cursor, access.text))

    async def _follow(self) -> None:
        async with aclosing(wakeups()) as moments:
            async for _ in moments:
                await _patiently(self.follower.read_on)

    async def _watch_sessions(self) -> None:
        while True:
            await asyncio.sleep(SESSION_CHECK_SECONDS)
            await _patiently(self._close_signed_out)

    async def _close_signed_out(self) -> None:
        """One query for all subscribers."""
        before = self.subscribers.everybody()
        sessions = {subscriber.session_id for subscriber in before}
        alive = await self._threads.run(partial(_alive, sessions)) if sessions else set()
        for subscriber in before:
            if subscriber.session_id not in alive:
                subscriber.close(Closed(Closing.SIGNED_OUT))


def _alive(sessions: set[UUID]) -> set[UUID]:
    return set(Session.objects.alive(utc_now()).filter(pk__in=sessions).values_list("pk", flat=True))


async def _patiently(work: Callable[[], Awaitable[None]]) -> None:
    """Does the work. A failure is logged, and the next round tries again."""
    try:
        await work()
    except (OperationalError, InterfaceError) as error:
        logger.warning("Can't reach the database; live connections wait for it (%s).", str(error).strip())
        await asyncio.sleep(PAUSE_AFTER_FAILURE_SECONDS)
    except Exception:
        logger.exception("Live connections were not served for a moment.")
        await asyncio.sleep(PAUSE_AFTER_FAILURE_SECONDS)
