"""A mail server in a process of its own that can misbehave on request.

It writes a line for each mail that reached its final dot and what became of it, before it answers. Lines on its
input say how it behaves from now on; when the input ends, so does it.
"""

import asyncio
import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import uvloop

END = b"\r\n.\r\n"
MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.MULTILINE | re.IGNORECASE)
WEATHER = (
    *("calm", "refusing", "slow", "busy at the greeting", "busy after the dot", "refused for good"),
    *("drops before the dot", "drops after the dot", "drops at the dot"),
)


@dataclass
class Server:
    """What all sessions share: the book of what was taken, and the weather."""

    book: int
    weather: str = "calm"
    share: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        self.random = Random(self.seed)

    def struck(self, *weathers: str) -> bool:
        """True where the weather is one of these and hits this mail."""
        return self.weather in weathers and self.random.random() < self.share

    def write(self, fate: str, mail: bytes, recipient: str) -> None:
        """One line in the book. It is with the operating system when this returns."""
        found = MESSAGE_ID.search(mail)
        line = {
            "fate": fate,
            "at": time.time(),
            "message_id": found[1].decode() if found else "",
            "recipient": recipient,
            "digest": hashlib.sha256(mail).hexdigest(),
        }
        os.write(self.book, json.dumps(line).encode() + b"\n")


class Session(asyncio.Protocol):
    """One connection."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.buffer = bytearray()
        self.searched = 0
        self.recipient = ""
        self.in_mail = False
        self.said = bytearray()  # together, where commands came together (RFC 2920 section 3.2)

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while self._step():
            pass
        self._speak()

    def _speak(self) -> None:
        if self.said and not self.transport.is_closing():
            self.transport.write(bytes(self.said))
            self.said.clear()

    def _step(self) -> bool:
        """Takes one line or one mail from the buffer; False where it is not there yet."""
        end = END if self.in_mail else b"\r\n"
        place = self.buffer.find(end, max(0, self.searched - len(end)))
        if place < 0:
            self.searched = len(self.buffer)
            return False
        whole = bytes(self.buffer[:place])
        del self.buffer[: place + len(end)]
        self.searched = 0
        (self._mail if self.in_mail else self._line)(whole)
        return True

    def _line(self, line: bytes) -> None:
        verb = line[:4].upper()
        if verb == b"RCPT":
            self.recipient = line.partition(b"<")[2].partition(b">")[0].decode()
        if verb == b"DATA" and self.server.struck("drops before the dot"):
            self.transport.abort()
        elif verb == b"MAIL" and self.server.struck("busy at the greeting"):
            self.said += b"451 come back later\r\n"
        elif verb == b"EHLO":
            self.said += b"250-sink\r\n250 PIPELINING\r\n"
        elif verb == b"DATA":
            self.in_mail = True
            self.said += b"354 go on\r\n"
        elif verb == b"QUIT":
            self.said += b"221 bye\r\n"
            self._speak()
            self.transport.close()
        else:
            self.said += b"250 ok\r\n"

    def _mail(self, mail: bytes) -> None:
        self.in_mail = False
        server = self.server
        if server.struck("drops at the dot"):
            server.write("dropped", mail, self.recipient)
            self.transport.abort()
        elif server.struck("drops after the dot"):
            server.write("accepted in silence", mail, self.recipient)
            self.transport.abort()
        elif server.struck("busy after the dot"):
            self.said += b"452 no room\r\n"
        elif server.struck("refused for good"):
            server.write("refused", mail, self.recipient)
            self.said += b"554 not here\r\n"
        elif server.struck("slow"):
            asyncio.get_running_loop().call_later(server.random.uniform(0.05, 1), self._accept_at_last, mail)
        else:
            self._accept(mail)

    def _accept(self, mail: bytes) -> None:
        self.server.write("accepted", mail, self.recipient)
        self.said += b"250 taken\r\n"

    def _accept_at_last(self, mail: bytes) -> None:
        self._accept(mail)
        self._speak()


async def serve(book: str, seed: int) -> None:
    """Serves until the input ends. The first line of the output is the port."""
    loop = asyncio.get_running_loop()
    server = Server(os.open(book, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), seed=seed)
    listener = await loop.create_server(lambda: Session(server), "127.0.0.1", 0, backlog=128)
    port = listener.sockets[0].getsockname()[1]
    print(port, flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        server.weather, server.share = json.loads(line)
        if server.weather == "refusing":
            listener.close()
        elif not listener.is_serving():
            listener = await loop.create_server(lambda: Session(server), "127.0.0.1", port, backlog=128)
        print("so be it", flush=True)


@dataclass(frozen=True)
class Entry:
    """A line of the book: what happened to an email at its final dot.

    `accepted` was answered with 250, `refused` with 5xx. Of `accepted in silence` and `dropped` the sender knows
    nothing.
    """

    fate: str
    at: float
    message_id: str
    recipient: str
    digest: str


class Sink:
    """The mail server as seen from outside."""

    def __init__(self, process: "subprocess.Popen[str]", book: Path) -> None:
        assert process.stdout
        self.process = process
        self.book = book
        self.known = self.place = 0
        self.port = int(process.stdout.readline())

    def be(self, weather: str, share: float = 1.0) -> None:
        """Behaves so from now on, towards this share of the mails; returns when it does."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps([weather, share]) + "\n")
        self.process.stdin.flush()
        self.process.stdout.readline()

    def lines(self) -> int:
        """How long the book is."""
        with open(self.book, "rb") as book:
            book.seek(self.place)
            new = book.read()
        self.place += len(new)
        self.known += new.count(b"\n")
        return self.known

    def entries(self) -> list[Entry]:
        """The whole book."""
        return [Entry(**json.loads(line)) for line in self.book.read_bytes().splitlines()]


@contextmanager
def running(book: Path, *, seed: int = 0) -> Iterator[Sink]:
    """A mail server that keeps this book."""
    book.touch()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.sink", str(book), str(seed)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield Sink(process, book)


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], int(sys.argv[2])))
