"""Web processes are forks of one that has loaded everything, and share its memory (docs/decisions/0052)."""

import gc
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket

from taskbell.runtime.children import end_with_parent
from taskbell.runtime.keeper import RESUME, WATCHED, become_keeper

MAX_BY_DEFAULT = 4
QUOTA = Path("/sys/fs/cgroup/cpu.max")  # of a container

logger = logging.getLogger("taskbell.web")


def default_number() -> int:
    """One process for each core that this program may use, up to 4. Where the cores are not known: 1."""
    if not hasattr(os, "sched_getaffinity"):
        return 1
    cores = min(len(os.sched_getaffinity(0)), MAX_BY_DEFAULT)
    with suppress(OSError, ValueError):
        quota, period = QUOTA.read_text().split()
        return max(1, min(cores, int(quota) // int(period)))
    return cores


@dataclass
class Forks:
    """The forks that serve at a listening socket, and the exit codes of those to replace."""

    listener: socket
    serving: list[int] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)

    @classmethod
    def resumed(cls, state: str) -> "Forks":
        """As the keeper has left them, which has become this program because some have ended."""
        listener, serving, ended = ([int(number) for number in part.split(",") if number] for part in state.split(":"))
        for code in ended:
            logger.warning("A web process ended (exit code %s). Starting another.", code)
        return cls(socket(fileno=listener[0]), serving, ended)

    def run(self, serve: Callable[[], object], number: int) -> None:
        """Starts forks until there are so many, and becomes their keeper. Call it before the program has threads."""
        signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
        self.listener.set_inheritable(False)
        gc.collect()
        gc.freeze()  # the collector no longer writes to what is loaded, so it stays shared
        while len(self.serving) < number:
            self.serving.append(_start(serve))
        command = [word for word in sys.orig_argv[1:] if not word.startswith(RESUME)]
        become_keeper(self.listener.fileno(), self.serving, [sys.executable, *command])


def _start(serve: Callable[[], object]) -> int:
    """The process ID of a fork that serves."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    try:
        end_with_parent()
        for number in WATCHED:
            signal.signal(number, signal.SIG_DFL)  # until the server has its own
        signal.pthread_sigmask(signal.SIG_UNBLOCK, WATCHED)
        serve()
        os._exit(0)
    except KeyboardInterrupt:
        os._exit(0)
    except BaseException:
        logger.exception("A web process failed.")
        os._exit(1)
