"""Child processes that the parent keeps running."""

import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

FIRST_RESTART_DELAY = 0.5
MAX_RESTART_DELAY = 10.0
# A program that exits with an error sooner than this would probably fail again; one that was killed would not, unless
# it is killed at once.
FAILED_AT_ONCE_SECONDS, KILLED_AT_ONCE_SECONDS = 15.0, 1.0
PR_SET_PDEATHSIG = 1

logger = logging.getLogger("taskbell.run")


def end_with_parent() -> None:
    """Runs in a new child process. Makes Linux send it SIGTERM when its parent ends for any reason."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One program, restarted whenever it exits; with growing delays if it exits at once."""

    name: str
    command: Sequence[str]
    pid_file: Path
    inherited: Sequence[int] = ()
    delay: float = 0.0
    start_at: float | None = None
    started_at: float = 0.0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Starts the program in its own session, so that Ctrl-C reaches only the parent."""
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=self.inherited,
            preexec_fn=end_with_parent,  # safe here: the parent has only one thread
        )
        self.pid_file.write_text(str(self.process.pid))
        self.started_at = time.monotonic()
        self.start_at = None

    @property
    def exit_code(self) -> int | None:
        """The program's exit code, negative for a signal; None while it runs."""
        return self.process.poll() if self.process else None

    def watch(self) -> None:
        """Restarts the program if it has exited, after its delay."""
        now = time.monotonic()
        if self.start_at is None and self.exit_code is not None:
            self.kill()
            at_once = FAILED_AT_ONCE_SECONDS if self.exit_code > 0 else KILLED_AT_ONCE_SECONDS
            if now - self.started_at > at_once:
                self.delay = 0.0
            logger.warning("%s exited (%s). Restarting in %g s.", self.name, _reason(self.exit_code), self.delay)
            self.start_at = now + self.delay
            self.delay = min(max(2 * self.delay, FIRST_RESTART_DELAY), MAX_RESTART_DELAY)
        if self.start_at is not None and now >= self.start_at:
            self.start()

    def ask_to_stop(self) -> None:
        """Sends SIGTERM to the program, which stops its own children."""
        self.start_at = None
        if self.process and self.exit_code is None:
            self.process.terminate()

    def kill(self) -> None:
        """Sends SIGKILL to the program and every process it started."""
        self.pid_file.unlink(missing_ok=True)
        if self.process:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def _reason(exit_code: int) -> str:
    return signal.Signals(-exit_code).name if exit_code < 0 else f"exit code {exit_code}"


def stop_all(children: Sequence[Child], *, within: float) -> None:
    """Asks all children to stop, waits up to `within` seconds, and kills those still running."""
    for child in children:
        child.ask_to_stop()
    deadline = time.monotonic() + within
    while time.monotonic() < deadline and any(child.process and child.exit_code is None for child in children):
        time.sleep(0.05)
    for child in children:
        child.kill()
