"""Asks a server as fast as it answers, over connections that stay open: a process of its own.

`python -m benchmarks.load` reads what to do from its input as JSON and writes what it saw. It only sends bytes that
were made before and counts what comes back, so that most of the machine is left to the server.
"""

import json
import selectors
import socket
import sys
from collections import Counter
from dataclasses import dataclass, field
from itertools import cycle
from time import perf_counter
from typing import Any

HEAD_ENDS = b"\r\n\r\n"


@dataclass
class Connection:
    """One request under way at a time."""

    socket: socket.socket
    received: bytearray = field(default_factory=bytearray)
    expected: int = 0
    asked_at: float = 0.0

    def ask(self, request: bytes) -> None:
        """Sends the next request."""
        self.received.clear()
        self.expected = 0
        self.asked_at = perf_counter()
        self.socket.sendall(request)

    def hear(self) -> int | None:
        """The status once the whole answer is there."""
        chunk = self.socket.recv(1 << 18)
        if not chunk:
            raise ConnectionError("The server has hung up.")
        self.received += chunk
        if not self.expected:
            end = self.received.find(HEAD_ENDS)
            if end < 0:
                return None
            self.expected = end + len(HEAD_ENDS) + body_length(bytes(self.received[:end]).lower())
        return int(self.received[9:12]) if len(self.received) >= self.expected else None


def body_length(head: bytes) -> int:
    """How many bytes follow the head."""
    if head[9:12] in (b"204", b"304"):
        return 0
    place = head.index(b"content-length:") + len(b"content-length:")
    return int(head[place:].split(b"\r\n", 1)[0])


def load(port: int, requests: list[str], *, connections: int, seconds: float) -> dict[str, Any]:
    """Sends requests for this many seconds: how many answers came, with which status, and in how many seconds.

    `late` are the milliseconds within which 99 of 100 answers came.
    """
    turns = cycle([request.encode("latin-1") for request in requests])
    statuses: Counter[int] = Counter()
    times: list[float] = []
    with selectors.DefaultSelector() as selector:
        for _ in range(connections):
            connection = Connection(socket.create_connection(("127.0.0.1", port)))
            connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.ask(next(turns))
        begin, took = perf_counter(), 0.0
        while selector.get_map():
            for key, _ in selector.select(1):
                status = key.data.hear()
                if status is None:
                    continue
                if took:  # too late to count; but the next side must not share the server with it
                    selector.unregister(key.data.socket)
                    key.data.socket.close()
                else:
                    statuses[status] += 1
                    times.append(perf_counter() - key.data.asked_at)
                    key.data.ask(next(turns))
            if not took and statuses and perf_counter() - begin >= seconds:
                took = perf_counter() - begin
    return {"statuses": statuses, "seconds": took, "late": 1000 * sorted(times)[len(times) * 99 // 100]}


if __name__ == "__main__":
    print(json.dumps(load(**json.load(sys.stdin))))
