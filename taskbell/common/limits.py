"""Limits of the process itself."""

import ctypes
import resource
from contextlib import suppress

GRACE_SECONDS = 1  # between the signal and the kill
ENOUGH_FILES = 1_000_000
# By default, glibc keeps some memory for each thread that ever needed much.
M_TRIM_THRESHOLD, M_ARENA_MAX = -1, -8  # malloc.h
MAX_ARENAS = 2
TRIM_BYTES = 128 * 1024


def limit(*, seconds: int, mebibytes: int) -> None:
    """Ends this process after so many seconds of computing, and limits how much more memory it can take."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + GRACE_SECONDS))
    with suppress(ValueError, OSError):  # macOS has no such limit
        resource.setrlimit(resource.RLIMIT_AS, (_size() + mebibytes * 1024 * 1024,) * 2)


def _size() -> int:
    with open("/proc/self/statm") as numbers:
        return int(numbers.read().split()[0]) * resource.getpagesize()


def most_open_files() -> int:
    """How many files and connections this process may have open, after raising the soft one to the hard one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # macOS refuses its own hard limit
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return ENOUGH_FILES if soft == resource.RLIM_INFINITY else soft


def share_memory_between_threads() -> None:
    """Gives memory back to the system. Call it before threads start. Does nothing in C libraries without it."""
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_ARENA_MAX, MAX_ARENAS)
        mallopt(M_TRIM_THRESHOLD, TRIM_BYTES)
