"""`taskbell migrate-to`, from SQLite to PostgreSQL, as an administrator types it."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from taskbell.runtime.growing import copying
from tests.backup.conftest import House, database_without_tables
from tests.prepared import prepared
from tests.processes import RunningTaskbell, environment_for, free_port
from tests.services import IS_POSTGRES, fresh_database

pytestmark = pytest.mark.skipif(not IS_POSTGRES, reason="It needs PostgreSQL.")

ODD = """
from datetime import UTC, date, datetime
from taskbell.accounts.models import Profile, User
from taskbell.activity.actions import record
from taskbell.tasks.actions import create_task; from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
by, now = User.objects.get(username="ada"), datetime(2026, 11, 21, 9, tzinfo=UTC)
odd = ["\\\\N", "\\\\.", 'tab "quoted" back\\\\slash', "日本語 עברית 🔔 e\\u0301", "' OR 1=1; --", "ß" * 255]
for title in odd:
    task = create_task(TaskPatch(title=title, description=title * 3 + "\\n\\r\\n"), by=by, now=now)
    old = {"b": [1.0, 2.50, None], "a": title}
    record(task, "odd", by=by, at=now.replace(microsecond=7), field="x", old=old, new=title)
Task(pk=2**62, title="Big", project=by.inbox, created_by=by, created_at=now, updated_at=now).save(force_insert=True)
Profile.objects.filter(user=by).update(saved_views=[{"name": "\\u2603", "query": {"a": [True, None, 1.50]}}])
Task.objects.filter(title="Big").delete()
Task(pk=2**53 + 1, title="Big", project=by.inbox, created_by=by, created_at=now, updated_at=now).save(force_insert=True)
"""
TITLES = """
from taskbell.tasks.models import Task; from taskbell.accounts.models import Profile
from taskbell.activity.models import Activity
import json
print(json.dumps([[*Task.objects.order_by("pk")
      .values_list("pk", "title", "description", "due_at", "due_date", "title_sort")],
      [*Profile.objects.order_by("pk").values_list("saved_views", "digest_at", "next_digest_at")],
      [*Activity.objects.order_by("pk").values_list("old_value", "new_value", "timestamp", "session")]],
      sort_keys=True, default=str))
"""
KILLED = """
import os, sys
from taskbell.runtime import cli
source = cli._part("growing.target").choose(sys.argv[1])
commands = cli._django_part("growing.commands")
from taskbell.runtime.growing import copying, state
copying.BATCH_ROWS, note = 50, state.copied
def copied(table, last_row, rows):
    note(table, last_row, rows)
    if table == "activity_activity" and last_row > 100:
        os.kill(os.getpid(), 9)
state.copied = copied
commands.move(source)
"""


@pytest.fixture
def target() -> str:
    """The address of a database without tables."""
    return database_without_tables()


@pytest.fixture
def small_house(tmp_path: Path) -> House:
    """With sample people, tasks and odd rows, in SQLite."""
    house = House(prepared(tmp_path / "data"))
    house.run("demo", "--tasks", "60")
    house.shell(ODD)
    return house


def test_everything_arrives_as_it_was(small_house: House, target: str) -> None:
    before, titles = small_house.figures(), small_house.shell(TITLES)
    said = small_house.run("migrate-to", env={"TARGET_DATABASE_URL": target}).stdout
    assert "Now set DATABASE_URL" in said
    grown = House(small_house.data, {"DATABASE_URL": target})
    assert grown.figures() == before
    assert grown.shell(TITLES) == titles
    assert "All counts are correct" in grown.run("recount").stdout
    assert grown.create_task() == 2**62 + 1, "a deleted id doesn't come again"
    assert "must be empty" in small_house.refused("migrate-to", target)
    with RunningTaskbell(grown.data, env=grown.env) as running:
        assert running.answers()
        assert "another Taskbell is already using" in small_house.refused(
            "migrate-to", fresh_database()["DATABASE_URL"]
        )


def test_it_continues_after_it_was_killed_and_begins_again_if_the_source_has_changed(
    small_house: House, target: str
) -> None:
    command = [sys.executable, "-c", KILLED, target]
    env = environment_for(small_house.data, free_port(), {})
    grown = House(small_house.data, {"DATABASE_URL": target})
    for _ in range(2):
        killed = subprocess.run(
            command, cwd=small_house.data.parent, env=env, capture_output=True, text=True, check=False
        )
        assert killed.returncode == -9, killed.stderr
        for name in ("worker", "recount", "export"):
            assert "isn't complete" in grown.refused(name)
        assert "isn't complete" in grown.refused("web", "--prepare")
    assert "Continuing: " in killed.stdout
    small_house.shell("from taskbell.tasks.models import Task; Task.objects.filter(title='Big').update(title='Bigger')")
    said = small_house.run("migrate-to", target).stdout
    assert "Starting again" in said
    assert "Bigger" in grown.shell(TITLES)
    assert grown.figures() == small_house.figures()
    assert grown.shell(TITLES) == small_house.shell(TITLES)


def test_a_row_that_postgresql_refuses_is_named(small_house: House, target: str) -> None:
    with closing(sqlite3.connect(small_house.data / "taskbell.sqlite3")) as database, database:
        database.execute("UPDATE tasks_task SET description = 'a' || char(0) WHERE title = 'Big'")
    said = small_house.run("migrate-to", target, code=2).stderr
    assert f"can't copy the row {2**53 + 1} of tasks_task" in said
    with closing(sqlite3.connect(small_house.data / "taskbell.sqlite3")) as database, database:
        database.execute("UPDATE tasks_task SET description = '' WHERE title = 'Big'")
    small_house.run("migrate-to", target)


def test_the_password_is_never_said(small_house: House) -> None:
    url = f"postgres://bo:open-sesame@127.0.0.1:{free_port()}/tasks"
    for said in (small_house.refused("migrate-to", url), small_house.refused("migrate-to", "open-sesame")):
        assert "DATABASE_URL" in said
        assert "open-sesame" not in said
    assert "TARGET_DATABASE_URL" in small_house.refused("migrate-to")
    assert "must be a PostgreSQL address" in small_house.refused("migrate-to", "sqlite:///other")


def test_the_address_of_sqlite_is_read_as_everywhere(small_house: House, target: str) -> None:
    said = small_house.refused("migrate-to", target, env={"DATABASE_URL": "sqlite:////nowhere/of%20mine.sqlite3"})
    assert "can't find the database /nowhere/of mine.sqlite3" in said


def test_rows_that_break_a_rule_of_postgresql_are_named(small_house: House, target: str) -> None:
    with closing(sqlite3.connect(small_house.data / "taskbell.sqlite3")) as database, database:
        ((creator,),) = database.execute("SELECT created_by_id FROM tasks_task WHERE title = 'Big'")
        database.execute("UPDATE tasks_task SET created_by_id = 987654 WHERE title = 'Big'")
    said = small_house.run("migrate-to", target, code=2).stderr
    assert "can't copy the rows of tasks_task, because they violate tasks_task_created_by_id" in said
    assert "987654" in said
    with closing(sqlite3.connect(small_house.data / "taskbell.sqlite3")) as database, database:
        database.execute("UPDATE tasks_task SET created_by_id = ? WHERE title = 'Big'", [creator])
    small_house.run("migrate-to", target)


def test_tables_of_another_program_are_never_emptied(small_house: House) -> None:
    target = fresh_database()["DATABASE_URL"]
    with psycopg.connect(target, autocommit=True) as others:
        others.execute('CREATE TABLE "Orders" AS SELECT 1 AS number')
        assert "other connections use" in small_house.refused("migrate-to", target)
    said = small_house.refused("migrate-to", target)
    assert "aren't Taskbell's (Orders)" in said
    with psycopg.connect(target) as others:
        assert others.execute('SELECT number FROM "Orders"').fetchall() == [(1,)]
        others.execute('CREATE SCHEMA other; ALTER TABLE "Orders" SET SCHEMA other')
    with psycopg.connect(target, autocommit=True) as others:
        others.execute(f"ALTER DATABASE {others.info.dbname} SET search_path TO public, other")
    small_house.run("migrate-to", target)
    with psycopg.connect(target) as others:
        assert others.execute('SELECT number FROM "Orders"').fetchall() == [(1,)]


def test_large_rows_are_copied_in_small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "BATCH_ROWS", 3)
    sizes = [[len(row[1]) for row in batch] for batch in copying.batches((n, "x" * n) for n in range(8))]
    assert sizes == [[0, 1, 2], [3, 4, 5], [6, 7]]
    monkeypatch.setattr(copying, "BATCH_BYTES", 5)
    sizes = [[len(row[1]) for row in batch] for batch in copying.batches((n, b"x" * n) for n in range(8))]
    assert sizes == [[0, 1, 2], [3, 4], [5], [6], [7]]
