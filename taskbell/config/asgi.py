"""HTTP and WebSocket on one port: HTTP goes to the WSGI application in threads, WebSocket to Channels.

Django's own ASGI handler serves small responses several times slower than its WSGI handler, so HTTP bypasses it
(docs/decisions).
"""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from threading import Event
from typing import IO
from urllib.parse import quote

from asgiref.typing import ASGIReceiveCallable, ASGIReceiveEvent, ASGISendCallable, HTTPScope, Scope
from django.conf import settings

from taskbell.common.memory import share_memory_between_threads
from taskbell.config.bridge import Bridge
from taskbell.config.wsgi import application as wsgi_application

# isort: split
from taskbell.realtime.consumer import TaskEvents  # imports models; the line above has set up Django
from taskbell.realtime.hub import Hub
from taskbell.web.middleware import ON_EVERY_ANSWER

LIVE_PATH = "/ws/tasks"
REQUEST_THREADS = 10
IN_MEMORY_BYTES = 64 * 1024
MIB = 1024 * 1024
MAX_DISCARDED_BYTES = 64 * MIB
IMPORT, STREAMED = re.compile(r"/api/tasks?/import/?"), re.compile(r"/api/(tasks?/export|reports/[^/]+/download)/?")
MAX_IMPORTS = 3  # concurrent large bodies on the disk
MAX_STREAMS = 4  # each takes a thread until its client has read it; beside the imports, three threads remain
STALLED_SECONDS = 30.0  # between two chunks of a body
TOO_SLOW = (
    b'{"type":"about:blank","title":"Request timeout","status":408,"detail":"The request body did not arrive in time."}'
)

share_memory_between_threads()
imports, streams = asyncio.Semaphore(MAX_IMPORTS), asyncio.Semaphore(MAX_STREAMS)
http = Bridge(wsgi_application, threads=REQUEST_THREADS)
live = TaskEvents.as_asgi(hub=Hub())


async def application(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Routes the connection to its door."""
    if scope["type"] == "websocket":
        if scope["path"].rstrip("/") == LIVE_PATH:
            await live(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000, "reason": None})
        return
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])  # tells the server that this type isn't supported
    # A query string is bytes on the wire, and some clients send non-ASCII bytes.
    scope["query_string"] = quote(scope["query_string"], safe="!#$%&'()*+,/:;=?@[]~").encode()
    # WSGI gives X_Forwarded_For and X-Forwarded-For the same name, but a proxy overwrites only the second.
    scope["headers"] = [(name, value) for name, value in scope["headers"] if b"_" not in name]
    if IMPORT.fullmatch(scope["path"]):
        async with imports:
            await _respond(scope, receive, send, max_bytes=settings.TASKBELL_IMPORT_MEGABYTES * MIB)
    else:
        await _respond(scope, receive, send, max_bytes=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


async def _respond(scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable, *, max_bytes: int) -> None:
    with SpooledTemporaryFile(IN_MEMORY_BYTES) as body:
        try:
            receive_body = await _read_ahead(scope, receive, body, max_bytes=max_bytes)
        except TimeoutError:
            await _send_timeout(send)
            return
        if receive_body is None:
            return
        if scope["method"] == "GET" and STREAMED.fullmatch(scope["path"]):
            async with streams:
                with _watched(scope, receive):
                    await http(scope, receive_body, send)
        else:
            await http(scope, receive_body, send)


async def _send_timeout(send: ASGISendCallable) -> None:
    """Answers 408 and closes the connection."""
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(TOO_SLOW)).encode()),
        (b"connection", b"close"),
        *ON_EVERY_ANSWER,
    ]
    await send({"type": "http.response.start", "status": 408, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": TOO_SLOW, "more_body": False})


@contextmanager
def _watched(scope: HTTPScope, receive: ASGIReceiveCallable) -> Iterator[None]:
    """Sets the event `taskbell.left` in the scope when the client disconnects, so that a long response can stop."""
    left = Event()
    scope["taskbell.left"] = left  # type: ignore[typeddict-unknown-key]

    async def listen() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        left.set()

    listening = asyncio.create_task(listen())
    try:
        yield
    finally:
        listening.cancel()


async def _read_ahead(
    scope: HTTPScope, receive: ASGIReceiveCallable, body: IO[bytes], *, max_bytes: int
) -> ASGIReceiveCallable | None:
    """Reads the body before the request takes a thread; otherwise ten slow clients would block all threads.

    None if the client disconnects, because a truncated body can look complete (RFC 9112 §8). Raises TimeoutError if
    the next chunk doesn't arrive.

    A chunked body gets the Content-Length that WSGI needs. The rest of an oversized body is read and discarded:
    closing the connection early would lose the response (RFC 9112 §9.6).
    """
    headers = dict(scope["headers"])
    in_chunks = b"transfer-encoding" in headers
    if not in_chunks and headers.get(b"content-length", b"0") == b"0":
        return receive
    more, received, max_received = True, 0, max(MAX_DISCARDED_BYTES, max_bytes + MAX_DISCARDED_BYTES // 4)
    while more and received < max_received:
        async with asyncio.timeout(STALLED_SECONDS):
            message = await receive()
        if message["type"] != "http.request":
            return None
        received += len(message.get("body", b""))
        if body.tell() <= max_bytes:
            body.write(message.get("body", b""))
        more = message.get("more_body", False)
    length = body.tell()
    body.seek(0)
    if in_chunks:
        scope["headers"] = [*scope["headers"], (b"content-length", str(length).encode())]

    async def receive_body() -> ASGIReceiveEvent:
        if body.tell() == length and more:
            return await receive()
        chunk = body.read(IN_MEMORY_BYTES)
        return {"type": "http.request", "body": chunk, "more_body": more or body.tell() < length}

    return receive_body
