"""Answers to requests that are refused before their body is read."""

import asyncio
import json

from asgiref.typing import ASGISendCallable

from taskbell.api.errors import PROBLEM, headers_of
from taskbell.common.errors import Busy, Refusal
from taskbell.common.measures import REQUESTS, UNKNOWN
from taskbell.config.bodies import Incoming, Left
from taskbell.web.middleware import ON_EVERY_ANSWER

LINGER_SECONDS, MAX_DISCARDED_BYTES = 10.0, 64 * 1024 * 1024  # in which a refused client can read why


async def refuse(refusal: Refusal, body: Incoming, send: ASGISendCallable) -> None:
    """Answers and closes the connection.

    For a moment, the rest of the body is read and discarded: closing at once would lose the answer (RFC 9112 §9.6).
    """
    REQUESTS.add(UNKNOWN, UNKNOWN, str(refusal.status))
    lingers = body.comes_anyway and not body.is_complete and not isinstance(refusal, Busy)
    content = json.dumps(refusal.document(), ensure_ascii=False).encode()
    named = {"Content-Type": PROBLEM, "Content-Length": str(len(content)), "Connection": "close", **headers_of(refusal)}
    headers = [*((name.lower().encode(), value.encode()) for name, value in named.items()), *ON_EVERY_ANSWER]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": content, "more_body": lingers})
    if lingers:
        await _discard(body)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _discard(body: Incoming) -> None:
    discarded = 0
    try:
        async with asyncio.timeout(LINGER_SECONDS):
            while not body.is_complete and discarded < MAX_DISCARDED_BYTES:
                discarded += len(await body.next())
    except (TimeoutError, Left):
        pass
