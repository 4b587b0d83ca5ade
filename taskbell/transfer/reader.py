"""The program that reads files, started by `transfer/reading_apart.py`.

It forks for each file. The new process limits itself before it reads a byte.
"""

import os
import pickle
import signal
import socket
import sys
from contextlib import suppress
from itertools import islice
from typing import IO, Any

from django.conf import settings
from django.utils.translation import activate

from taskbell.common.errors import Refusal
from taskbell.common.limits import limit
from taskbell.transfer.opening import OpenedFile
from taskbell.transfer.reading_apart import CHUNK_ROWS, MAX_MEMORY_MIB, FileToRead

NICENESS = 10  # requests come first


def main() -> None:
    """Forks for each file that arrives at the standard input, until the program that sends them has ended."""
    control = socket.socket(fileno=sys.stdin.fileno())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the processes that read
    os.nice(NICENESS)
    while True:
        message, received, _, _ = socket.recv_fds(control, 1, 2)
        if not message:
            return
        with suppress(OSError):
            if os.fork() == 0:
                _read_and_exit(control, *received)
        for descriptor in received:
            os.close(descriptor)


def _read_and_exit(control: socket.socket, file: int, channel: int) -> None:
    code = 1
    try:
        control.close()
        with (
            socket.socket(fileno=channel) as connected,
            connected.makefile("rwb") as answer,
            open(file, "rb") as opened,
        ):
            _read(opened, answer)
        code = 0
    except (OSError, MemoryError):
        pass  # the request has ended, or the file needs too much: the channel closes without an end
    finally:
        os._exit(code)


def _read(file: IO[bytes], answer: Any) -> None:
    """Sends the format, the rows in chunks, and an empty chunk at the end; or the refusal."""
    asked: FileToRead = pickle.load(answer)  # noqa: S301 - from the server
    limit(seconds=asked.seconds, mebibytes=MAX_MEMORY_MIB)
    settings.TASKBELL_IMPORT_MEGABYTES = asked.megabytes
    activate(asked.language)
    try:
        opened = OpenedFile(file, asked.options, said=asked.said, hint=asked.hint)
        _send(answer, opened.format)
        rows = opened.rows()
        while chunk := list(islice(rows, CHUNK_ROWS)):
            _send(answer, chunk)
        _send(answer, [])
    except Refusal as refusal:
        _send(answer, refusal)


def _send(answer: IO[bytes], what: Any) -> None:
    pickle.dump(what, answer)
    answer.flush()
