"""Web processes are forks of one that has loaded everything, and share its memory (docs/decisions/0052)."""

import gc
import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType

from taskbell.runtime.children import end_with_parent

FORK = multiprocessing.get_context("fork")  # type: ignore[attr-defined,unused-ignore]  # not on Windows
CHECK_SECONDS = 0.25
RESTART_SECONDS = 0.5  # so that a fork that always fails doesn't keep a core busy
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


class Forks:
    """A number of forks, each replaced if it ends, until SIGTERM or Ctrl-C."""

    def __init__(self, serve: Callable[[], object], number: int) -> None:
        self._serve = serve
        self._number = number
        self._forks: list[BaseProcess] = []
        self._asked_to_stop = False

    def run(self) -> None:
        """Returns after all have ended. Call it before the program has threads."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        gc.collect()
        gc.freeze()  # the collector no longer writes to what is loaded, so it stays shared
        self._forks = [self._start() for _ in range(self._number)]
        while not self._asked_to_stop:
            self._forks = [fork if fork.is_alive() else self._replace(fork) for fork in self._forks]
            wait([fork.sentinel for fork in self._forks], CHECK_SECONDS)
        for fork in self._forks:
            fork.terminate()
        for fork in self._forks:
            fork.join()

    def _replace(self, ended: BaseProcess) -> BaseProcess:
        logger.warning("A web process ended (exit code %s). Starting another.", ended.exitcode)
        time.sleep(RESTART_SECONDS)
        return self._start()

    def _start(self) -> BaseProcess:
        fork: BaseProcess = FORK.Process(target=self._run_fork)
        fork.start()
        return fork

    def _run_fork(self) -> None:
        end_with_parent()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)  # until the server has its own
        self._serve()

    def _on_signal(self, _signal: int, _frame: FrameType | None) -> None:
        self._asked_to_stop = True
