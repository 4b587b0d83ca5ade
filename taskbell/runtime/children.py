"""A process that the parent keeps alive."""

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

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
HEALTHY_AFTER = 60.0
PR_SET_PDEATHSIG = 1

logger = logging.getLogger("taskbell.run")


def _end_with_parent() -> None:
    """Runs in the child before its program: Linux will send SIGTERM when the parent ends, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One program, started again with growing pauses whenever it ends."""

    name: str
    command: Sequence[str]
    pid_file: Path
    inherited: Sequence[int] = ()
    pause: float = FIRST_PAUSE
    start_at: float | None = None
    started_at: float = 0.0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Starts the program in a session of its own, so that Ctrl-C reaches the parent alone."""
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=self.inherited,
            preexec_fn=_end_with_parent,  # safe here: the parent has one thread only
        )
        self.pid_file.write_text(str(self.process.pid))
        self.started_at = time.monotonic()
        self.start_at = None

    @property
    def exit_code(self) -> int | None:
        """How the program ended; None while it runs. A negative number is a signal."""
        return self.process.poll() if self.process else None

    def watch(self) -> None:
        """Notices that the program has ended, and starts it again when the pause is over."""
        now = time.monotonic()
        if self.start_at is not None:
            if now >= self.start_at:
                self.start()
        elif self.exit_code is not None:
            self.kill()
            self.pause = FIRST_PAUSE if now - self.started_at > HEALTHY_AFTER else self.pause
            logger.warning("%s ended (%s); it is started again in %g s.", self.name, how(self.exit_code), self.pause)
            self.start_at = now + self.pause
            self.pause = min(2 * self.pause, LONGEST_PAUSE)

    def ask_to_stop(self) -> None:
        """SIGTERM, to the program itself: it knows how to stop its own children."""
        self.start_at = None
        if self.process and self.exit_code is None:
            self.process.terminate()

    def kill(self) -> None:
        """SIGKILL to whatever is left of the program and of what it started."""
        self.pid_file.unlink(missing_ok=True)
        if self.process:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def how(exit_code: int) -> str:
    """The exit code in words."""
    return signal.Signals(-exit_code).name if exit_code < 0 else f"exit code {exit_code}"


def stop_all(children: Sequence[Child], *, within: float) -> None:
    """Asks all at once, waits for them, and kills what is left after so many seconds."""
    for child in children:
        child.ask_to_stop()
    deadline = time.monotonic() + within
    while time.monotonic() < deadline and any(child.process and child.exit_code is None for child in children):
        time.sleep(0.05)
    for child in children:
        child.kill()
