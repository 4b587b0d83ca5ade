"""Request bodies, read before the request takes a thread."""

import asyncio
from time import monotonic
from typing import IO

from asgiref.typing import ASGIReceiveCallable, ASGIReceiveEvent, HTTPScope

from taskbell.common.errors import Refusal
from taskbell.config.places import MIN_BYTES_PER_SECOND_WHILE_WANTED, Places

PIECE_BYTES = 64 * 1024
STALLED_SECONDS = 15.0  # between two pieces of a body
GRACE_SECONDS = 10.0
MIN_BYTES_PER_SECOND = 1000.0


class TooSlow(Refusal):
    """The body arrives too slowly."""

    status = 408
    title = "Request timeout"


class Left(Exception):
    """The client has disconnected."""


class Incoming:
    """The body of one request."""

    def __init__(self, scope: HTTPScope, receive: ASGIReceiveCallable) -> None:
        headers = dict(scope["headers"])
        self._scope, self._receive = scope, receive
        self.is_chunked = b"transfer-encoding" in headers
        self.length = int(headers.get(b"content-length", 0))  # as declared; the parser has checked that it is a number
        self.is_complete = not self.is_chunked and not self.length
        self.comes_anyway = b"expect" not in headers  # RFC 9110 §10.1.1

    async def read_into(
        self, file: IO[bytes], *, most: int, places: Places | None = None
    ) -> ASGIReceiveCallable | None:
        """Reads the whole body, and returns a function that hands it out; None if it is longer than `most`.

        While somebody waits for one of these places, the body must arrive faster.

        A chunked body gets the Content-Length that WSGI needs. Raises Left, because a truncated body can look complete
        (RFC 9112 §8), and TooSlow.
        """
        if self.is_complete:
            return self._receive
        if self.length > most:
            return None
        started, received = monotonic(), 0
        while not self.is_complete:
            are_wanted = places is not None and places.are_wanted
            speed = MIN_BYTES_PER_SECOND_WHILE_WANTED if are_wanted else MIN_BYTES_PER_SECOND
            left = started + GRACE_SECONDS + received / speed - monotonic()
            try:
                async with asyncio.timeout(min(left, STALLED_SECONDS)):
                    piece = await self.next()
            except TimeoutError as error:
                raise TooSlow("The request body did not arrive in time.") from error
            received += len(piece)
            if received > most:
                return None
            file.write(piece)
        if self.is_chunked:
            self._scope["headers"] = [*self._scope["headers"], (b"content-length", str(received).encode())]
        file.seek(0)

        async def receive_body() -> ASGIReceiveEvent:
            piece = file.read(PIECE_BYTES)
            return {"type": "http.request", "body": piece, "more_body": file.tell() < received}

        return receive_body

    async def nothing(self) -> ASGIReceiveEvent:
        """Replaces the body of a request that needs none."""
        return {"type": "http.request", "body": b"", "more_body": False}

    async def next(self) -> bytes:
        """The next piece. Raises Left."""
        message = await self._receive()
        if message["type"] != "http.request":
            raise Left
        self.is_complete = not message.get("more_body", False)
        return message.get("body", b"")
