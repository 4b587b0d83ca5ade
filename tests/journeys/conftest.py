"""A whole Taskbell with a mail server beside it, as somebody has it at home."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from tests import openapi
from tests.mail import Accepted, SmtpSink, running_sink
from tests.prepared import prepared
from tests.processes import RunningTaskbell, eventually, taskbell
from tests.services import fresh_database

PASSWORD = "correct horse battery"


class Household:
    """The running processes, the mail server, and a look into the database."""

    def __init__(self, tree: RunningTaskbell, sink: SmtpSink, env: dict[str, str], open_: ExitStack) -> None:
        self.open = open_
        self.tree = tree
        self.sink = sink
        self.env = env

    def stranger(self) -> httpx.Client:
        """A program in nobody's name."""
        judged = {"response": [openapi.judge]}
        client = httpx.Client(base_url=f"{self.tree.base_url}/api/", timeout=10, event_hooks=judged)
        return self.open.enter_context(client)

    def newcomer(self, name: str) -> httpx.Client:
        """A program in the name of somebody who has just registered and signed in."""
        program = self.stranger()
        form = {"email": f"{name}@example.org", "password": PASSWORD}
        assert program.post("register/", json=form).status_code == 201
        pair = program.post("token/", json=form).json()
        program.headers["Authorization"] = f"Bearer {pair['access']}"
        return program

    def mail_about(self, subject: str, *, to: str, within: float = 15) -> Accepted:
        """The mail to this person of which the subject ends so, as soon as it is there."""

        def arrived() -> Accepted | None:
            mails = [mail for mail in self.sink.accepted if mail.recipient == f"{to}@example.org"]
            return next((mail for mail in mails if str(mail.message["Subject"]).endswith(subject)), None)

        mail = eventually(arrived, within=within)
        assert mail
        return mail

    def confirm(self, name: str) -> None:
        """The person presses the button behind the link in the mail that confirms their address."""
        body = self.mail_about("Confirm your email address for Taskbell", to=name).message.get_body(("plain",))
        assert body is not None
        (link,) = re.findall(r"https?://\S+/email/confirm/\S+", body.get_content())
        assert httpx.post(self.tree.base_url + urlsplit(link).path).status_code == 200

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
            "from taskbell.notifications.channels.mail.delivery import send_waiting;"
            f"send_waiting(clock=lambda: utc_now() + timedelta(seconds={later.total_seconds()}))"
        )
        result = taskbell("shell", "-v", "0", "-c", code, data=self.tree.data, env=self.env, within=60)
        assert result.returncode == 0, result.stderr


@contextmanager
def running_household(folder: Path, **settings: str) -> Iterator[Household]:
    """Everything is started in this folder, with these settings besides."""
    with running_sink() as sink, ExitStack() as open_:
        env = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(sink.port)} | settings | fresh_database()
        with RunningTaskbell(prepared(folder / "data"), env=env) as tree:
            yield Household(tree, sink, env, open_)


@pytest.fixture
def household(tmp_path: Path) -> Iterator[Household]:
    with running_household(tmp_path) as household:
        yield household


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Household]:
    """A household that several journeys share: each with people of its own, and none of them is the first."""
    with running_household(tmp_path_factory.mktemp("office"), TASKBELL_OVERDUE_SWEEP_SECONDS="1") as household:
        yield household


@pytest.fixture(scope="session")
def admin(office: Household) -> httpx.Client:
    """Speaks for the ADMIN of the office, who was there before everybody else."""
    return office.newcomer("ada")
