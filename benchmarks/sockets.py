"""Very many WebSockets, which do nothing but note when something arrives: a process of its own for each server.

`python -m benchmarks.sockets PORT CLIENTS` reads the token from its first line, and connects. Each further line is a
number of events: it says that it listens, and then when half of the clients, 99 of 100, and all had so many.
"""

import asyncio
import sys
from collections.abc import Sequence
from statistics import median, quantiles
from time import perf_counter

MAX_OPENING = 50  # more of one address at a time, Taskbell refuses before they have signed in
TEXT, PING = 1, 9
REQUEST = (
    "GET /ws/tasks/ HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {access}\r\n\r\n"
)


class Socket(asyncio.Protocol):
    """A client that reads the frames of a server (RFC 6455 §5.2), and answers its pings."""

    def __init__(self, access: str) -> None:
        self.access = access
        self.is_open = False
        self.is_greeted = False
        self.read = b""
        self.received: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the types
        self.transport = transport
        transport.write(REQUEST.format(access=self.access).encode())

    def data_received(self, data: bytes) -> None:
        self.read += data
        if not self.is_open and b"\r\n\r\n" in self.read:
            self.is_open, self.read = True, self.read.partition(b"\r\n\r\n")[2]
        while self.is_open and self._frame():
            pass

    def _frame(self) -> bool:
        begin = 4 if len(self.read) > 1 and self.read[1] == 126 else 2
        if len(self.read) < begin:
            return False
        length = int.from_bytes(self.read[2:4]) if begin == 4 else self.read[1]
        if len(self.read) < begin + length:
            return False
        payload, kind = self.read[begin : begin + length], self.read[0] & 15
        self.read = self.read[begin + length :]
        if kind == TEXT and b'"task_id"' in payload:
            self.received.append(perf_counter())
        if kind == TEXT and b'"connected"' in payload:
            self.is_greeted = True
        if kind == PING:
            self.transport.write(bytes([0x8A, 0x80 | length, 0, 0, 0, 0]) + payload)
        return True


async def connected(port: int, number: int, *, access: str) -> Sequence[Socket]:
    """So many clients, all of them listening."""
    loop = asyncio.get_running_loop()
    sockets: list[Socket] = []
    while len(sockets) < number:
        few = range(min(MAX_OPENING, number - len(sockets)))
        pairs = await asyncio.gather(*(loop.create_connection(lambda: Socket(access), "127.0.0.1", port) for _ in few))
        sockets += [socket for _, socket in pairs]
        while not all(socket.is_greeted or socket.transport.is_closing() for _, socket in pairs):
            await asyncio.sleep(0.005)
    if any(socket.transport.is_closing() for socket in sockets):
        raise RuntimeError("The server has closed a connection.")
    return sockets


async def all_have(sockets: Sequence[Socket], number: int) -> None:
    """Returns when each has received so much."""
    async with asyncio.timeout(120):
        while any(len(socket.received) < number for socket in sockets):
            await asyncio.sleep(0.005)


async def _listen(port: int, number: int) -> None:
    """Answers each line; times are those of `perf_counter`, which is the same for all processes."""
    sockets = await connected(port, number, access=sys.stdin.readline().strip())
    print("connected", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        for socket in sockets:
            socket.received.clear()
        print("listening", flush=True)
        await all_have(sockets, events := int(line))
        times = sorted(socket.received[events - 1] for socket in sockets)
        late = quantiles(times, n=100)[-1] if len(times) > 1 else times[0]
        print(median(times), late, times[-1], flush=True)


if __name__ == "__main__":
    asyncio.run(_listen(*map(int, sys.argv[1:])))
