"""Tasks of the version before projects get into the Inbox of their creator, and nobody waits for the migration."""

from collections.abc import Iterator
from importlib import import_module
from threading import Event, Thread
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.common import online
from taskbell.common.sql import execute, fetch
from taskbell.tasks.counting import recount
from taskbell.tasks.models import Task
from tests.conftest import NOW, make_person
from tests.migrating import migrate
from tests.services import IS_POSTGRES

IN_PROJECT = import_module("taskbell.tasks.migrations.0014_in_project")


@pytest.fixture
def old(transactional_db: None) -> Iterator[Any]:
    """The models after the column was filled, with three people; afterwards everything is as it is."""
    for name in ("bo", "cy", "dan"):
        make_person(name, Role.MEMBER)
    yield migrate(("tasks", "0013_fill_project"), ("reports", "0006_imports"))
    migrate()


def a_task_without_project(old: Any, person: User) -> int:
    """Written as the version before projects writes it."""
    moments = {"created_at": NOW, "updated_at": NOW}
    task = old.get_model("tasks", "Task")(title="Water", timezone="UTC", created_by_id=person.pk, **moments)
    task.save()
    return int(task.pk)


def test_tasks_that_an_older_version_creates_meanwhile_are_in_the_inbox_of_their_creator(old: Any) -> None:
    people = {a_task_without_project(old, person): person.pk for person in User.objects.all()}
    migrate()
    assert dict(Task.objects.values_list("pk", "project__inbox_of")) == people
    assert not recount()


def test_a_migration_that_was_interrupted_can_be_repeated(old: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    person = User.objects.earliest("pk")
    a_task_without_project(old, person)
    rest = IN_PROJECT.REST
    monkeypatch.setattr(IN_PROJECT, "REST", "SELECT 1 FROM nowhere")
    with pytest.raises(Exception, match="nowhere"):
        migrate()
    monkeypatch.setattr(IN_PROJECT, "REST", rest)
    migrate()
    assert Task.objects.get().project == person.inbox
    assert not recount()


@pytest.mark.skipif(not IS_POSTGRES, reason="Readers never wait on SQLite.")
def test_nobody_queues_behind_a_migration_that_waits(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long read keeps the table; the migration gives up its place in the queue, and finishes after the read."""
    monkeypatch.setattr(online, "LOCK_TIMEOUT", "20ms")
    reading, over, gave_up = Event(), Event(), Event()
    monkeypatch.setattr(online.time, "sleep", lambda seconds: gave_up.set())

    def read() -> None:
        with transaction.atomic():
            fetch("SELECT 1 FROM tasks_task")
            reading.set()
            over.wait(20)
        connection.close()

    reader = Thread(target=read)
    reader.start()
    assert reading.wait(20)
    with connection.schema_editor() as editor:
        helper = Thread(target=lambda: gave_up.wait(20) and over.set())
        helper.start()
        online.patiently(editor, lambda: execute("LOCK TABLE tasks_task IN ACCESS EXCLUSIVE MODE"))
        helper.join()
        assert fetch("SHOW lock_timeout") == [("0",)]
    reader.join()
    assert gave_up.is_set()


@pytest.mark.skipif(not IS_POSTGRES, reason="Readers never wait on SQLite.")
def test_a_migration_that_never_gets_its_lock_says_so(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(online, "MAX_ATTEMPTS", 1)

    def refuse() -> None:
        execute("DO $$BEGIN RAISE lock_not_available; END$$")

    with connection.schema_editor() as editor, pytest.raises(OperationalError):
        online.patiently(editor, refuse)
