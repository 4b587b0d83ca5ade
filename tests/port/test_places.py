"""Who is asking is known before a body is taken or a place is given, and a place is not kept from others."""

import asyncio
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Event

import pytest
from django.test import Client

from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.common.errors import TooMany
from taskbell.config import asgi, bodies, bridge, crowd
from taskbell.config.asgi import MAX_IMPORTS, MAX_STREAMS, REQUEST_THREADS
from taskbell.config.places import Places
from taskbell.tasks.models import Task
from tests.conftest import NOW, PASSWORD, Program, make_person
from tests.port.raw import Raw, request_of, status_of
from tests.processes import eventually

SMALL, LARGE = 64 * 1024, 200_000
CSV = b"title\nSow\n"

pytestmark = pytest.mark.django_db(transaction=True)

Sign = Callable[[User], Program]


@pytest.fixture
def clients(port: int) -> Iterator["Clients"]:
    """They leave before the server stops, which would wait for them."""
    clients = Clients()
    yield clients
    clients.leave()


class Clients:
    """Connections that stay open until the test ends."""

    def __init__(self) -> None:
        self.open: list[socket.socket] = []

    def send(self, port: int, data: bytes) -> socket.socket:
        """A client that sends this and reads nothing."""
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(60)
        connection.connect(("127.0.0.1", port))
        connection.sendall(data)
        self.open.append(connection)
        return connection

    def leave(self) -> None:
        for connection in self.open:
            connection.close()


def upload(token: str | None, *, length: int = len(CSV), body: bytes = CSV) -> bytes:
    own = ("Content-Type: text/csv", f"Content-Length: {length}")
    signed = (f"Authorization: Bearer {token}",) if token else ()
    return request_of("POST", "/api/tasks/import/", *own, *signed, body=body)


def large_bulk(token: str, *, body: bytes | None = None) -> bytes:
    whole = json.dumps({"create": [{"title": "Sow", "description": "x" * 17_000}] * 4}).encode()
    own = (f"Authorization: Bearer {token}", "Content-Type: application/json", f"Content-Length: {len(whole)}")
    return request_of("POST", "/api/tasks/bulk/", *own, body=whole if body is None else body)


def drip(connection: socket.socket) -> bytes:
    """Sends another byte; what has been answered."""
    connection.sendall(b" ")
    connection.settimeout(0.01)
    with suppress(TimeoutError):
        return connection.recv(4096)
    return b""


def export(token: str | None) -> bytes:
    return request_of("GET", "/api/tasks/export/", f"Authorization: Bearer {token}")


def detail_of(answer: bytes) -> str:
    return str(json.loads(answer.partition(b"\r\n\r\n")[2])["detail"])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/tasks/", 401),
        ("/api/tasks/bulk", 401),
        ("/api/tasks/import/", 401),
        ("/api/task/import", 401),
        ("/api/register/", 413),
        ("/api/token/", 413),
        ("/api/auth/login/", 413),
        ("/sign-in/", 413),
        ("/nowhere/", 413),
    ],
)
@pytest.mark.parametrize("authorization", ["", "Bearer x.y.z", "Bearer ", "Basic YTpi"])
@pytest.mark.parametrize("framing", [f"Content-Length: {LARGE}", f"Content-Length: {10**12}"])
def test_a_stranger_is_refused_before_a_large_body(
    raw: Raw, path: str, status: int, authorization: str, framing: str
) -> None:
    # The body never comes: the answer does not wait for it.
    given = (f"Authorization: {authorization}",) if authorization else ()
    assert status_of(raw(request_of("POST", path, framing, "Expect: 100-continue", *given))) == status


def test_a_stranger_may_send_a_small_body_in_chunks_and_no_large_one(raw: Raw) -> None:
    chunk = b"1000\r\n" + b" " * 0x1000 + b"\r\n"
    end = b"2\r\n{}\r\n0\r\n\r\n"
    framing = ("Content-Type: application/json", "Transfer-Encoding: chunked")
    assert status_of(raw(request_of("POST", "/api/token/", *framing, body=chunk * 15 + end))) == 400
    assert status_of(raw(request_of("POST", "/api/token/", *framing, body=chunk * 17 + end))) == 413
    assert status_of(raw(request_of("POST", "/api/tasks/", *framing, body=chunk * 17 + end))) == 401


def test_somebody_who_may_not_import_is_refused_before_the_file(raw: Raw, ivo: User, as_user: Sign) -> None:
    data = upload(as_user(ivo).access, length=LARGE, body=b"")
    assert status_of(raw(data)) == 403
    chunked = request_of(
        "POST", "/api/tasks/import/", "Transfer-Encoding: chunked", f"Authorization: Bearer {as_user(ivo).access}"
    )
    assert status_of(raw(chunked)) == 403


def test_the_cookie_of_a_browser_counts_as_signed_in(raw: Raw, bo: User, client: Client) -> None:
    assert client.post("/sign-in/", {"identifier": "bo", "password": PASSWORD}).status_code == 302
    cookie = f"Cookie: sessionid={client.cookies['sessionid'].value}"
    large = request_of("POST", "/sign-out/", cookie, f"Content-Length: {LARGE}", body=b" " * LARGE)
    assert status_of(raw(large)) == 403, "the page read the body, and missed the token of its form"
    assert status_of(raw(large.replace(b"sessionid=", b"sessionid=x"))) == 413


def test_no_cookie_is_given_to_pythons_slow_reader(raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr("http.cookies._unquote", lambda text: calls.append(text) or text)
    cookie = f'Cookie: sessionid="{chr(92) * 1000}"'  # 60,000 would stop the process for seconds
    assert status_of(raw(request_of("GET", "/sign-in/", cookie))) == 200
    assert not calls


def test_unfinished_uploads_of_strangers_take_no_place(
    raw: Raw, port: int, bo: User, as_user: Sign, clients: Clients
) -> None:
    for _ in range(MAX_IMPORTS + 5):
        clients.send(port, upload(None, length=SMALL - 1, body=b"t"))
    assert status_of(raw(upload(as_user(bo).access))) == 200


def test_unfinished_uploads_of_one_person_take_one_place(
    raw: Raw, port: int, bo: User, cy: User, as_user: Sign, clients: Clients
) -> None:
    for _ in range(MAX_IMPORTS + 1):
        clients.send(port, upload(as_user(bo).access, length=LARGE, body=b"t"))
    assert status_of(raw(upload(as_user(cy).access))) == 200
    for _ in range(asgi.uploads.in_line):
        clients.send(port, upload(as_user(bo).access, length=LARGE, body=b"t"))
    refused = raw(upload(as_user(bo).access))
    assert status_of(refused) == 429
    assert b"retry-after" in refused.lower()


@pytest.fixture
def long_file(bo: User, cy: User) -> None:
    """More than the buffers between the server and a client can hold, for each of the two."""
    moments = {"created_at": NOW, "updated_at": NOW}
    text = "Water them well. " * 500
    Task.objects.bulk_create(
        Task(title="Sow", description=text, timezone="UTC", created_by=person, project=person.inbox, **moments)
        for person in (bo, cy)
        for _ in range(2000)
    )


def test_unread_exports_of_one_person_take_one_place(
    raw: Raw, port: int, long_file: None, bo: User, cy: User, as_user: Sign, clients: Clients
) -> None:
    unread = [clients.send(port, export(as_user(bo).access)) for _ in range(MAX_STREAMS + 1)]
    assert unread[0].recv(1)
    assert status_of(raw(export(as_user(cy).access))) == 200
    assert status_of(raw(request_of("GET", "/healthz"))) == 200


def test_an_unread_export_is_given_up(
    raw: Raw, port: int, long_file: None, bo: User, as_user: Sign, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd, "UNREAD_SECONDS", 0.5)
    monkeypatch.setattr(crowd, "SWEEP_SECONDS", 0.1)
    assert clients.send(port, export(as_user(bo).access)).recv(1)
    eventually(lambda: not asgi.streams.lines, within=10)
    monkeypatch.setattr(crowd, "UNREAD_SECONDS", 15.0)
    assert raw(export(as_user(bo).access)).endswith(b"0\r\n\r\n"), "the place is free again"


def test_unread_files_keep_no_thread(raw: Raw, port: int, clients: Clients) -> None:
    for _ in range(REQUEST_THREADS + 2):
        clients.send(port, request_of("GET", "/api/schema/"))
    assert status_of(raw(request_of("GET", "/api/schema/"))) == 200


def test_probes_are_answered_while_every_thread_is_busy(raw: Raw) -> None:
    free = Event()
    busy = [asgi.http._threads.submit(free.wait) for _ in range(REQUEST_THREADS)]
    try:
        assert status_of(raw(request_of("GET", "/healthz"))) == 200
        assert b'"ready"' in raw(request_of("GET", "/readyz"))
        assert status_of(raw(request_of("GET", "/metrics"))) in (200, 401)
    finally:
        free.set()
    assert all(one.result() for one in busy)


def test_a_body_below_the_floor_is_given_up(
    raw: Raw, port: int, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "GRACE_SECONDS", 0.3)
    slow = clients.send(port, request_of("POST", "/api/token/", "Content-Length: 1000", body=b"{"))
    assert status_of(eventually(lambda: drip(slow), within=10)) == 408


def test_one_asker_leaves_threads_to_the_others() -> None:
    places, ran = Places(4, each=2, in_line=3), list[str]()

    async def ask(asker: str, until: asyncio.Event) -> None:
        async with places.of(asker):
            ran.append(asker)
            await until.wait()

    async def many() -> None:
        end = asyncio.Event()
        greedy = [asyncio.create_task(ask("greedy", end)) for _ in range(5)]
        await asyncio.sleep(0)
        modest = [asyncio.create_task(ask("modest", end)) for _ in range(2)]
        await asyncio.sleep(0)
        assert ran == ["greedy"] * 2 + ["modest"] * 2
        with pytest.raises(TooMany):
            await ask("greedy", end)
        end.set()
        await asyncio.gather(*greedy, *modest)
        assert not places.lines

    asyncio.run(many())


@pytest.fixture
def others(db: None) -> list[User]:
    return [make_person(f"other{number}", Role.MEMBER) for number in range(9)]


def test_unfinished_uploads_of_several_people_leave_room_for_others(
    raw: Raw, port: int, bo: User, others: list[User], as_user: Sign, clients: Clients
) -> None:
    for person in others:
        clients.send(port, upload(as_user(person).access, length=LARGE, body=b"t"))
        clients.send(port, large_bulk(as_user(person).access, body=b"{"))
    assert status_of(raw(upload(as_user(bo).access))) == 200
    assert status_of(raw(large_bulk(as_user(bo).access))) == 200


def test_an_upload_must_come_faster_while_somebody_waits_for_its_place(
    port: int, bo: User, cy: User, as_user: Sign, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asgi, "uploads", Places(1, each=1, in_line=4))
    monkeypatch.setattr(bodies, "GRACE_SECONDS", 0.3)
    monkeypatch.setattr(bodies, "MIN_BYTES_PER_SECOND", 1.0)
    slow = clients.send(port, upload(as_user(bo).access, length=LARGE, body=b"t" * 1000))
    eventually(lambda: asgi.uploads.lines, within=10)
    waiting = clients.send(port, upload(as_user(cy).access))
    assert status_of(eventually(lambda: drip(slow), within=10)) == 408
    assert status_of(waiting.recv(4096)) == 200


def test_an_export_must_be_read_faster_while_somebody_waits_for_its_place(
    port: int, long_file: None, bo: User, cy: User, as_user: Sign, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asgi, "streams", Places(1, each=1, in_line=4))
    monkeypatch.setattr(bridge, "GRACE_SECONDS", 0.0)
    monkeypatch.setattr(bridge, "MIN_BYTES_PER_SECOND_WHILE_WANTED", 1e9)
    slow = clients.send(port, export(as_user(bo).access))
    assert slow.recv(1)
    waiting = clients.send(port, export(as_user(cy).access))
    waiting.settimeout(0.01)

    def is_answered_while_the_other_reads() -> bytes:
        with suppress(ConnectionError):
            for _ in range(50):
                slow.recv(65536)
        with suppress(TimeoutError):
            return waiting.recv(1)
        return b""

    assert eventually(is_answered_while_the_other_reads, within=10)
