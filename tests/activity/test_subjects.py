"""Every entry of the history says what it is about, the old ones too."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from taskbell.accounts.models import User
from taskbell.accounts.queries import session_of_token
from taskbell.activity.actions import record, record_from
from taskbell.activity.models import Activity, Subject, SubjectType
from taskbell.activity.queries import current_checkpoint, entries_after
from taskbell.common.clock import utc_now
from taskbell.tasks.actions import create_task
from taskbell.tasks.categories import create_category
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW, Program
from tests.feed.hearing import heard_by
from tests.tasks.conftest import a_task

FILL = import_module("taskbell.activity.migrations.0005_fill_subjects")
Somebody = Callable[[User], Program]
COLUMNS = "task_id, action, field, user_id, person_id, old_value, new_value, timestamp"


@contextmanager
def before_subjects() -> Iterator[None]:
    """The table as it was before; at the end, migrated."""
    call_command("migrate", "activity", "0003", verbosity=0)
    try:
        yield
    finally:
        call_command("migrate", "activity", verbosity=0)


def old_entries() -> list[list[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM activity_activity ORDER BY id")
        return [list(row) for row in cursor.fetchall()]


def write_old_entries(bo: User, cy: User) -> None:
    rows: list[tuple[Any, ...]] = [
        (7, "created", "", bo.pk, None, None, '{"title": "Water 3.5 litres"}'),
        (7, "updated", "title", bo.pk, None, '"a.b"', '"c.d"'),
        (None, "category.created", "", bo.pk, None, None, '{"id": 3, "name": "Docs"}'),
        (7, "notification.created", "", None, cy.pk, None, '{"id": 9, "kind": "task_assigned"}'),
        (None, "notification.updated", "", None, cy.pk, None, '{"id": null, "read": true}'),
        (None, "report.progress", "", None, bo.pk, None, '{"report_id": 4, "progress": 20}'),
        (7, "purged", "people", None, None, "[1, 2]", None),
        (8, "reminded", "reminder", None, cy.pk, None, '"2026-11-21T09:00:00+00:00"'),
        (None, "tested", "", None, None, None, None),
    ]
    with connection.cursor() as cursor:
        for row in rows:
            marks = ", ".join(["%s"] * 8)
            cursor.execute(f"INSERT INTO activity_activity ({COLUMNS}) VALUES ({marks})", [*row, NOW])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("batch", [2, 50_000])
def test_old_entries_get_their_subject_and_can_lose_it_again(
    bo: User, cy: User, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(FILL, "BATCH_ROWS", batch)
    begin = current_checkpoint().position
    with before_subjects():
        write_old_entries(bo, cy)
        before = old_entries()
    rows = Activity.objects.order_by("id")
    assert list(rows.values_list("subject_type", "subject_id", "action", "task_id", "person_id")) == [
        ("task", 7, "created", 7, None),
        ("task", 7, "updated", 7, None),
        ("category", 3, "created", None, None),
        ("notification", 9, "created", 7, cy.pk),
        ("notification", None, "updated", None, cy.pk),
        ("report", 4, "progress", None, bo.pk),
        ("task", 7, "purged", 7, None),
        ("task", 8, "reminded", 8, cy.pk),
        ("task", None, "tested", None, None),
    ]
    assert [row.entry_id for row in entries_after(begin, 99)] == [entry.pk for entry in rows]
    assert [event["event"] for event in heard_by(cy, begin)] == [
        "category.created",
        "notification.created",
        "notification.updated",
    ]
    with before_subjects():
        assert old_entries() == before


@pytest.mark.django_db(transaction=True)
def test_what_is_about_people_is_shown_to_nobody_else_by_the_code_of_before(ada: User, bo: User) -> None:
    record(Subject(SubjectType.PERSON, bo.pk), "updated", by=ada, at=NOW, field="role", old="MEMBER", new="ADMIN")
    record(Subject(SubjectType.INVITATION, 5), "created", by=ada, at=NOW)
    record(Subject(SubjectType.CATEGORY, 6), "created", by=ada, at=NOW, new={"id": 6})
    with before_subjects():
        audiences = [(entry[1], entry[4]) for entry in old_entries()]
    assert audiences == [("person.updated", bo.pk), ("invitation.created", ada.pk), ("category.created", None)]


@pytest.mark.django_db(transaction=True)
def test_the_history_still_cannot_be_rewritten_and_has_an_order(bo: User, cy: User) -> None:
    with before_subjects():
        write_old_entries(bo, cy)
    create_task(TaskPatch(title="Water the plants"), by=bo, now=NOW)
    assert entries_after(current_checkpoint().position - 1, 9)[0].entry == Activity.objects.latest("id")
    before = list(Activity.objects.values())
    for statement in ("UPDATE activity_activity SET subject_id = 1", "DELETE FROM activity_activity"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert list(Activity.objects.values()) == before


def test_an_entry_names_its_subject(bo: User, cy: User) -> None:
    task = a_task(bo, assigned_to_id=cy.pk)
    label = create_category("Docs", by=bo, now=NOW)
    message = cy.notifications.get()
    assert list(Activity.objects.order_by("id").values_list("subject_type", "subject_id", "action", "task_id")) == [
        ("task", task.pk, "created", task.pk),
        ("notification", message.pk, "created", task.pk),
        ("category", label.pk, "created", None),
    ]


def test_an_entry_names_the_session_that_was_used(bo: User, as_user: Somebody) -> None:
    program = as_user(bo)
    assert program.access
    session = session_of_token(program.access, now=utc_now())
    pk = program.post("/api/tasks/", {"title": "Water the plants"}).json()["id"]
    session.user.session = session
    record_from(f"tasks_task WHERE id = {pk}", {"task_id": "id"}, "updated", by=session.user, at=NOW)
    create_task(TaskPatch(title="By nobody's session"), by=bo, now=NOW)
    assert (
        list(Activity.objects.order_by("id").values_list("session", "subject_type", "subject_id")[:2])
        == [(session.pk, "task", pk)] * 2
    )
    assert Activity.objects.latest("id").session is None
