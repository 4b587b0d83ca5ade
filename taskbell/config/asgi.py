"""HTTP and WebSocket on one port: HTTP goes to the WSGI application in threads, WebSocket to Channels.

Django's own ASGI handler serves small responses several times slower than its WSGI handler, so HTTP bypasses it
(docs/decisions). The sender is known before a large body is read and before a request gets a place.
"""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from tempfile import SpooledTemporaryFile
from threading import Event
from typing import Any
from urllib.parse import quote

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope
from django.conf import settings

from taskbell.common.limits import share_memory_between_threads
from taskbell.config.bridge import Bridge
from taskbell.config.port import CROWDED, SMALL_BYTES
from taskbell.config.wsgi import application as wsgi_application

# isort: split
from taskbell.accounts.models import User  # the line above has set up Django
from taskbell.common.errors import Busy, NotSignedIn, Refusal, TooLarge
from taskbell.config.asking import Head
from taskbell.config.bodies import Incoming, Left
from taskbell.config.places import Places
from taskbell.config.refusing import refuse
from taskbell.realtime.consumer import TaskEvents
from taskbell.realtime.hub import Hub
from taskbell.realtime.threads import Threads
from taskbell.tasks.policy import check_may_create

LIVE_PATH = "/ws/tasks"
HEALTH, READINESS, METRICS = (re.compile(rf"/{name}/?") for name in ("healthz", "readyz", "metrics"))
IMPORT, STREAMED = re.compile(r"(/api/tasks?)?/import/?"), re.compile(r"/api/(tasks?/export|reports/[^/]+/download)/?")
REQUEST_THREADS, THREADS_PER_ASKER = 8, 4
MAX_IMPORTS, MAX_LARGE_BODIES = 3, 4  # worked on at a time
MAX_UPLOADS = 32  # bodies of the usual size on the disk, arriving or waiting
MAX_LARGE_FILES = 8  # the same for imports of any size
MAX_STREAMS = 3  # each has a thread, and up to 35 MB, until its client has read it
READINESS_SECONDS = 8.0
MIB = 1024 * 1024

imports = Places(MAX_IMPORTS, each=1, in_line=4)
streams = Places(MAX_STREAMS, each=1, in_line=4)
large_bodies = Places(MAX_LARGE_BODIES, each=1, in_line=16)
uploads = Places(MAX_UPLOADS, each=1, in_line=16)
large_files = Places(MAX_LARGE_FILES, each=1, in_line=4)
probes, scrapes = Places(1, each=1, in_line=4), Places(1, each=1, in_line=4)
requests = Places(REQUEST_THREADS, each=THREADS_PER_ASKER, in_line=500)

share_memory_between_threads()
http = Bridge(wsgi_application, threads=REQUEST_THREADS)
streamed = Bridge(wsgi_application, threads=MAX_STREAMS)
healthz, readyz, metrics = (Bridge(wsgi_application, threads=1) for _ in range(3))
asking = Threads("asking", 1)
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
    body = Incoming(scope, receive)
    try:
        await _answer(scope, body, send)
    except Refusal as refusal:
        await refuse(refusal, body, send)
    except Left:
        pass


async def _answer(scope: HTTPScope, body: Incoming, send: ASGISendCallable) -> None:
    """Answers the request. Raises Refusal before anything has been answered."""
    path, head = scope["path"], Head(scope)
    if HEALTH.fullmatch(path):
        await healthz(scope, body.nothing, send)
    elif READINESS.fullmatch(path):
        await _answer_in_time(readyz, scope, body, send, place=probes.of(head.asker()))
    elif METRICS.fullmatch(path):
        await _answer_in_time(metrics, scope, body, send, place=scrapes.of(head.asker()))
    elif scope.get(CROWDED):
        raise Busy("Too many people are connected right now. Try again in a few seconds.")
    elif scope["method"] in ("GET", "HEAD") and STREAMED.fullmatch(path):
        await _answer_in_pieces(scope, head, body, send)
    elif body.is_chunked or body.length > SMALL_BYTES or (body.length and IMPORT.fullmatch(path)):
        await _answer_large(scope, head, body, send)
    else:
        await _answer_small(scope, head, body, send)


async def _answer_small(scope: HTTPScope, head: Head, body: Incoming, send: ASGISendCallable) -> None:
    receive = await body.read_into(BytesIO(), most=SMALL_BYTES)
    if receive is None:
        raise await _too_large(head)
    await http(scope, receive, send, place=requests.of(head.asker()))


async def _answer_large(scope: HTTPScope, head: Head, body: Incoming, send: ASGISendCallable) -> None:
    """Finds out who the person is before it reads the body."""
    person = await asking.run(head.person)
    if person is None:
        await _answer_small(scope, head, body, send)
        return
    most, arriving, working = settings.DATA_UPLOAD_MAX_MEMORY_SIZE, uploads, large_bodies
    if IMPORT.fullmatch(scope["path"]):
        check_may_create(person)
        arriving, working = (large_files if body.is_chunked or body.length > most else uploads), imports
        most = settings.TASKBELL_IMPORT_MEGABYTES * MIB
    if body.length > most:
        raise TooLarge(f"The body must have at most {most // MIB} MiB.")
    with SpooledTemporaryFile(SMALL_BYTES) as file:
        async with arriving.of(person.pk):
            receive = await body.read_into(file, most=most, places=arriving)
            if receive is None:
                raise TooLarge(f"The body must have at most {most // MIB} MiB.")
            async with working.of(person.pk):
                await http(scope, receive, send, place=requests.of(head.asker()))


async def _too_large(head: Head) -> Refusal:
    """The answer to strangers about a body that only people who are signed in may send."""
    if await asking.run(head.is_for_signed_in_people):
        return NotSignedIn("Sign in to do this: send a valid access token.")
    return TooLarge(f"The body must have at most {SMALL_BYTES // 1024} KiB.")


async def _answer_in_pieces(scope: HTTPScope, head: Head, body: Incoming, send: ASGISendCallable) -> None:
    """Streams a long answer. It has threads of its own, so a slow client takes none from other requests."""
    person: User | None = await asking.run(head.person)
    if person is None:
        await _answer_small(scope, head, body, send)
        return
    with _watched(scope, body):
        async with streams.of(person.pk):
            await streamed(scope, body.nothing, send, places=streams)


async def _answer_in_time(
    door: Bridge, scope: HTTPScope, body: Incoming, send: ASGISendCallable, *, place: Any
) -> None:
    """Answers in a thread of its own, even if the database doesn't respond."""
    try:
        async with asyncio.timeout(READINESS_SECONDS):
            await door(scope, body.nothing, send, place=place)
    except TimeoutError as error:
        raise Busy("The database does not answer.") from error


@contextmanager
def _watched(scope: HTTPScope, body: Incoming) -> Iterator[None]:
    """Sets the event `taskbell.left` in the scope when the client disconnects, so that a long response can stop."""
    left = Event()
    scope["taskbell.left"] = left  # type: ignore[typeddict-unknown-key]

    async def listen() -> None:
        with suppress(Left):
            while True:
                await body.next()
        left.set()

    listening = asyncio.create_task(listen())
    try:
        yield
    finally:
        listening.cancel()
