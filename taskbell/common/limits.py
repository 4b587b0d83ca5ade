"""Limits of the process itself."""

import resource
from contextlib import suppress

GRACE_SECONDS = 1  # between the signal and the kill
ENOUGH_FILES = 1_000_000


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
