"""One attack: the bytes that somebody sends, and what may come back."""

import http.client
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import yaml

ATTACKS = Path(__file__).parent.parent / "attacks.yaml"
CLOSED = "closed"  # expected instead of a status: the server hangs up without a word
MAX_ANSWER_BYTES = 16 * 1024  # where an attack says nothing else
NEVER = ("Traceback", "site-packages", "/taskbell/", "psycopg", "sqlite3", "SELECT ", "django.", "DoesNotExist")
PATIENCE = 60.0  # seconds until the test gives up; the benchmark measures how long attacks take
Text = str | list[Any]


def expand(text: Text) -> str:
    """The text. A list is joined; in it, a pair such as ["ab", 3] is "ababab"."""
    if isinstance(text, str):
        return text
    return "".join(part if isinstance(part, str) else expand(part[0]) * part[1] for part in text)


@dataclass(frozen=True)
class Answer:
    """What came back. The status is CLOSED if the server hung up."""

    status: int | str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Attack:
    """A row of attacks.yaml."""

    name: str
    expect: tuple[int | str, ...]
    who: str = ""  # a role; empty for a stranger
    request: Text = ""  # method and target
    headers: Mapping[str, Text] | None = None
    body: Text | None = None
    raw: Text | None = None  # everything, instead of request, headers and body
    half: bool = False  # the client says that there is more, sends it never, and stops sending
    says: str = ""  # must be in the answer
    without: tuple[str, ...] = ()  # must not be in it, besides NEVER
    rows: int = 0  # that the attack may add to the database
    most_bytes: int = MAX_ANSWER_BYTES

    def bytes_with(self, places: Mapping[str, str], token: str, host: str) -> bytes:
        """The request, with ids of this installation for `$task` and the like."""
        if self.raw is not None:
            return _filled(self.raw, places | {"host": host, "token": token})
        body = _filled(self.body, places) if self.body is not None else b""
        given = {"Host": host, "Connection": "close"}
        if token:
            given["Authorization"] = f"Bearer {token}"
        if self.body is not None:
            given |= {"Content-Type": "application/json", "Content-Length": str(len(body) + self.half)}
        given |= {name: expand(value) for name, value in (self.headers or {}).items()}
        lines = [f"{expand(self.request)} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items()), "", ""]
        return _filled("\r\n".join(lines), places) + body


def _filled(text: Text, places: Mapping[str, str]) -> bytes:
    """As latin-1 where it can be: YAML writes every byte as a character. Otherwise as UTF-8."""
    filled = Template(expand(text)).safe_substitute(places)
    try:
        return filled.encode("latin-1")
    except UnicodeEncodeError:
        return filled.encode(errors="surrogatepass")


def attacks() -> list[Attack]:
    """All rows, in their order."""
    found = []
    for row in yaml.safe_load(ATTACKS.read_text()):
        expected = row.pop("expect")
        row["expect"] = tuple(expected) if isinstance(expected, list) else (expected,)
        row["who"] = row.pop("as", "")
        row["without"] = tuple(row.get("without", ()))
        found.append(Attack(**row))
    return found


def send(address: tuple[str, int], data: bytes, *, half: bool = False) -> Answer:
    """Sends the bytes over a socket of its own and reads the answer to its end."""
    with socket.create_connection(address, timeout=PATIENCE) as connection:
        try:
            connection.sendall(data)
            if half:
                connection.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the server has answered before it read everything
        return _read(connection, re.match(rb"[A-Za-z]*", data)[0].decode())  # type: ignore[index]


def _read(connection: socket.socket, method: str) -> Answer:
    answer = http.client.HTTPResponse(connection, method=method.upper() or "GET")
    try:
        answer.begin()
        while answer.status < 200:
            answer.begin()
        body = answer.read()
    except (http.client.HTTPException, ConnectionError):
        return Answer(CLOSED, {}, b"")
    finally:
        answer.close()
    return Answer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, body)
