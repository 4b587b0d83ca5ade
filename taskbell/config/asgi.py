"""One port for both: HTTP goes to the WSGI application in threads, WebSocket to Channels.

Django's own ASGI handler serves a small answer several times slower than its WSGI handler does,
which is why HTTP does not go through it (docs/decisions).
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

from taskbell.config.bridge import Bridge
from taskbell.config.wsgi import application as wsgi_application

# isort: split
from taskbell.realtime.consumer import TaskEvents  # imports models: the line above has set Django up
from taskbell.realtime.hub import Hub

LIVE_PATH = "/ws/tasks"
REQUEST_THREADS = 10
IN_MEMORY = 64 * 1024
MIB = 1024 * 1024
MOST_HEARD = 64 * MIB
IMPORT, STREAMED = re.compile(r"/api/tasks?/import/?"), re.compile(r"/api/(tasks?/export|reports/[^/]+/download)/?")
IMPORTS_AT_ONCE = 3  # so many large bodies are kept on the disk
STREAMS_AT_ONCE = 4  # each takes a thread until its client has read it; with the imports, three threads are left
STALLED_SECONDS = 30.0  # between two pieces of a body
TOO_SLOW = (
    b'{"type":"about:blank","title":"Request timeout","status":408,"detail":"The body of the request did not come."}'
)

imports, streams = asyncio.Semaphore(IMPORTS_AT_ONCE), asyncio.Semaphore(STREAMS_AT_ONCE)
http = Bridge(wsgi_application, threads=REQUEST_THREADS)
live = TaskEvents.as_asgi(hub=Hub())


async def application(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Hands the connection to the door it knocks on."""
    if scope["type"] == "websocket":
        if scope["path"].rstrip("/") == LIVE_PATH:
            await live(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000, "reason": None})
        return
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])  # which tells the server not to ask again
    # A query string is bytes on the wire, and clients do send bytes that are not ASCII.
    scope["query_string"] = quote(scope["query_string"], safe="!#$%&'()*+,/:;=?@[]~").encode()
    # In WSGI, X_Forwarded_For and X-Forwarded-For have one name; a proxy watches over the second alone.
    scope["headers"] = [(name, value) for name, value in scope["headers"] if b"_" not in name]
    if IMPORT.fullmatch(scope["path"]):
        async with imports:
            await _answer(scope, receive, send, most=settings.TASKBELL_IMPORT_MEGABYTES * MIB)
    else:
        await _answer(scope, receive, send, most=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


async def _answer(scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable, *, most: int) -> None:
    with SpooledTemporaryFile(IN_MEMORY) as body:
        try:
            whole = await _read_ahead(scope, receive, body, most=most)
        except TimeoutError:
            await _give_up(send)
            return
        if whole is None:
            return
        if scope["method"] == "GET" and STREAMED.fullmatch(scope["path"]):
            async with streams:
                with _watched(scope, receive):
                    await http(scope, whole, send)
        else:
            await http(scope, whole, send)


async def _give_up(send: ASGISendCallable) -> None:
    """Tells a client whose body does not come, and hangs up."""
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(TOO_SLOW)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 408, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": TOO_SLOW, "more_body": False})


@contextmanager
def _watched(scope: HTTPScope, receive: ASGIReceiveCallable) -> Iterator[None]:
    """Lets a long answer know when nobody listens any more: `taskbell.left` in the scope is set then."""
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
    scope: HTTPScope, receive: ASGIReceiveCallable, body: IO[bytes], *, most: int
) -> ASGIReceiveCallable | None:
    """Reads the body before it takes a thread: ten clients that send theirs slowly would take all of them.

    None where the client has left: the beginning of a body can look like a whole one (RFC 9112 §8). Raises TimeoutError
    where the next piece does not come.

    A body that comes in chunks gets the length that WSGI asks for. Of one that is larger than any
    that makes sense, the rest is heard and forgotten: closing on it would lose the answer (RFC 9112 §9.6).
    """
    headers = dict(scope["headers"])
    in_chunks = b"transfer-encoding" in headers
    if not in_chunks and headers.get(b"content-length", b"0") == b"0":
        return receive
    more, heard, most_heard = True, 0, max(MOST_HEARD, most + MOST_HEARD // 4)
    while more and heard < most_heard:
        async with asyncio.timeout(STALLED_SECONDS):
            message = await receive()
        if message["type"] != "http.request":
            return None
        heard += len(message.get("body", b""))
        if body.tell() <= most:
            body.write(message.get("body", b""))
        more = message.get("more_body", False)
    length = body.tell()
    body.seek(0)
    if in_chunks:
        scope["headers"] = [*scope["headers"], (b"content-length", str(length).encode())]

    async def again() -> ASGIReceiveEvent:
        if body.tell() == length and more:
            return await receive()
        chunk = body.read(IN_MEMORY)
        return {"type": "http.request", "body": chunk, "more_body": more or body.tell() < length}

    return again
