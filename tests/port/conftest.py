"""A server of our own on a real socket."""

import socket
from collections.abc import Callable, Iterator
from threading import Thread

import pytest
import uvicorn

from taskbell.accounts.models import User
from taskbell.config import asgi
from taskbell.config.asgi import application
from taskbell.config.places import Places
from taskbell.config.port import OPTIONS
from tests.conftest import Program
from tests.port.raw import Raw
from tests.processes import eventually


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Where the application listens. The places are new, because they belong to an event loop."""
    for name, places in vars(asgi).items():
        if isinstance(places, Places):
            monkeypatch.setattr(asgi, name, Places(places.total, each=places.each, in_line=places.in_line))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(application, log_config=None, **OPTIONS))
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        eventually(lambda: server.started, within=10)
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join(20)


@pytest.fixture
def raw(port: int) -> Raw:
    """Sends these bytes and hears everything up to the end of the connection."""

    def exchange(data: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            connection.sendall(data)
            answer = b""
            while part := connection.recv(65536):
                answer += part
            return answer

    return exchange


@pytest.fixture
def token(request: pytest.FixtureRequest, as_user: Callable[[User], Program]) -> str:
    """Bo's."""
    return str(as_user(request.getfixturevalue("bo")).access)
