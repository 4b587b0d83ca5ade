"""From the event loop of the server to the threads of the WSGI application, and back."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from wsgiref.types import WSGIApplication

from a2wsgi.wsgi import Body, build_environ
from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope


class Bridge:
    """A WSGI application as an ASGI application.

    That of `a2wsgi` goes back to the loop with each part of an answer and waits there, which costs as much as a small
    answer itself. This one goes back once, with all of it, unless the answer comes in pieces.
    """

    def __init__(self, application: WSGIApplication, *, threads: int) -> None:
        self._application = application
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="http")

    async def __call__(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Answers one request. Raises what the application raises."""
        loop = asyncio.get_running_loop()
        answer = _Answer(loop, send)
        environ = build_environ(scope, Body(loop, receive))  # type: ignore[arg-type]
        await loop.run_in_executor(self._threads, self._answer, environ, answer)
        await answer.go_out()

    def _answer(self, environ: Any, answer: "_Answer") -> None:
        pieces = self._application(environ, answer.begin)
        try:
            for piece in pieces:
                answer.write(piece)
            answer.end()
        finally:
            getattr(pieces, "close", lambda: None)()


class _Answer:
    """An answer under way. Up to its first piece it waits here; each further piece waits until it is gone."""

    def __init__(self, loop: asyncio.AbstractEventLoop, send: ASGISendCallable) -> None:
        self._loop, self._send = loop, send
        self._waiting: list[Any] = []
        self._has_piece = False

    def begin(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        """As PEP 3333 asks for."""
        named = [(name.encode("latin-1").lower(), value.encode("latin-1")) for name, value in headers]
        self._waiting = [{"type": "http.response.start", "status": int(status[:3]), "headers": named}]
        return self.write

    def write(self, piece: bytes) -> None:
        """Another piece of the body."""
        if self._has_piece:
            asyncio.run_coroutine_threadsafe(self.go_out(), self._loop).result()
        self._has_piece = True
        self._waiting.append({"type": "http.response.body", "body": piece, "more_body": True})

    def end(self) -> None:
        """That was all."""
        if not self._has_piece:
            self._waiting.append({"type": "http.response.body", "body": b""})
        self._waiting[-1]["more_body"] = False

    async def go_out(self) -> None:
        """Sends what waits."""
        waiting, self._waiting = self._waiting, []
        for message in waiting:
            await self._send(message)
