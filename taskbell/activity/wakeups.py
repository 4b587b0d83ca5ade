"""Hints between processes: something has been committed, look at the history. At most once, and without content.

Who hears one reads the history from its cursor on. A hint that is lost costs time, never an event.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from threading import Event, Lock, Thread

import redis
import redis.asyncio
from django.conf import settings

log = logging.getLogger(__name__)

CHANNEL = "taskbell.hints"


class Announcer:
    """Publishes from a thread of its own, so that no answer waits for the broker."""

    def __init__(self) -> None:
        self._wanted = Event()
        self._starting = Lock()
        self._thread: Thread | None = None

    def announce(self) -> None:
        self._wanted.set()
        if self._thread is None or not self._thread.is_alive():  # first use, or this process was forked
            with self._starting:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = Thread(target=self._run, name="hints", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        broker = redis.Redis.from_url(settings.REDIS_URL, **settings.REDIS_TIMEOUTS)
        while self._wanted.wait():
            self._wanted.clear()  # before publishing: what is committed meanwhile gets a hint of its own
            try:
                broker.publish(CHANNEL, b"")
            except redis.RedisError as error:
                log.debug("no hint: %s", error)


_announcer = Announcer()


def announce() -> None:
    """Lets every process that listens know that there is something new; returns at once, whatever the broker does.

    Call it after the commit. Many calls at a time become one hint.
    """
    _announcer.announce()


async def hints(*, at_least_every: float = 5) -> AsyncGenerator[None]:
    """Yields whenever it is worth looking at the history: at first, after hints, and after so many seconds without.

    Several hints that come while nobody waits are one. Never ends: while the broker is away, it goes by the clock.
    """
    heard = asyncio.Event()
    listener = asyncio.create_task(_listen(heard))
    try:
        while True:
            heard.clear()
            yield
            try:
                await asyncio.wait_for(heard.wait(), at_least_every)
            except TimeoutError:
                continue
    finally:
        listener.cancel()


async def _listen(heard: asyncio.Event) -> None:
    while True:
        broker = redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1)
        try:
            async with broker, broker.pubsub() as subscription:
                await subscription.subscribe(CHANNEL)
                async for _ in subscription.listen():
                    heard.set()  # the first message says that we are subscribed: something may have come before
        except (redis.RedisError, OSError) as error:
            log.debug("no hints: %s", error)
        await asyncio.sleep(1)
