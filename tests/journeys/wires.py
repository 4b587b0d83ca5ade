"""Connections that stay open, one to each web process."""

import http.client
import json
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import orjson
import psutil

from tests.conftest import PASSWORD
from tests.processes import RunningTaskbell, eventually

PROCESSES = 2
Answer = tuple[int, str, bytes]


def opened(port: int) -> http.client.HTTPConnection:
    """A connection that some process has taken."""
    wire = http.client.HTTPConnection("localhost", port, timeout=30)
    wire.request("GET", "/healthz")
    wire.getresponse().read()
    return wire


def wires(tree: RunningTaskbell) -> list[http.client.HTTPConnection]:
    """An open connection to each of the web processes: opens some until each of them has taken one."""
    found: dict[int, http.client.HTTPConnection] = {}

    def has_all() -> bool:
        fresh = {wire.sock.getsockname()[1]: wire for wire in (opened(tree.port) for _ in range(4))}
        for process in psutil.Process(tree.pid("web")).children():
            for end in process.net_connections("tcp"):
                if end.raddr and end.raddr.port in fresh and process.pid not in found:
                    found[process.pid] = fresh.pop(end.raddr.port)
        for wire in fresh.values():
            wire.close()
        return len(found) == PROCESSES

    eventually(has_all, within=30)  # on a busy machine one process may take many in a row
    return list(found.values())


@dataclass
class Person:
    """Somebody with a connection to each process."""

    name: str
    tree: RunningTaskbell
    id: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    wires: list[http.client.HTTPConnection] = field(default_factory=list)

    def connect(self) -> None:
        """Anew: the server closes what was idle for five seconds."""
        self.leave()
        self.wires = wires(self.tree)

    def leave(self) -> None:
        for wire in self.wires:
            wire.close()

    def again(self) -> "Person":
        """The same person at another device."""
        return Person(self.name, self.tree, self.id, self.headers)

    @property
    def form(self) -> dict[str, str]:
        return {"username": self.name, "email": f"{self.name}@example.org", "password": PASSWORD}

    def register(self) -> "Person":
        self.id = self.done("POST", "/api/register/", self.form)["id"]
        self.headers = {"Authorization": f"Bearer {self.done('POST', '/api/token/', self.form)['access']}"}
        return self

    def ask(self, wire: int, path: str, *, tag: str = "") -> Answer:
        """Status, ETag and body of what this process answers."""
        try:
            return self._asked(self.wires[wire], path, tag)
        except ConnectionError:  # idle for too long; whichever process takes the new one
            self.wires[wire].close()
            return self._asked(self.wires[wire], path, tag)

    def _asked(self, wire: http.client.HTTPConnection, path: str, tag: str) -> Answer:
        wire.request("GET", path, headers=self.headers | ({"If-None-Match": tag} if tag else {}))
        answer = wire.getresponse()
        return answer.status, answer.headers.get("ETag", ""), answer.read()

    def done(self, method: str, path: str, body: Any = None) -> Any:
        """What was done, by whichever process takes it; anything but 2xx is a failure."""
        with closing(http.client.HTTPConnection("localhost", self.tree.port, timeout=30)) as wire:
            headers = self.headers | {"Content-Type": "application/json"}
            wire.request(method, path, None if body is None else json.dumps(body), headers)
            answer = wire.getresponse()
            text = answer.read()
        assert 200 <= answer.status < 300, (method, path, body, answer.status, text)
        return orjson.loads(text) if text else None
