"""Reads files in a separate process, with limits and without a database: no file can stop the calling process."""

import pickle
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any

from taskbell.common.errors import Refusal
from taskbell.transfer.formats import FileOptions
from taskbell.transfer.reader_program import READERS
from taskbell.transfer.reading import Notice, Row

CHUNK_ROWS = 200
MAX_MEMORY_MIB = 384
ENDS_WITHIN_SECONDS = 0.5


class TooDemanding(Refusal):
    """The file takes more time or memory to read than a file may."""

    status = 413
    title = "File too demanding"

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"Can't read this file, because it takes more than {seconds} seconds of computing or {MAX_MEMORY_MIB} MiB"
            " of memory. Split it into smaller files."
        )


@dataclass(frozen=True)
class FileToRead:
    """What the reader needs to know."""

    options: FileOptions
    said: str | None
    hint: str | None
    seconds: int
    megabytes: int


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
