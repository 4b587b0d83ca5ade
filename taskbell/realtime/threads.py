"""The database, asked from the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import close_old_connections

Answer = TypeVar("Answer")


class Threads:
    """A few threads, each with a connection of its own that is kept."""

    def __init__(self, name: str, number: int) -> None:
        self._pool = ThreadPoolExecutor(number, thread_name_prefix=name)

    async def run(self, ask: Callable[[], Answer]) -> Answer:
        """The answer, or the exception."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, _fresh, ask)


def _fresh(ask: Callable[[], Answer]) -> Answer:
    close_old_connections()  # a connection that the database has dropped is replaced, as at the start of a request
    try:
        return ask()
    finally:
        close_old_connections()
