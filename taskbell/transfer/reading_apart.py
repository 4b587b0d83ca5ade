"""Reads files in a separate process, with limits and without a database: no file can stop the calling process."""

import atexit
import pickle
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import IO, Any

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from taskbell.common.errors import Refusal
from taskbell.transfer.formats import FileOptions
from taskbell.transfer.reading import Notice, Row

CHUNK_ROWS = 200
MAX_MEMORY_MIB = 384
ENDS_WITHIN_SECONDS = 0.5
PROGRAM = "import django; django.setup(); from taskbell.transfer.reader import main; main()"


class TooDemanding(Refusal):
    """The file takes more time or memory to read than a file may."""

    status = 413
    title = "File too demanding"

    def __init__(self, seconds: int) -> None:
        super().__init__(
            _(
                "Can't read this file, because it takes more than %(seconds)s seconds of computing or "
                "%(most)s MiB of memory. Split it into smaller files."
            )
            % {"seconds": seconds, "most": MAX_MEMORY_MIB}
        )


@dataclass(frozen=True)
class FileToRead:
    """What the reader needs to know."""

    options: FileOptions
    said: str | None
    hint: str | None
    seconds: int
    megabytes: int
    language: str = field(default_factory=lambda: get_language() or settings.LANGUAGE_CODE)  # of its messages


class ReadFile:
    """A file that is being read: its format, and its rows once."""

    def __init__(self, answer: Any, seconds: int) -> None:
        self._answer, self._seconds = answer, seconds
        self.format: str | None = self._next()

    def rows(self) -> Iterator[Row | Notice]:
        """The rows. Raises what the reader has raised, and TooDemanding."""
        while chunk := self._next():
            yield from chunk

    def _next(self) -> Any:
        try:
            found = pickle.load(self._answer)  # noqa: S301 - from our own process
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            raise TooDemanding(self._seconds) from error
        if isinstance(found, Refusal):
            raise found
        return found


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


@contextmanager
def reading_apart(file: IO[bytes], asked: FileToRead) -> Iterator[ReadFile]:
    """The file, read from its beginning; it must have a descriptor. Raises what the reader raises, and TooDemanding."""
    file.flush()
    with closing(_channel(file, asked)) as first:
        try:
            found = ReadFile(first, asked.seconds)
        except TooDemanding:
            if not READERS.has_ended(within=ENDS_WITHIN_SECONDS):
                raise
        else:
            yield found
            return
    with closing(_channel(file, asked)) as second:  # the program had just ended
        yield ReadFile(second, asked.seconds)


def _channel(file: IO[bytes], asked: FileToRead) -> Any:
    """The answers of the reader, once it has the file."""
    file.seek(0)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        READERS.send(file.fileno(), theirs.fileno())
        with suppress(OSError):  # then it says nothing either
            ours.sendall(pickle.dumps(asked))
        return ours.makefile("rb")
