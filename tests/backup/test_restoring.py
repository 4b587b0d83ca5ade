"""What `taskbell restore` asks before it replaces something, and what it leaves when it fails."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from taskbell.runtime.backup.archive import pack
from taskbell.runtime.backup.manifest import Manifest
from taskbell.runtime.backup.postgres_tools import environment_of_tools, tool
from taskbell.runtime.backup.sqlite_copy import alone_in
from tests.backup.conftest import PHRASE, House, database_without_tables
from tests.processes import environment_for, free_port
from tests.services import IS_POSTGRES

of_sqlite = pytest.mark.skipif(IS_POSTGRES, reason="It is about SQLite's file.")
of_postgres = pytest.mark.skipif(not IS_POSTGRES, reason="It needs PostgreSQL.")


@pytest.fixture
def file(house: House, tmp_path: Path) -> Path:
    """A backup of the house, which has changed since."""
    file = tmp_path / "taskbell.backup"
    house.run("backup", str(file))
    house.create_task()
    return file


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder in another file system than the data folder."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or shared.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("There is only one file system.")
    folder = Path(tempfile.mkdtemp(dir=shared))
    yield folder
    shutil.rmtree(folder)


def of_another_program(data: Path) -> House:
    """A database with a table that isn't Taskbell's, and none that is."""
    create = 'CREATE TABLE "Orders" AS SELECT 1 AS number'
    if IS_POSTGRES:
        url = database_without_tables()
        with psycopg.connect(url) as database:
            database.execute(create)
        return House(data, {"DATABASE_URL": url})
    data.mkdir(mode=0o700)
    with closing(sqlite3.connect(data / "taskbell.sqlite3")) as mine, mine:
        mine.execute(create)
    return House(data)


def test_a_database_of_another_program_is_replaced_by_force_alone(file: Path, tmp_path: Path) -> None:
    (tmp_path / "third").mkdir()
    wrong = of_another_program(tmp_path / "third" / "data")
    count = "from taskbell.common.sql import fetch; print(fetch('SELECT number FROM \"Orders\"'))"
    said = wrong.refused("restore", str(file))
    assert "replace tables that aren't Taskbell's (Orders). Add --force" in said
    assert wrong.shell(count) == "[(1,)]\n"
    wrong.run("restore", str(file), "--force")
    assert "40 tasks" in wrong.refused("restore", str(file))


@of_sqlite
def test_a_damaged_database_is_restored(house: House, tmp_path: Path) -> None:
    file, before = tmp_path / "taskbell.backup", house.figures()
    house.run("backup", str(file))
    database = house.data / "taskbell.sqlite3"
    with database.open("r+b") as damaged:
        damaged.write(bytes(100))
    (journal := database.with_name("taskbell.sqlite3-journal")).write_bytes(b"\0of the damaged one")
    assert "a database that can't be read" in house.refused("restore", str(file))
    house.run("restore", str(file), "--force")
    assert house.figures() == before
    assert not journal.exists()


@of_sqlite
def test_the_key_comes_along_where_the_database_is_on_another_disk(
    house: House, empty_house: House, file: Path, other_disk: Path
) -> None:
    empty_house.env = {"DATABASE_URL": f"sqlite:///{other_disk / 'tasks.sqlite3'}"}
    empty_house.run("restore", str(file))
    assert (empty_house.data / "secret_key").read_text() == (house.data / "secret_key").read_text()
    assert os.listdir(other_disk) == ["tasks.sqlite3"]


@of_sqlite
def test_an_error_of_the_disk_is_not_taken_for_a_free_database(tmp_path: Path) -> None:
    file = tmp_path / "tasks.sqlite3"
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("CREATE TABLE one (number)")
    file.with_name("tasks.sqlite3-journal").mkdir()
    with pytest.raises(sqlite3.OperationalError), alone_in(file):
        pass


BROKEN = """
import sys
from pathlib import Path
from taskbell.runtime import cli
commands = cli._django_part("backup.commands")
from django.db import DatabaseError, connection
from taskbell.runtime.backup import postgres_copy, restoring
load = postgres_copy.load
def load_alone(*arguments, **options):
    assert connection.connection is None, "it would wait meanwhile"
    load(*arguments, **options)
def fail(*_):
    raise DatabaseError("the server went away.")
postgres_copy.load, restoring.forget = load_alone, fail
try:
    commands.bring_back(Path(sys.argv[1]), None, sent_until=None, force=True)
except cli.CannotStart as reason:
    print(reason)
"""


def test_a_restore_whose_database_fails_says_what_to_do(house: House, file: Path, tmp_path: Path) -> None:
    before, env = house.figures(), environment_for(house.data, free_port(), house.env)
    command = [sys.executable, "-c", BROKEN, str(file)]
    said = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=True).stdout
    assert "the server went away)." in said
    assert ("it first puts back what was there" if IS_POSTGRES else "Nothing was changed") in said
    assert house.figures() == before
    assert not [name for name in os.listdir(house.data) if name.endswith(".partial")]


def test_a_plain_file_in_the_place_of_an_encrypted_one_is_not_taken_silently(
    house: House, file: Path, tmp_path: Path
) -> None:
    before, phrase = house.figures(), tmp_path / "phrase"
    phrase.write_text(PHRASE)
    assert "is not encrypted" in house.refused("restore", str(file), "--force", "--passphrase-file", str(phrase))
    setting = {"TASKBELL_BACKUP_PASSPHRASE": PHRASE}
    assert "is not encrypted" in house.refused("restore", str(file), env=setting)
    assert house.figures() == before
    house.run("restore", str(file), "--force", env=setting)
    assert house.figures() != before


def test_a_passphrase_is_the_same_from_everywhere(house: House, empty_house: House, tmp_path: Path) -> None:
    file, phrase = tmp_path / "encrypted.backup", tmp_path / "phrase"
    phrase.write_text("  too short  \n")
    assert "at least 12 characters" in house.refused("backup", str(file), "--passphrase-file", str(phrase))
    phrase.write_text(f"  {PHRASE}\n")
    house.run("backup", str(file), "--passphrase-file", str(phrase))
    empty_house.run("restore", str(file), env={"TASKBELL_BACKUP_PASSPHRASE": f" {PHRASE} "})


def test_a_backup_never_replaces_a_file_that_was_there_first(tmp_path: Path) -> None:
    content, file = tmp_path / "content", tmp_path / "file"
    content.write_bytes(b"rows")
    file.write_text("mine")
    manifest = Manifest("sqlite", "2026-11-21T09:00:00+00:00", {}, [])
    with pytest.raises(FileExistsError):
        pack(file, manifest, {"database": content}, None)
    assert file.read_text() == "mine"
    pack(file, manifest, {"database": content}, None, replace=True)
    assert file.read_bytes() != b"mine"
    assert sorted(os.listdir(tmp_path)) == ["content", "file"]


@of_postgres
def test_a_server_that_ends_idle_transactions_can_be_backed_up(house: House, tmp_path: Path) -> None:
    with psycopg.connect(house.env["DATABASE_URL"], autocommit=True) as database:
        name, version = database.info.dbname, database.info.server_version // 10_000
        database.execute(f"ALTER DATABASE {name} SET idle_in_transaction_session_timeout = 500")
    (slow := tmp_path / "bin").mkdir()
    (slow / "pg_dump").write_text(f'#!/bin/sh\nsleep 1\nexec {tool("pg_dump", at_least=version)[0]} "$@"\n')
    (slow / "pg_dump").chmod(0o755)
    house.run("backup", str(tmp_path / "taskbell.backup"), env={"PATH": f"{slow}:{os.environ['PATH']}"})


@of_postgres
def test_the_programs_of_postgresql_connect_as_taskbell_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLROOTCERT", "/etc/ours.pem")
    monkeypatch.setenv("PGDATABASE", "another")
    environment = environment_of_tools()
    assert environment["PGSSLROOTCERT"] == "/etc/ours.pem"
    assert environment["PGDATABASE"] == connection.settings_dict["NAME"]
