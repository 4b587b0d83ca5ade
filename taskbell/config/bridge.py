"""Between the server's event loop and the threads of the WSGI application."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from wsgiref.types import WSGIApplication

from a2wsgi.wsgi import Body, build_environ
from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope


class Bridge:
    """Runs a WSGI application as an ASGI application.

    The version in `a2wsgi` hands each part of a response to the event loop separately, which takes as long as a small
    response itself. This one hands over the whole response at once, unless it is streamed.
    """

    def __init__(self, application: WSGIApplication, *, threads: int) -> None:
        self._application = application
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="http")

    async def __call__(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Answers one request. Raises what the application raises."""
        loop = asyncio.get_running_loop()
        response = _Response(loop, send)
        environ = build_environ(scope, Body(loop, receive))  # type: ignore[arg-type]
        await loop.run_in_executor(self._threads, self._run, environ, response)
        await response.flush()

    def _run(self, environ: Any, response: "_Response") -> None:
        chunks = self._application(environ, response.start)
        try:
            for chunk in chunks:
                response.write(chunk)
            response.end()
        finally:
            getattr(chunks, "close", lambda: None)()


class _Response:
    """A response in progress. The first chunk is buffered; each further chunk first sends the one before it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, send: ASGISendCallable) -> None:
        self._loop, self._send = loop, send
        self._buffered: list[Any] = []
        self._has_chunk = False

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        """WSGI's `start_response` (PEP 3333)."""
        encoded = [(name.encode("latin-1").lower(), value.encode("latin-1")) for name, value in headers]
        self._buffered = [{"type": "http.response.start", "status": int(status[:3]), "headers": encoded}]
        return self.write

    def write(self, chunk: bytes) -> None:
        """Adds a chunk of the body."""
        if self._has_chunk:
            asyncio.run_coroutine_threadsafe(self.flush(), self._loop).result()
        self._has_chunk = True
        self._buffered.append({"type": "http.response.body", "body": chunk, "more_body": True})

    def end(self) -> None:
        """Marks the last chunk."""
        if not self._has_chunk:
            self._buffered.append({"type": "http.response.body", "body": b""})
        self._buffered[-1]["more_body"] = False

    async def flush(self) -> None:
        """Sends everything buffered."""
        buffered, self._buffered = self._buffered, []
        for message in buffered:
            await self._send(message)
