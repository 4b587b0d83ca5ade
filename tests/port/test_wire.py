"""What comes over a real socket: broken, slow and malicious requests."""

import json
import socket
from typing import Any

import pytest

from taskbell.config import bodies
from taskbell.config.asgi import MAX_IMPORTS, REQUEST_THREADS
from taskbell.tasks.models import Task
from tests.port.raw import Raw, request_of, status_of

BODY = b'{"title": "x"}'
CHUNKS = b"e\r\n" + BODY + b"\r\n0\r\n\r\n"

pytestmark = pytest.mark.django_db(transaction=True)


def post(token: str, *headers: str, body: bytes = BODY) -> bytes:
    own = (f"Authorization: Bearer {token}", "Content-Type: application/json")
    return request_of("POST", "/api/tasks/", *own, *headers, body=body)


def test_a_body_in_chunks_arrives(raw: Raw, token: str) -> None:
    assert status_of(raw(post(token, "Transfer-Encoding: chunked", body=CHUNKS))) == 201
    assert Task.objects.get().title == "x"


@pytest.mark.parametrize("in_chunks", [True, False])
def test_a_huge_body_is_refused_however_it_comes(raw: Raw, token: str, in_chunks: bool) -> None:
    mebibyte = b" " * 1024 * 1024
    if in_chunks:
        body = (b"100000\r\n" + mebibyte + b"\r\n") * 6 + b"0\r\n\r\n"
        data = post(token, "Transfer-Encoding: chunked", body=body)
    else:
        data = post(token, f"Content-Length: {6 * len(mebibyte)}", body=mebibyte * 6)
    assert status_of(raw(data)) == 413


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: 14", "Content-Length: 5"),
        ("Content-Length: 14", "Transfer-Encoding: chunked"),
        *((f"Content-Length: {length}",) for length in ("-1", "abc", "+14", "14, 14", "9" * 30)),
        ("Content-Length: 14", "garbage"),
        ("Content-Length: 14", "X-A: a\x00b"),
        ("Content-Length: 14", "X-A : b"),
        ("Content-Length: 14", "Host: evil.example"),
        ("Transfer-Encoding: chunked",),
    ],
)
def test_what_two_servers_could_read_in_two_ways_is_refused(raw: Raw, token: str, headers: tuple[str, ...]) -> None:
    assert status_of(raw(post(token, *headers))) == 400
    assert not Task.objects.exists()


@pytest.mark.parametrize(
    ("path", "host"),
    [
        *((path, "localhost") for path in ("/api/%zz%/", "/api/tasks/%ff%fe/", "/api/tasks/%00/", "/api/tasks/1%0a/")),
        *((path, "localhost") for path in ("/api/tasks/?page=%", "/api/tasks/?%ff=%zz&&==", "//evil/api/tasks/", "*")),
        *((path, "localhost") for path in ("/static/%2e%2e/%2e%2e/etc/passwd", "/static/a%00b", "/api/../etc/passwd")),
        *(("/api/tasks/", host) for host in ("evil.example", "a b<>\"'", "", "[::1", "localhost:99999999", "x" * 300)),
    ],
)
def test_strange_paths_and_hosts_are_the_mistake_of_the_client(raw: Raw, path: str, host: str) -> None:
    answer = raw(request_of("GET", path, host=host))
    assert 400 <= status_of(answer) < 500
    assert b"Traceback" not in answer


@pytest.mark.parametrize(
    "data", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100, b"SSH-2.0-x\r\n\r\n"]
)
def test_another_protocol_is_refused(raw: Raw, data: bytes) -> None:
    assert status_of(raw(data)) == 400


def test_a_name_that_only_looks_like_the_header_of_the_proxy_is_not_heard(raw: Raw, settings: Any) -> None:
    settings.TASKBELL_PROXIES = 1
    wrong = json.dumps({"username": "bo", "password": "wrong"}).encode()
    own = ("Content-Type: application/json", f"Content-Length: {len(wrong)}", "X-Forwarded-For: 192.0.2.7")
    statuses = [
        status_of(raw(request_of("POST", "/api/token/", *own, f"X_Forwarded_For: 192.0.2.{number}", body=wrong)))
        for number in range(11)
    ]
    assert statuses == [401] * 10 + [429]


def test_clients_that_send_slowly_hold_nobody_up(raw: Raw, port: int, token: str) -> None:
    slow = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(REQUEST_THREADS + 2)]
    try:
        for connection in slow:
            connection.sendall(post(token, f"Content-Length: {len(BODY)}", body=BODY[:3]))
        assert status_of(raw(request_of("GET", "/healthz"))) == 200
        for connection in slow:
            connection.sendall(BODY[3:])
        assert [status_of(connection.recv(4096)) for connection in slow] == [201] * len(slow)
    finally:
        for connection in slow:
            connection.close()


def test_a_client_that_leaves_in_the_middle_changes_nothing(raw: Raw, port: int, token: str) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(post(token, "Content-Length: 50"))
    assert status_of(raw(request_of("GET", "/healthz"))) == 200
    assert not Task.objects.exists()


def test_uploads_that_stall_are_given_up_and_imports_go_on(
    raw: Raw, port: int, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "STALLED_SECONDS", 0.5)
    stalled = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(MAX_IMPORTS)]
    try:
        own = (f"Authorization: Bearer {token}", "Content-Type: text/csv", "Content-Length: 8")
        for connection in stalled:
            connection.sendall(request_of("POST", "/api/tasks/import/", *own, body=b"title"))
        assert status_of(raw(request_of("POST", "/api/tasks/import/", *own, body=b"title\nx\n"))) == 200
        assert [status_of(connection.recv(4096)) for connection in stalled] == [408] * len(stalled)
    finally:
        for connection in stalled:
            connection.close()
