"""Starts the program that reads files (`transfer/reader.py`), and hands files over to it."""

import atexit
import socket
import subprocess
import sys
from contextlib import suppress
from threading import Lock

PROGRAM = "import django; django.setup(); from taskbell.transfer.reader import main; main()"


class ReaderProgram:
    """The program that forks for each file. It starts with the first file, because that takes a second."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._program: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def send(self, file: int, channel: int) -> None:
        """Hands over the file."""
        with self._lock:
            if self._control is None or not self.is_running():
                self._start()
            assert self._control is not None  # noqa: S101 - just started
            try:
                socket.send_fds(self._control, [b"\0"], [file, channel])
            except OSError:  # it has just ended
                socket.send_fds(self._start(), [b"\0"], [file, channel])

    def is_running(self) -> bool:
        """Whether the program can take a file."""
        return self._program is not None and self._program.poll() is None

    def has_ended(self, *, within: float) -> bool:
        """Whether the program ends in this time: one that has been killed is gone a moment later."""
        with suppress(subprocess.TimeoutExpired):
            return self._program is None or self._program.wait(within) is not None
        return False

    def _start(self) -> socket.socket:
        if self._control is not None:
            self._control.close()
        self._control, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-c", PROGRAM]
            self._program = subprocess.Popen(  # noqa: S603 - our own
                command, stdin=theirs.fileno(), stdout=subprocess.DEVNULL
            )
        atexit.register(self._stop)
        return self._control

    def _stop(self) -> None:
        if self._control is not None and self._program is not None:
            self._control.close()
            self._program.wait()


READERS = ReaderProgram()
