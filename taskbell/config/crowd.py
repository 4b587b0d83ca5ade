"""The connections of one server process: how many there may be, which are idle, and which don't read."""

import asyncio
import logging
from collections import defaultdict
from time import monotonic
from typing import Protocol
from weakref import WeakKeyDictionary

from uvicorn.server import ServerState

from taskbell.common.limits import most_open_files

MAX_CONNECTIONS = 10_000  # each costs about 10 KiB
SPARE = 50  # more, which are refused with an answer
RESERVED_FILES = 200  # for the database, the broker, static files and bodies on the disk
MAX_IDLE_PER_ADDRESS = 500  # unless the addresses are those of a proxy
MAX_UNREAD_BYTES = 64 * 1024 * 1024  # of answers that their clients have not read yet
HEAD_SECONDS = 10.0  # for a whole head, counted from the connection or from the answer before it
YOUNG_SECONDS = 1.0  # an idle connection this young may be about to send its request
UNREAD_SECONDS = 15.0  # without a byte that the client takes
SWEEP_SECONDS = 1.0
NOTICE_SECONDS = 60.0  # between two log lines

logger = logging.getLogger("taskbell.port")


class Idle(Protocol):
    """A connection that waits for a request, or for the rest of a small one."""

    def leave(self) -> None:
        """Closes the connection, to make room for another."""

    def is_late(self) -> None:
        """Closes the connection if it still waits for a head."""


class WatchedReader(asyncio.Protocol):
    """A connection of which the crowd knows whether its client reads."""

    _crowd: "Crowd"
    transport: asyncio.Transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.read(self.transport)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._crowd.unread(self.transport)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._crowd.read(self.transport)


class Crowd:
    """Makes room by closing idle connections, and gives up clients that don't read."""

    def __init__(self, state: ServerState) -> None:
        files = most_open_files()
        self.capacity = min(MAX_CONNECTIONS, max(files - RESERVED_FILES, files // 2))
        self._connections = state.connections
        self._idle: dict[str, dict[Idle, float]] = defaultdict(dict)  # by address, those that wait longest first
        self._unread: dict[asyncio.Transport, tuple[int, float]] = {}
        self._sweeping: asyncio.TimerHandle | None = None
        self._noticed_at = -NOTICE_SECONDS

    @property
    def is_overrun(self) -> bool:
        """True if there is not even room to refuse the newest connection with an answer."""
        return len(self._connections) > self.capacity + SPARE

    def has_room(self) -> bool:
        """True if the newest connection can be served. Closes an idle one if necessary."""
        if self._sweeping is None:
            self._sweeping = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._sweep)
        if len(self._connections) <= self.capacity:
            return True
        self._notice(f"There are {len(self._connections)} connections, as many as this process can serve.")
        crowded = max(self._idle.values(), key=len, default=None)
        if not crowded:
            return False
        next(iter(crowded)).leave()
        return True

    def wait(self, connection: Idle, address: str) -> None:
        """Notes that the connection is idle from now on. An empty address stands for a proxy."""
        now = monotonic()
        same = self._idle[address]
        same[connection] = now
        while address and len(same) > MAX_IDLE_PER_ADDRESS:
            oldest, since = next(iter(same.items()))
            if now - since < YOUNG_SECONDS:
                break
            self._notice(f"{address} has more than {MAX_IDLE_PER_ADDRESS} idle connections. Closing the oldest.")
            oldest.leave()

    def act(self, connection: Idle, address: str) -> None:
        """Notes that the connection is no longer idle: a whole request has arrived."""
        same = self._idle.get(address)
        if same is not None and same.pop(connection, None) is not None and not same:
            del self._idle[address]

    def unread(self, transport: asyncio.Transport) -> None:
        """Notes that the client reads more slowly than it is answered. Gives up the oldest if there is too much."""
        self._unread[transport] = (transport.get_write_buffer_size(), monotonic())
        total = sum(one.get_write_buffer_size() for one in self._unread)
        for oldest in list(self._unread):
            if total <= MAX_UNREAD_BYTES:
                break
            total -= oldest.get_write_buffer_size()
            self._give_up(oldest)

    def read(self, transport: asyncio.Transport) -> None:
        """Notes that the client has read most of its answer, or has left."""
        self._unread.pop(transport, None)

    def _sweep(self) -> None:
        now = monotonic()
        for same in list(self._idle.values()):
            for connection, since in list(same.items()):
                if now - since < HEAD_SECONDS:
                    break
                connection.is_late()
        for transport, (before, since) in list(self._unread.items()):
            size = transport.get_write_buffer_size()
            if size < before:
                self._unread[transport] = (size, now)
            elif now - since >= UNREAD_SECONDS:
                self._give_up(transport)
        again = asyncio.get_running_loop().call_later
        self._sweeping = again(SWEEP_SECONDS, self._sweep) if self._connections else None

    def _give_up(self, transport: asyncio.Transport) -> None:
        self._notice("Gave up a client that did not read its answer.")
        self.read(transport)
        asyncio.get_running_loop().call_soon(transport.abort)  # not while the transport is writing

    def _notice(self, message: str) -> None:
        """Logs the message, unless one was logged a moment ago: strangers decide how often it happens."""
        now = monotonic()
        if now - self._noticed_at >= NOTICE_SECONDS:
            self._noticed_at = now
            logger.warning(message)


_crowds: WeakKeyDictionary[ServerState, Crowd] = WeakKeyDictionary()


def crowd_of(state: ServerState) -> Crowd:
    """The one crowd of a server process."""
    crowd = _crowds.get(state)
    if crowd is None:
        crowd = _crowds[state] = Crowd(state)
    return crowd
