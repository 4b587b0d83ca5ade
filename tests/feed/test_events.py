"""What live connections receive of the history, and which of them."""

from datetime import date, timedelta
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.activity.actions import record
from taskbell.activity.models import Subject, SubjectType
from taskbell.activity.queries import current_checkpoint
from taskbell.feed.events import events_after
from taskbell.reminders.firing import deliver_due
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import delete_task, restore_task, update_task
from taskbell.tasks.categories import create_category, rename_category
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.scheduled import mark_overdue, purge_deleted
from tests.conftest import NOW
from tests.feed.hearing import heard_by
from tests.sharing.conftest import shared_by
from tests.tasks.conftest import a_task

Received = list[tuple[str, Any]]


@pytest.fixture
def since(bo: User, cy: User, mia: User) -> int:
    return current_checkpoint().position


def received(person: User, since: int) -> Received:
    """The events that the person hears, without those about their messages, and which task each is about."""
    heard = heard_by(person, since)
    return [(it["event"], it.get("task_id")) for it in heard if it["event"] != "notification.created"]


def test_creator_assignee_and_managers_hear_and_nobody_else(
    bo: User, cy: User, ivo: User, mia: User, since: int
) -> None:
    task = a_task(bo, assigned_to_id=cy.pk)
    update_task(task.pk, TaskPatch(title="New title", priority=4, stage="IN_PROGRESS"), by=bo, now=NOW)
    for person in (bo, cy, mia):
        assert received(person, since) == [("task.created", task.pk), ("task.updated", task.pk)]
    assert received(ivo, since) == []


def test_an_event_shows_the_task_as_it_is_now(bo: User, since: int) -> None:
    task = a_task(bo, "Before", due_date=date(2027, 1, 1))
    update_task(task.pk, TaskPatch(title="New title"), by=bo, now=NOW)
    shown = heard_by(bo, since)
    assert [event["title"] for event in shown] == ["New title", "New title"]
    assert shown[0] == {
        "event": "task.created",
        "task_id": task.pk,
        "title": "New title",
        "description": "",
        "priority": "MEDIUM",
        "status": "PENDING",
        "due_date": "2027-01-01",
        "assigned_to": None,
        "created_at": f"{NOW:%Y-%m-%dT%H:%M:%SZ}",
        "updated_at": f"{NOW:%Y-%m-%dT%H:%M:%SZ}",
    }


def test_who_the_task_is_taken_from_hears_that_it_is_gone_and_nothing_of_it(
    bo: User, cy: User, ivo: User, since: int
) -> None:
    task = a_task(bo, "Secret", assigned_to_id=cy.pk)
    update_task(task.pk, TaskPatch(assigned_to_id=ivo.pk), by=bo, now=NOW)
    update_task(task.pk, TaskPatch(title="Not for Cy"), by=bo, now=NOW)
    heard = heard_by(cy, since)
    assert [it for it in heard if it["event"] != "notification.created"] == [
        {"event": "task.deleted", "task_id": task.pk}
    ]
    assert received(ivo, since) == [("task.created", task.pk), ("task.updated", task.pk), ("task.updated", task.pk)]


def test_a_moved_task_is_new_to_people_who_gain_it_and_gone_for_people_who_lose_it(
    bo: User, cy: User, ivo: User, mia: User
) -> None:
    garden, house = shared_by(bo, cy), shared_by(bo, ivo)
    task = a_task(bo, project_id=garden.pk)
    begin = current_checkpoint().position
    update_task(task.pk, TaskPatch(project_id=house.pk), by=bo, now=NOW)
    heard = {person: received(person, begin) for person in (bo, cy, ivo, mia)}
    names = {bo: "task.updated", cy: "task.deleted", ivo: "task.created", mia: "task.updated"}
    assert heard == {person: [(name, task.pk)] for person, name in names.items()}


def test_deleting_restoring_and_purging_are_told_once(bo: User, cy: User, mia: User, since: int) -> None:
    task = a_task(bo)
    delete_task(task.pk, by=bo, now=NOW)
    assert received(bo, since) == received(mia, since) == [("task.deleted", task.pk)]
    restore_task(task.pk, by=bo, now=NOW)
    delete_task(task.pk, by=bo, now=NOW)
    assert purge_deleted(NOW + timedelta(days=31)) == 1
    assert not Task.objects.exists()
    assert received(bo, since) == received(mia, since) == [("task.deleted", task.pk)] * 2
    assert received(cy, since) == []


def test_the_clock_is_heard_too(bo: User, cy: User, since: int) -> None:
    first = a_task(bo, "Fill the can")
    task = a_task(bo, after=(first,), due_date=date(2026, 11, 22))
    update_task(first.pk, TaskPatch(stage="COMPLETED", reminders=[]), by=bo, now=NOW)
    update_task(task.pk, TaskPatch(reminders=[ReminderPlan(at=NOW)]), by=bo, now=NOW)
    begin = current_checkpoint().position
    assert deliver_due(NOW) == 1
    mark_overdue(NOW + timedelta(days=3))
    assert ("task.unblocked", task.pk) in received(bo, since)
    assert received(bo, begin) == [("reminder.fired", task.pk), ("task.overdue", task.pk)]
    assert received(cy, since) == []


def test_only_whose_reminder_it_is_hears_it_fire(bo: User, cy: User, mia: User, since: int) -> None:
    task = a_task(bo, assigned_to_id=cy.pk)
    update_task(task.pk, TaskPatch(reminders=[ReminderPlan(at=NOW, for_me=True)]), by=cy, now=NOW)
    begin = current_checkpoint().position
    assert deliver_due(NOW) == 1
    assert received(cy, begin) == [("reminder.fired", task.pk)]
    assert received(bo, begin) == received(mia, begin) == []


def test_a_message_is_heard_by_whom_it_is_for(bo: User, cy: User, mia: User, since: int) -> None:
    task = a_task(bo, assigned_to_id=cy.pk)
    message = cy.notifications.get()
    expected = {"event": "notification.created", "task_id": task.pk, "id": message.pk, "kind": "task_assigned"}
    for person, hears in ((cy, [expected]), (bo, []), (mia, [])):
        heard = heard_by(person, since)
        assert [it for it in heard if it["event"] == "notification.created"] == hears


def test_everybody_hears_of_a_category_as_it_is_called_now(bo: User, cy: User, since: int) -> None:
    label = create_category("Docs", by=bo, now=NOW)
    rename_category(label.pk, "Papers", by=bo, now=NOW)
    heard = heard_by(cy, since)
    assert heard == [
        {"event": event, "category_id": label.pk, "name": "Papers"}
        for event in ("category.created", "category.updated")
    ]


def test_a_private_line_of_another_kind_is_an_event_by_itself(bo: User, mia: User, since: int) -> None:
    subject = Subject(SubjectType.REPORT, 3)
    record(subject, "progress", by=None, at=NOW, new={"report": 3, "percent": 40}, person_id=bo.pk)
    assert heard_by(bo, since) == [{"event": "report.progress", "task_id": None, "report": 3, "percent": 40}]
    assert heard_by(mia, since) == []


def test_a_batch_of_events_costs_three_queries(bo: User, mia: User, since: int, query_budget: Any) -> None:
    for number in range(30):
        a_task(bo, f"Task {number}")
    with query_budget(3):  # positions, lines, tasks
        batch = events_after(since)
    assert len(batch.events) == 30
    assert events_after(batch.position).events == []
    assert events_after(batch.position).position == batch.position == current_checkpoint().position


def test_who_hears_is_who_sees(ada: User, bo: User, cy: User, ivo: User, mia: User) -> None:
    tasks = [a_task(by, assigned_to_id=to and to.pk) for by in (mia, bo, cy) for to in (None, bo, cy, ivo)]
    for person in (ada, bo, cy, ivo, mia):
        heard = {pk for event, pk in received(person, 0)}
        assert heard == set(Task.objects.visible_to(person).values_list("pk", flat=True))
    assert len(tasks) == 12
