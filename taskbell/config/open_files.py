"""How many files and connections a process may have open."""

import resource
from contextlib import suppress

ENOUGH = 1_000_000


def most_open_files() -> int:
    """The limit of this process, after raising the soft one to the hard one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # macOS refuses its own hard limit
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return ENOUGH if soft == resource.RLIM_INFINITY else soft
