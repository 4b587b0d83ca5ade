"""Gives memory back to the system: by default, glibc keeps some for each thread that ever needed much."""

import ctypes
from contextlib import suppress

M_TRIM_THRESHOLD, M_ARENA_MAX = -1, -8  # malloc.h
MAX_ARENAS = 2
TRIM_BYTES = 128 * 1024


def share_memory_between_threads() -> None:
    """Call this before threads start. It does nothing where the C library has no such options."""
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_ARENA_MAX, MAX_ARENAS)
        mallopt(M_TRIM_THRESHOLD, TRIM_BYTES)
