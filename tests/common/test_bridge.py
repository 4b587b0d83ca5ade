"""An answer of a WSGI application on its way through the ASGI server."""

import asyncio
from collections.abc import Iterator
from io import BytesIO
from threading import get_ident
from typing import Any

import pytest

from taskbell.config.bridge import PIECE_BYTES, Bridge

SCOPE = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "http_version": "1.1", "headers": []}
HEAD = {"type": "http.response.start", "status": 200, "headers": [(b"x-name", b"caf\xe9")]}


def answer(application: Any, happened: list[Any]) -> None:
    """Asks once. What is sent is noted among what happened."""

    async def send(message: Any) -> None:
        happened.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope: Any = SCOPE
    asyncio.run(Bridge(application, threads=1)(scope, receive, send))


def piece(body: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


@pytest.mark.parametrize("pieces", [[b"hello"], []])
def test_an_answer_at_once_goes_out_at_once(pieces: list[bytes]) -> None:
    happened: list[Any] = []

    def application(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("X-Name", "caf\xe9")])
        return pieces

    answer(application, happened)
    assert happened == [HEAD, piece(b"".join(pieces), more=False)]


def test_of_an_answer_in_pieces_each_is_gone_before_the_one_after_the_next_is_made() -> None:
    happened: list[Any] = []

    def application(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("X-Name", "caf\xe9")])
        for body in (b"a", b"b", b"c"):
            happened.append(body)
            yield body

    answer(application, happened)
    assert happened == [
        *(b"a", b"b", HEAD, piece(b"a", more=True), b"c", piece(b"b", more=True)),
        piece(b"c", more=False),
    ]


def test_where_the_application_fails_nothing_has_gone_out_and_it_is_closed() -> None:
    happened: list[Any] = []

    class StreamedFile:
        def __iter__(self) -> Iterator[bytes]:
            yield b"a"
            raise RuntimeError("in the middle")

        def close(self) -> None:
            happened.append("closed")

    def application(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return StreamedFile()

    with pytest.raises(RuntimeError, match="in the middle"):
        answer(application, happened)
    assert happened == ["closed"]


def test_the_application_runs_in_a_thread_of_its_own() -> None:
    threads: list[int] = []

    def application(environ: Any, start_response: Any) -> list[bytes]:
        threads.append(get_ident())
        start_response("204 No Content", [])
        return [b""]

    answer(application, [])
    assert threads != [get_ident()]


def test_a_file_is_sent_by_the_event_loop_and_closed() -> None:
    happened: list[Any] = []
    file = BytesIO(b"a" * PIECE_BYTES + b"b")

    def application(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("X-Name", "caf\xe9")])
        return environ["wsgi.file_wrapper"](file, 8192)

    answer(application, happened)
    pieces = [piece(b"a" * PIECE_BYTES, more=True), piece(b"b", more=True), piece(b"", more=False)]
    assert happened == [HEAD, *pieces]
    assert file.closed
