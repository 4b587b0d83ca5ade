"""Locks across all processes."""

import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

from taskbell.common.deadline import no_deadline
from taskbell.common.sql import execute

PAUSE_SECONDS = 0.02  # a few small transactions; those that wait in line come first anyway


def let_others_write() -> None:
    """Call it between the transactions of long work.

    On SQLite, it pauses while others write: they take turns, but a batch takes as long as many of their writes.
    """
    backend: Any = connection
    if connection.vendor == "sqlite" and backend.others_write():
        time.sleep(PAUSE_SECONDS)


def in_batches(batch: Callable[[], int]) -> int:
    """Calls it until it returns zero, and lets others write in between, without a deadline. Returns the sum."""
    total = 0
    with no_deadline():
        while done := batch():
            total += done
            let_others_write()
    return total


def in_batches_by_two(batch: Callable[[], int], *, size: int) -> int:
    """Like `in_batches`, for batches of `size` rows that skip rows locked by others. Returns the sum.

    On PostgreSQL, a second thread joins after a full batch: while one of them computes, the database works for the
    other.
    """
    first = batch()
    if first < size or connection.vendor != "postgresql":
        return first + in_batches(batch)
    with ThreadPoolExecutor(1, thread_name_prefix="batches") as pool:
        beside = pool.submit(_in_batches_apart, batch)
        return first + in_batches(batch) + beside.result()


def _in_batches_apart(batch: Callable[[], int]) -> int:
    """Uses a connection of this thread's own."""
    try:
        return in_batches(batch)
    finally:
        connection.close()


def one_at_a_time(name: str) -> None:
    """Takes the lock of this name until the transaction ends.

    Later reads see what earlier holders have committed. SQLite has one writer at a time anyway.
    """
    if connection.vendor == "postgresql":
        execute("SELECT pg_advisory_xact_lock(%s)", [zlib.crc32(name.encode())])
