"""Between the server's event loop and the threads of the WSGI application."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, nullcontext
from time import monotonic
from typing import Any
from wsgiref.types import WSGIApplication
from wsgiref.util import FileWrapper

from a2wsgi.wsgi import Body, build_environ
from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope

from taskbell.config.places import MIN_BYTES_PER_SECOND_WHILE_WANTED, Places

UNREAD_SECONDS = 20.0  # for the client to take a piece; the port gives up clients that take nothing even earlier
GRACE_SECONDS = 20.0
PIECE_BYTES = 64 * 1024


class ClientDoesNotRead(Exception):
    """The client has not taken a piece of a long answer in time."""


class SentFile(FileWrapper):
    """A file that the event loop sends, so that a slow client keeps no thread (`wsgi.file_wrapper`, PEP 3333)."""

    def __init__(self, file: Any, block_size: int = 0) -> None:
        super().__init__(file, PIECE_BYTES)


class Bridge:
    """Runs a WSGI application as an ASGI application.

    The version in `a2wsgi` hands each part of a response to the event loop separately, which takes as long as a small
    response itself. This one hands over the whole response at once, unless it is streamed.
    """

    def __init__(self, application: WSGIApplication, *, threads: int) -> None:
        self._application = application
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="http")

    async def __call__(
        self,
        scope: HTTPScope,
        receive: ASGIReceiveCallable,
        send: ASGISendCallable,
        *,
        place: AbstractAsyncContextManager[Any] | None = None,
        places: Places | None = None,
    ) -> None:
        """Answers one request, in a thread while it has the place. Raises what the application raises.

        While somebody waits for one of the places, a client must read faster.
        """
        loop = asyncio.get_running_loop()
        response = _Response(loop, send, places)
        environ: Any = build_environ(scope, Body(loop, receive))  # type: ignore[arg-type]
        environ["wsgi.file_wrapper"] = SentFile
        async with place or nullcontext():
            file = await loop.run_in_executor(self._threads, self._run, environ, response)
        await (response.send_file(file) if file else response.flush())

    def _run(self, environ: Any, response: "_Response") -> SentFile | None:
        chunks = self._application(environ, response.start)
        if isinstance(chunks, SentFile):
            return chunks
        try:
            for chunk in chunks:
                response.write(chunk)
            response.end()
        finally:
            getattr(chunks, "close", lambda: None)()
        return None


class _Response:
    """A response in progress. The first chunk is buffered; each further chunk first sends the one before it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, send: ASGISendCallable, places: Places | None) -> None:
        self._loop, self._send, self._places = loop, send, places
        self._started, self._sent_bytes = monotonic(), 0
        self._buffered: list[Any] = []
        self._has_chunk = False

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        """WSGI's `start_response` (PEP 3333)."""
        encoded = [(name.encode("latin-1").lower(), value.encode("latin-1")) for name, value in headers]
        self._buffered = [{"type": "http.response.start", "status": int(status[:3]), "headers": encoded}]
        return self.write

    def write(self, chunk: bytes) -> None:
        if self._has_chunk:
            asyncio.run_coroutine_threadsafe(self._flush_in_time(), self._loop).result()
        self._has_chunk = True
        self._buffered.append({"type": "http.response.body", "body": chunk, "more_body": True})

    def end(self) -> None:
        if not self._has_chunk:
            self._buffered.append({"type": "http.response.body", "body": b""})
        self._buffered[-1]["more_body"] = False

    async def flush(self) -> None:
        buffered, self._buffered = self._buffered, []
        for message in buffered:
            await self._send(message)

    async def send_file(self, file: SentFile) -> None:
        """Sends the file after everything buffered."""
        try:
            for piece in file:
                self._buffered.append({"type": "http.response.body", "body": piece, "more_body": True})
                await self._flush_in_time()
            self._buffered.append({"type": "http.response.body", "body": b"", "more_body": False})
            await self.flush()
        finally:
            file.close()

    async def _flush_in_time(self) -> None:
        """Sends everything buffered, in pieces that each have their time. Raises ClientDoesNotRead."""
        buffered, self._buffered = self._buffered, []
        try:
            for message in buffered:
                body = message.get("body", b"")
                for start in range(0, max(len(body), 1), PIECE_BYTES):
                    piece: Any = {**message, "body": body[start : start + PIECE_BYTES]} if body else message
                    async with asyncio.timeout(self._patience()):
                        await self._send(piece)
                    self._sent_bytes += len(piece.get("body", b""))
        except TimeoutError as error:
            raise ClientDoesNotRead from error

    def _patience(self) -> float:
        """The seconds that the client has for the next piece."""
        if self._places is None or not self._places.are_wanted:
            return UNREAD_SECONDS
        due = self._started + GRACE_SECONDS + self._sent_bytes / MIN_BYTES_PER_SECOND_WHILE_WANTED
        return min(due - monotonic(), UNREAD_SECONDS)
