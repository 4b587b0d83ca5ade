"""Taskbell as it is in production: https by a proxy that connects to a socket file."""

import secrets
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import unix_connect

from tests.prepared import prepared
from tests.processes import RunningTaskbell, eventually, taskbell
from tests.services import fresh_database

HOST = "tasks.example.org"
SETTINGS = {"TASKBELL_URL": f"https://{HOST}", "TASKBELL_PROXIES": "1"}
PROXY = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.1", "Host": HOST}
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def socket_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the whole of Taskbell listens."""
    folder = tmp_path_factory.mktemp("production")
    file = folder / "web.sock"
    env = SETTINGS | fresh_database() | {"TASKBELL_BIND": f"unix:{file}", "SECRET_KEY": secrets.token_urlsafe(48)}
    with RunningTaskbell(prepared(folder / "data"), env=env):
        yield file


@pytest.fixture
def proxy(socket_file: Path) -> Iterator[httpx.Client]:
    """Asks as the proxy does."""
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(socket_file)), base_url="http://taskbell") as client:
        client.headers.update(PROXY)
        yield client


def test_djangos_own_check_has_nothing_to_say(tmp_path: Path) -> None:
    env = SETTINGS | {"SECRET_KEY": secrets.token_urlsafe(48)}
    said = taskbell("check", "--deploy", "--fail-level", "WARNING", data=tmp_path / "data", env=env, within=60)
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith("System check identified no issues"), said.stdout


def test_without_https_the_check_says_what_is_missing(tmp_path: Path) -> None:
    said = taskbell("check", "--deploy", "--fail-level", "WARNING", data=tmp_path / "data", within=60)
    assert said.returncode == 1
    assert "security.W004" in said.stderr


@pytest.mark.parametrize(
    "path", ["/", "/sign-in/", "/api/tasks/", "/nothing/here/", "/api/docs/", "/static/{style}", "/healthz"]
)
def test_every_answer_tells_the_browser_to_be_careful(proxy: httpx.Client, path: str) -> None:
    style = next(part for part in proxy.get("/").text.split('"') if part.endswith(".css"))
    headers = proxy.get(path.replace("/static/{style}", style)).headers
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "Server" not in headers


def test_cookies_go_over_tls_only(proxy: httpx.Client) -> None:
    form = {"email": "ada@example.org", "password": PASSWORD}
    assert proxy.post("/api/register/", json=form).status_code == 201
    page = proxy.get("/sign-in/")
    token = SimpleCookie(page.headers["Set-Cookie"])["csrftoken"]
    assert token["secure"] is True
    fields = {"identifier": "ada@example.org", "password": PASSWORD, "csrfmiddlewaretoken": token.value}
    headers = {"Cookie": f"csrftoken={token.value}", "Origin": f"https://{HOST}"}
    answer = proxy.post("/sign-in/", data=fields, headers=headers)
    assert answer.status_code == 302
    session = SimpleCookie()
    for cookie in answer.headers.get_list("set-cookie"):
        session.load(cookie)
    assert (session["sessionid"]["secure"], session["sessionid"]["httponly"]) == (True, True)
    assert session["sessionid"]["samesite"] == "Lax"


def test_plain_http_is_sent_to_https_and_foreign_hosts_are_refused(proxy: httpx.Client) -> None:
    plain = proxy.get("/sign-in/", headers={"X-Forwarded-Proto": "http"})
    assert (plain.status_code, plain.headers["Location"]) == (301, f"https://{HOST}/sign-in/")
    assert proxy.get("/sign-in/", headers={"Host": "evil.example.com"}).status_code == 400


def test_a_live_connection_passes_through_the_socket_file(proxy: httpx.Client, socket_file: Path) -> None:
    form = {"email": "mia@example.org", "password": PASSWORD}
    assert proxy.post("/api/register/", json=form).status_code in (201, 400)
    access = proxy.post("/api/token/", json=form).json()["access"]
    headers: Any = {"Authorization": f"Bearer {access}", "X-Forwarded-Proto": "https"}
    with unix_connect(str(socket_file), f"ws://{HOST}/ws/tasks/", additional_headers=headers) as live:
        assert '"connected"' in str(live.recv(timeout=10))


def test_a_socket_file_left_behind_is_replaced_and_a_used_one_is_not(tmp_path: Path) -> None:
    file = tmp_path / "web.sock"
    env = {"TASKBELL_BIND": f"unix:{file}"} | fresh_database()
    with RunningTaskbell(prepared(tmp_path / "one"), env=env):
        second = taskbell("run", data=tmp_path / "two", env=env)
        assert second.returncode == 2
        assert second.stderr.startswith("taskbell: TASKBELL_BIND: can't listen on")
    assert file.exists()
    with (
        RunningTaskbell(tmp_path / "one", env=env),
        httpx.Client(transport=httpx.HTTPTransport(uds=str(file))) as client,
    ):
        assert client.get("http://localhost/healthz").status_code == 200


def test_it_listens_on_ipv6_and_answers_to_its_address(tmp_path: Path) -> None:
    with RunningTaskbell(prepared(tmp_path / "data"), env={"TASKBELL_BIND": "::"} | fresh_database()) as running:
        for address in ("[::1]", "127.0.0.1"):
            answer = httpx.get(f"http://{address}:{running.port}/sign-in/")
            assert answer.status_code == 200
            assert httpx.get(f"http://{address}:{running.port}/metrics").status_code == 200
        eventually(lambda: httpx.get(f"http://[::1]:{running.port}/readyz").status_code == 200, within=20)
