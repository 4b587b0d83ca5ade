"""What strangers may do before a request has a head."""

import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from taskbell.config import crowd
from taskbell.config import port as guard
from taskbell.config.frames import MAX_FRAMES, MAX_MESSAGE_BYTES
from taskbell.config.port import MAX_HEAD_BYTES, MAX_HEADERS, MAX_PIPELINED
from taskbell.web.middleware import ON_EVERY_ANSWER
from tests.port.raw import Raw, request_of, status_of
from tests.processes import eventually

HOST = b"Host: localhost\r\n"
UPGRADE = ("Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13")
ALIVE = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
MEBIBYTE = 1024 * 1024

pytestmark = pytest.mark.django_db(transaction=True)


def get(*lines: bytes, target: bytes = b"/healthz") -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n" + b"".join(lines) + b"\r\n"


@pytest.mark.parametrize(
    "data",
    [
        get(b"X-A: " + b"a" * MEBIBYTE),
        get(b"X-A: " + b"a" * MEBIBYTE + b"\r\n"),
        get(b"a" * MEBIBYTE),
        get(b"X-A: " + b"a" * MAX_HEAD_BYTES + b"\r\n"),
        get(b"".join(b"X-%d: b\r\n" % number for number in range(10_000))),
        get(b"a:\r\n" * 10_000),
        get(b"a:\r\n" * MAX_HEADERS),
        get(target=b"/" + b"a" * MEBIBYTE),
        get(target=b"/healthz?" + b"a" * MAX_HEAD_BYTES),
        ALIVE[:-2] + b"Cookie: " + b"a=b; " * MEBIBYTE,
    ],
    ids=range(10),
)  # fmt: skip
def test_a_head_that_is_too_large_is_refused(raw: Raw, data: bytes) -> None:
    assert status_of(raw(data)) == 431


def test_a_refusal_at_the_port_makes_browsers_careful_too(raw: Raw) -> None:
    answer = raw(b"GET / HTTP/1.1\r\n\r\n")
    assert status_of(answer) == 400
    for name, value in ON_EVERY_ANSWER:
        assert b"\r\n" + name + b": " + value + b"\r\n" in answer


def test_a_head_just_below_the_limits_is_answered(raw: Raw) -> None:
    assert status_of(raw(get(b"X-A: " + b"a" * (MAX_HEAD_BYTES - 1000) + b"\r\n"))) == 200
    assert status_of(raw(get(b"a:\r\n" * (MAX_HEADERS - 2)))) == 200


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /api/tasks/ HTTP/1.0\r\n\r\n",
        b"GET /\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/2.0\r\n" + HOST + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        b"get / HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\n" + HOST + b"\r\n",
        b"CONNECT localhost:443 HTTP/1.1\r\n" + HOST + b"\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"X-A: b\r\n c\r\n\r\n",
        b"GET / HTTP/1.1\n" + b"Host: localhost\n\n",
        b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        *(
            b"POST /api/token/ HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks
            for chunks in (
                b"-1\r\n", b"0x1\r\n", b"1 \r\n", b"f" * 17 + b"\r\n", b"1\nx\n0\n\n", b"1\r\nxx\r\n0\r\n\r\n",
                b"1;" + b"a" * MEBIBYTE, b"0\r\nX-A: " + b"a" * MEBIBYTE, b"0\r\n" + b"a: b\r\n" * MEBIBYTE,
            )
        ),
    ],
    ids=range(24),
)  # fmt: skip
def test_what_is_not_one_plain_request_is_refused(raw: Raw, data: bytes) -> None:
    assert status_of(raw(data)) == 400


def test_what_follows_a_body_changes_nothing_that_its_head_said(raw: Raw) -> None:
    body = b"2\r\n{}\r\n0\r\nContent-Type: text/csv\r\nHost: evil.example\r\n\r\n"
    own = ("Content-Type: application/json", "Transfer-Encoding: chunked")
    answer = raw(request_of("POST", "/api/token/", *own, body=body))
    assert b"required" in answer


def test_an_old_probe_may_name_no_host(raw: Raw) -> None:
    assert status_of(raw(b"GET /healthz HTTP/1.0\r\n\r\n")) == 200


def test_an_absolute_address_of_this_host_is_answered(raw: Raw) -> None:
    assert status_of(raw(get(target=b"http://localhost/healthz"))) == 200


def test_requests_in_a_row_are_answered_in_a_row_and_not_without_end(raw: Raw) -> None:
    assert raw(ALIVE * 50 + get()).count(b"HTTP/1.1 200") == 51
    answer = raw(ALIVE * 10_000)
    assert 0 < answer.count(b"HTTP/1.1 200") <= MAX_PIPELINED
    assert raw(ALIVE + b"garbage\r\n\r\n").count(b"HTTP/1.1 200") == 1


@pytest.fixture
def connect(port: int) -> Iterator[Any]:
    """Opens connections that stay open until the test ends."""
    with ExitStack() as stack:

        def connected(data: bytes = b"") -> socket.socket:
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
            connection.sendall(data)
            return connection

        yield connected


def heard(connection: socket.socket) -> bytes:
    """Everything up to the end of the connection."""
    answer = b""
    try:
        while part := connection.recv(65536):
            answer += part
    except ConnectionResetError:
        pass
    return answer


@pytest.mark.parametrize(("sent", "status"), [(b"", None), (b"\r\n", 408), (b"GET / HT", 408), (get()[:-2], 408)])
def test_a_head_that_takes_too_long_is_given_up(
    connect: Any, monkeypatch: pytest.MonkeyPatch, sent: bytes, status: int | None
) -> None:
    monkeypatch.setattr(crowd, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(crowd, "SWEEP_SECONDS", 0.1)
    monkeypatch.setattr(guard, "LINGER_SECONDS", 0.3)
    answer = heard(connect(sent))
    assert (status_of(answer) if answer else None) == status


def test_where_all_places_are_taken_the_oldest_idle_connection_makes_room(
    connect: Any, raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd, "MAX_CONNECTIONS", 5)
    sent = (b"", b"GET / HT", b"POST /api/token/ HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\n{")
    idle = [connect(sent[number % 3]) for number in range(9)]
    assert [status_of(raw(get())) for _ in range(3)] == [200] * 3
    assert heard(idle[0]) == b"", "the oldest is closed"


def test_where_nobody_is_idle_only_probes_are_answered(
    connect: Any, raw: Raw, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(crowd, "MAX_CONNECTIONS", 2)
    handshake = request_of("GET", "/ws/tasks/", *UPGRADE).replace(b"Connection: close", b"Connection: Upgrade")
    live = [connect(handshake) for _ in range(2)]
    assert [status_of(connection.recv(4096)) for connection in live] == [101] * 2
    refused = raw(get(target=b"/sign-in/"))
    assert status_of(refused) == 503
    assert b"retry-after" in refused
    assert status_of(raw(get())) == 200
    live.pop().close()
    assert eventually(lambda: status_of(raw(get(target=b"/sign-in/"))) == 200, within=10)


def test_one_address_may_hold_so_many_idle_connections(
    connect: Any, raw: Raw, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(crowd, "MAX_IDLE_PER_ADDRESS", 3)
    monkeypatch.setattr(crowd, "YOUNG_SECONDS", 0.0)
    idle = [connect() for _ in range(5)]
    assert heard(idle[0]) == heard(idle[1]) == b""
    idle[2].sendall(get())
    assert status_of(heard(idle[2])) == 200
    settings.TASKBELL_PROXIES = 1  # from now on, the address is that of the proxy
    more = [connect() for _ in range(5)]
    for connection in more:
        connection.sendall(get())
        assert status_of(heard(connection)) == 200


def frame(code: int, payload: bytes = b"") -> bytes:
    length = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xff" + struct.pack("!Q", len(payload))
    return bytes([code]) + length + b"\0" * 4 + payload


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (frame(0x89) * (MAX_FRAMES + 1), 1008),
        (frame(0x8A) * (MAX_FRAMES + 1), 1008),
        (frame(0x01) + frame(0x00) * (MAX_FRAMES + 1), 1008),
        (frame(0x81, b" " * (MAX_MESSAGE_BYTES + 1)), 1009),
        (frame(0x01, b" " * MAX_MESSAGE_BYTES) + frame(0x80, b" "), 1009),
        (b"\x81\xff" + struct.pack("!Q", 2**62) + b"\0" * 4, 1009),
        (frame(0x83), 1002),
        (frame(0x81, b"\xff"), 1007),
    ],
)
def test_a_flood_of_frames_ends_the_live_connection(connect: Any, frames: bytes, code: int) -> None:
    handshake = request_of("GET", "/ws/tasks/", *UPGRADE).replace(b"Connection: close", b"Connection: Upgrade")
    connection = connect(handshake)
    assert status_of(connection.recv(4096)) == 101
    connection.sendall(frames)
    assert struct.pack("!H", code) in heard(connection)


@pytest.mark.parametrize(
    ("line", "extra", "status"),
    [
        ("GET /ws/tasks/", "X-A: " + "a" * 9000, 431),
        ("GET /ws/tasks/?" + "a" * 9000, "X-A: a", 431),
        ("GET /ws/tasks/", "Content-Length: 1", 400),
        ("POST /ws/tasks/", "X-A: a", 405),
    ],
)
def test_a_handshake_that_the_library_would_not_answer_is_refused(raw: Raw, line: str, extra: str, status: int) -> None:
    method, path = line.split(" ")
    handshake = request_of(method, path, *UPGRADE, extra).replace(b"Connection: close", b"Connection: Upgrade")
    assert status_of(raw(handshake)) == status
