"""A whole Taskbell with a mail server beside it, as somebody has it at home."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.mail import SmtpSink, running_sink
from tests.processes import RunningTaskbell, taskbell
from tests.services import fresh_database

PASSWORD = "correct horse battery"


class Household:
    """The running processes, the mail server, and a look into the database."""

    def __init__(self, tree: RunningTaskbell, sink: SmtpSink, env: dict[str, str], open_: ExitStack) -> None:
        self.open = open_
        self.tree = tree
        self.sink = sink
        self.env = env

    def newcomer(self, name: str) -> httpx.Client:
        """A program in the name of somebody who has just registered and signed in."""
        program = self.open.enter_context(httpx.Client(base_url=f"{self.tree.base_url}/api/", timeout=10))
        form = {"email": f"{name}@example.org", "password": PASSWORD}
        assert program.post("register/", json=form).status_code == 201
        pair = program.post("token/", json=form).json()
        program.headers["Authorization"] = f"Bearer {pair['access']}"
        return program

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the database says, asked beside Taskbell."""
        if "DATABASE_URL" in self.env:
            with psycopg.connect(self.env["DATABASE_URL"]) as connection:
                return connection.execute(query.encode()).fetchall()
        with sqlite3.connect(self.tree.data / "taskbell.sqlite3", timeout=20) as file:
            return file.execute(query).fetchall()

    def send_as_if_later(self, later: timedelta) -> None:
        """Lets a sender work whose clock is ahead."""
        code = (
            "from datetime import timedelta; from taskbell.common.clock import utc_now;"
            "from taskbell.notifications.delivery import send_waiting;"
            f"send_waiting(clock=lambda: utc_now() + timedelta(seconds={later.total_seconds()}))"
        )
        result = taskbell("shell", "-v", "0", "-c", code, data=self.tree.data, env=self.env, within=60)
        assert result.returncode == 0, result.stderr


@pytest.fixture
def household(tmp_path: Path) -> Iterator[Household]:
    with running_sink() as sink, ExitStack() as open_:
        env = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(sink.port)} | fresh_database()
        with RunningTaskbell(tmp_path / "data", env=env) as tree:
            yield Household(tree, sink, env, open_)
