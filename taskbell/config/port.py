"""What strangers may do at the port: limits to heads, to idle connections, and to clients that don't read.

Uvicorn parses requests strictly, but without a limit to the size of a head or to the time it takes.
"""

import asyncio
from http import HTTPStatus
from typing import Any

from django.conf import settings
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from taskbell.config.crowd import WatchedReader, crowd_of
from taskbell.config.frames import MAX_MESSAGE_BYTES, GuardedWebSocket
from taskbell.web.middleware import ON_EVERY_ANSWER

CROWDED = "taskbell.crowded"  # in the scope: true if the process has as many connections as it can serve
MAX_HEAD_BYTES = 64 * 1024
SMALL_BYTES = 64 * 1024  # of a body that anybody may send
MAX_HEADERS = 128  # as many as the WebSocket library takes
MAX_UPGRADE_LINE_BYTES = 8000  # the same
MAX_PIPELINED = 100  # requests that wait for the answer to the one before
LINGER_SECONDS = 5.0  # in which a refused client can read why


class UnfitHead(Exception):
    """Ends the parsing; the status is in the connection."""


class GuardedHttp(WatchedReader, HttpToolsProtocol):
    """HTTP/1 with limits."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._crowd = crowd_of(self.server_state)
        self._address = ""
        self._running: RequestResponseCycle | None = None
        self._head_is_complete = False
        self._body_bytes = 0
        self._bytes = 0  # received since the last head, piece of a body, or end of a message
        self._status = 400
        self._is_one_too_many = self._is_over = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._address = self.client[0] if self.client and not settings.TASKBELL_PROXIES else ""
        self._is_one_too_many = not self._crowd.has_room()
        if self._crowd.is_overrun:
            transport.abort()
        self._crowd.wait(self, self._address)

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.act(self, self._address)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_over:
            return
        self._bytes += len(data)
        super().data_received(data)
        if self._bytes > MAX_HEAD_BYTES:
            self._refuse(400 if self._head_is_complete else 431)
        elif b"\n" in data and self.parser and self.parser.get_http_version() == "0.0" and self._bytes > 2:
            self._refuse(400)  # HTTP/0.9 has a request line without a version

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= MAX_PIPELINED:
            raise UnfitHead
        super().on_message_begin()
        self._head_is_complete = False
        self._body_bytes = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._head_is_complete:  # what follows a body can't change what its head said
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._bytes = 0
        self._head_is_complete = True
        fault = self._fault()
        if fault:
            self._status = fault
            raise UnfitHead
        self.scope[CROWDED] = self._is_one_too_many  # type: ignore[literal-required]
        super().on_headers_complete()

    def _fault(self) -> int | None:
        """The status that answers a head which is too large, or which two servers could read in two ways."""
        size, hosts, coding = len(self.url), [], None
        for name, value in self.headers:
            size += len(name) + len(value) + 4
            if name == b"host":
                hosts.append(value)
            elif name == b"transfer-encoding":
                coding = value
        if size > MAX_HEAD_BYTES or len(self.headers) > MAX_HEADERS:
            return 431
        version = self.parser.get_http_version()
        is_probe = version == "1.0" and self.url in (b"/healthz", b"/readyz")  # old probes name no host
        if version not in ("1.0", "1.1") or (len(hosts) != 1 and not (is_probe and not hosts)):
            return 400
        if coding is not None and (version == "1.0" or coding.lower() != b"chunked"):
            return 400
        if not self.url.startswith((b"/", b"*")) and self.url.split(b"/", 3)[2:3] != hosts:
            return 400
        return self._fault_of_upgrade() if self.parser.should_upgrade() and self._should_upgrade() else None

    def _fault_of_upgrade(self) -> int | None:
        """The status for a handshake that the WebSocket library would not answer."""
        lines = [len(self.url), *(len(name) + len(value) for name, value in self.headers)]
        if max(lines) > MAX_UPGRADE_LINE_BYTES:
            return 431
        has_body = any(name in (b"content-length", b"transfer-encoding") for name, _ in self.headers)
        return 400 if has_body or self.parser.get_http_version() == "1.0" else None

    def on_body(self, body: bytes) -> None:
        self._bytes = 0
        self._body_bytes += len(body)
        if self._body_bytes > SMALL_BYTES:  # only for people who are signed in
            self._crowd.act(self, self._address)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._bytes = 0
        self._crowd.act(self, self._address)
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._is_over:
            self._linger()
        elif self._running and self._running.response_complete and not self.transport.is_closing():
            self._crowd.wait(self, self._address)

    def handle_websocket_upgrade(self) -> None:
        self._crowd.act(self, self._address)
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        self._refuse(self._status)

    def leave(self) -> None:
        """Closes the connection, to make room for another."""
        self._crowd.act(self, self._address)
        self.transport.close()

    def is_late(self) -> None:
        """Closes the connection; 408 if a part of a head has arrived. A body has a floor of its own (bodies.py)."""
        if self._bytes and not self._head_is_complete and not self._is_over:
            self._refuse(408)
        elif self._running is None or self._running.response_complete:
            self.leave()

    def _refuse(self, status: int) -> None:
        """Answers and closes. Requests that arrived whole are still answered first, by themselves."""
        if self._is_over or self.transport.is_closing():
            return
        self._is_over = True
        self._crowd.act(self, self._address)
        self.pipeline.clear()
        running = self._running
        if running and not running.response_complete:
            if not running.more_body:
                return
            running.disconnected = True  # its body broke off
            running.message_event.set()
            if running.response_started:
                self.transport.close()
                return
        headers = [(b"content-length", b"0"), (b"connection", b"close"), *ON_EVERY_ANSWER]
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode(), *(b": ".join(header) for header in headers)]
        self.transport.write(b"\r\n".join([*lines, b"", b""]))
        self._linger()

    def _linger(self) -> None:
        """Closes our direction and ignores what still comes: closing both would lose the answer (RFC 9112 §9.6)."""
        self._unset_keepalive_if_required()
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._crowd.wait(self, self._address)
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)


# What both `taskbell web` and Gunicorn give to Uvicorn.
OPTIONS: dict[str, Any] = {
    "http": GuardedHttp,
    "ws": GuardedWebSocket,
    "ws_max_size": MAX_MESSAGE_BYTES,
    "ws_per_message_deflate": False,  # messages are small, and compression costs more than it saves
    "server_header": False,
    "access_log": False,
    "proxy_headers": False,  # the application reads the proxy headers itself, by TASKBELL_PROXIES
    "lifespan": "off",
}
