"""Limits of a live connection: the size and number of frames, and unread messages."""

from time import monotonic
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from taskbell.config.crowd import WatchedReader, crowd_of

MAX_FRAMES, FRAME_SECONDS = 600, 60.0  # from one client, pings included
SLICE_BYTES = 4096  # of frames, between two checks of their number
MAX_MESSAGE_BYTES = 64 * 1024  # clients send tokens and acknowledgements, never documents


class GuardedWebSocket(WatchedReader, WebSocketsSansIOProtocol):
    """WebSocket with these limits; control frames count, too."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._crowd = crowd_of(options["server_state"])
        self._frames, self._since = 0, monotonic()

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), SLICE_BYTES):
            if self.transport.is_closing():
                return
            super().data_received(data[start : start + SLICE_BYTES])

    def handle_cont(self, event: Any) -> None:
        self._count()
        super().handle_cont(event)

    def handle_ping(self) -> None:
        self._count()
        super().handle_ping()

    def handle_pong(self, event: Any) -> None:
        self._count()
        super().handle_pong(event)

    def send_receive_event_to_app(self) -> None:
        self._count()
        super().send_receive_event_to_app()

    def _count(self) -> None:
        now = monotonic()
        if now - self._since > FRAME_SECONDS:
            self._frames, self._since = 0, now
        self._frames += 1
        if self._frames > MAX_FRAMES and not self.close_sent and not self.transport.is_closing():
            self.conn.fail(1008, "Too many frames.")
            self.handle_parser_exception()
