"""Wake-ups between processes: something was committed, read the history. Sent at most once, and without content.

On a wake-up, a process reads the history from its cursor. A lost wake-up costs time, never an event.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from threading import Event, Lock, Thread

import redis
import redis.asyncio
from django.conf import settings

log = logging.getLogger(__name__)

CHANNEL = "taskbell.wakeups"


class Announcer:
    """Publishes from its own thread, so that no response waits for the broker."""

    def __init__(self) -> None:
        self._wanted = Event()
        self._starting = Lock()
        self._thread: Thread | None = None

    def __call__(self) -> None:
        """Wakes every process that follows the history. Returns at once, even when the broker is slow or away.

        Call it after the commit. Calls in quick succession become one wake-up.
        """
        self._wanted.set()
        if self._thread is None or not self._thread.is_alive():  # first use, or this process was forked
            with self._starting:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = Thread(target=self._run, name="wakeups", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        broker = redis.Redis.from_url(settings.REDIS_URL, **settings.REDIS_TIMEOUTS)
        while self._wanted.wait():
            self._wanted.clear()  # before publishing: a commit in between gets its own wake-up
            try:
                broker.publish(CHANNEL, b"")
            except redis.RedisError as error:
                log.debug("wake-up not sent: %s", error)


announce = Announcer()


async def wakeups(*, at_least_every: float = 5) -> AsyncGenerator[None]:
    """Yields when the history may have grown: at the start, on wake-ups, and after this many seconds without one.

    Wake-ups that arrive while the caller is busy become one. Never ends: while the broker is away, the timer goes on.
    """
    woken = asyncio.Event()
    listener = asyncio.create_task(_listen(woken))
    try:
        while True:
            woken.clear()
            yield
            try:
                await asyncio.wait_for(woken.wait(), at_least_every)
            except TimeoutError:
                continue
    finally:
        listener.cancel()


async def _listen(woken: asyncio.Event) -> None:
    while True:
        broker = redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1)
        try:
            async with broker, broker.pubsub() as subscription:
                await subscription.subscribe(CHANNEL)
                async for _ in subscription.listen():
                    woken.set()  # the first message confirms the subscription: look for what was committed before it
        except (redis.RedisError, OSError) as error:
            log.debug("no wake-ups: %s", error)
        await asyncio.sleep(1)
