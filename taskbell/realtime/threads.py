"""Database access from the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import close_old_connections

from taskbell.common.deadline import deadline

Answer = TypeVar("Answer")


class Threads:
    """A few threads, each with its own database connection."""

    def __init__(self, name: str, number: int) -> None:
        self._pool = ThreadPoolExecutor(number, thread_name_prefix=name)

    async def run(self, ask: Callable[[], Answer]) -> Answer:
        """The result of the call, or its exception."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, _fresh, ask)


def _fresh(ask: Callable[[], Answer]) -> Answer:
    close_old_connections()  # replaces a connection that the database has dropped, as at the start of a request
    try:
        with deadline():
            return ask()
    finally:
        close_old_connections()
