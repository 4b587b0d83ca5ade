"""The clock says that a task is overdue: once, to each person once, and no longer than it is so."""

from datetime import date, datetime, time, timedelta
from threading import Barrier, get_ident
from typing import Any

import pytest
from django.db import connection

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.notifications.models import Notification
from taskbell.tasks import scheduled
from taskbell.tasks.actions import delete_task, update_task
from taskbell.tasks.kinds import OVERDUE, Stage
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.scheduled import mark_overdue
from tests.conftest import NOW, Program
from tests.tasks.conftest import a_task

TODAY = NOW.date()
DUE = NOW + timedelta(hours=1)
FIELDS = {"due_date": TODAY, "due_time": time(10)}
A_MOMENT = timedelta(microseconds=1)


def status(task: Task) -> str:
    return Task.objects.get(pk=task.pk).status


def lines(task: Task) -> list[tuple[str, Any, Any]]:
    history = Activity.objects.filter(task=task, field="status").order_by("id")
    return list(history.values_list("action", "old_value", "new_value"))


def mails() -> list[tuple[str, datetime]]:
    """Who was told, and of which due moment."""
    told = Notification.objects.filter(kind="overdue").order_by("due_at", "recipient__username")
    return [(mail.recipient.username, mail.due_at) for mail in told if mail.recipient]


def change(task: Task, by: User, now: datetime = DUE, **fields: Any) -> None:
    update_task(task.pk, TaskPatch(**fields), by=by, now=now)


def test_from_its_minute_on_the_task_is_overdue(bo: User, cy: User) -> None:
    task = a_task(bo, assigned_to_id=cy.pk, stage=Stage.IN_PROGRESS, **FIELDS)
    assert mark_overdue(DUE - A_MOMENT) == 0
    assert status(task) == "IN_PROGRESS"
    assert [mark_overdue(DUE), mark_overdue(DUE), mark_overdue(DUE + timedelta(days=9))] == [1, 0, 0]
    assert (status(task), Task.objects.get().stage) == (OVERDUE, "IN_PROGRESS")
    assert lines(task) == [("overdue", "IN_PROGRESS", OVERDUE)]
    assert Activity.objects.get(action="overdue").user is None
    assert mails() == [("bo", DUE), ("cy", DUE)]


def test_a_task_without_a_time_is_overdue_when_its_day_is_over_where_it_lives(bo: User) -> None:
    a_task(bo, due_date=date(2026, 3, 29), timezone="Europe/Berlin")  # the night in which the clocks go forward
    midnight = datetime.fromisoformat("2026-03-30T00:00:00+02:00")
    assert mark_overdue(midnight - A_MOMENT) == 0
    assert mark_overdue(midnight) == 1


def test_one_who_is_creator_and_assignee_is_told_once(bo: User) -> None:
    a_task(bo, assigned_to_id=bo.pk, **FIELDS)
    mark_overdue(DUE)
    assert mails() == [("bo", DUE)]


def test_those_who_read_it_see_a_new_version(bo: User, program: Program) -> None:
    task = a_task(bo, **FIELDS)
    before = program.get("/api/tasks/")["ETag"]
    mark_overdue(DUE)
    seen = program.get(f"/api/tasks/{task.pk}/").json()
    assert (seen["version"], seen["status"], seen["stage"]) == (2, OVERDUE, "PENDING")
    assert seen["updated_at"] == "2026-11-21T10:00:00Z"
    assert program.get("/api/tasks/?status=OVERDUE", **{"If-None-Match": before}).json()["count"] == 1
    assert program.get("/api/tasks/?status=PENDING").json()["count"] == 0


def test_moving_the_due_date_ends_it_and_the_next_moment_begins_it_again(bo: User) -> None:
    task = a_task(bo, stage=Stage.IN_PROGRESS, **FIELDS)
    mark_overdue(DUE)
    change(task, bo, due_date=TODAY + timedelta(days=1))
    assert status(task) == "IN_PROGRESS"
    tomorrow = DUE + timedelta(days=1)
    assert [mark_overdue(DUE), mark_overdue(tomorrow)] == [0, 1]
    told = [("overdue", "IN_PROGRESS", OVERDUE), ("updated", OVERDUE, "IN_PROGRESS")]
    assert lines(task) == [*told, told[0]]
    assert mails() == [("bo", DUE), ("bo", tomorrow)]


def test_taking_the_due_date_away_ends_it_for_good(bo: User) -> None:
    task = a_task(bo, **FIELDS)
    mark_overdue(DUE)
    change(task, bo, due_date=None, due_time=None)
    assert mark_overdue(DUE + timedelta(days=900)) == 0
    assert status(task) == "PENDING"


def test_back_to_a_moment_that_was_told_of_already_nobody_is_told_twice(bo: User) -> None:
    task = a_task(bo, **FIELDS)
    mark_overdue(DUE)
    change(task, bo, due_date=TODAY + timedelta(days=1))
    change(task, bo, due_date=TODAY)
    assert mark_overdue(DUE) == 1
    assert mails() == [("bo", DUE)]


@pytest.mark.parametrize("stage", [Stage.COMPLETED, Stage.ARCHIVED])
def test_finishing_ends_it_and_taking_it_up_again_is_not_news(bo: User, stage: Stage) -> None:
    task = a_task(bo, **FIELDS)
    mark_overdue(DUE)
    change(task, bo, stage=stage)
    assert status(task) == stage
    assert mark_overdue(DUE) == 0
    change(task, bo, stage=Stage.IN_PROGRESS)
    assert status(task) == OVERDUE
    assert mark_overdue(DUE) == 0
    assert mails() == [("bo", DUE)]


@pytest.mark.parametrize("stage", [Stage.COMPLETED, Stage.ARCHIVED])
def test_what_is_done_in_time_never_was_overdue(bo: User, stage: Stage) -> None:
    task = a_task(bo, **FIELDS)
    change(task, bo, now=NOW, stage=stage)
    assert mark_overdue(DUE) == 0
    change(task, bo, stage=Stage.PENDING)
    assert mark_overdue(DUE) == 1


def test_nobody_hears_of_what_is_in_the_trash(bo: User) -> None:
    delete_task(a_task(bo, **FIELDS).pk, by=bo, now=NOW)
    assert mark_overdue(DUE) == 0
    assert mails() == []


def test_nobody_can_write_overdue(program: Program, bo: User) -> None:
    task = a_task(bo)
    for body in ({"status": OVERDUE}, {"stage": OVERDUE}, {"is_overdue": True}):
        assert program.patch(f"/api/tasks/{task.pk}/", body).status_code == 400
    assert status(task) == "PENDING"


def test_many_at_midnight_go_batch_by_batch(bo: User, monkeypatch: pytest.MonkeyPatch, query_budget: Any) -> None:
    monkeypatch.setattr(scheduled, "TASKS_PER_BATCH", 20)
    for number in range(45):
        a_task(bo, f"Task {number}", **FIELDS)
    with query_budget(3 * 10 + 2):  # three batches and a look that finds nothing, whatever their size
        assert mark_overdue(DUE) == 45
    assert len(mails()) == 45
    assert Activity.objects.filter(action="overdue").count() == 45


def test_a_batch_that_fails_leaves_what_the_others_did(bo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduled, "TASKS_PER_BATCH", 2)
    for number in range(5):
        a_task(bo, f"Task {number}", **FIELDS)
    notify, told = scheduled.notify, []

    def failing(messages: Any, *, now: datetime) -> None:
        told.append(1)
        if len(told) == 2:
            raise RuntimeError("the power is out")
        notify(messages, now=now)

    monkeypatch.setattr(scheduled, "notify", failing)
    with pytest.raises(RuntimeError):
        mark_overdue(DUE)
    assert Task.objects.filter(is_overdue=True).count() == len(mails()) == 2
    assert mark_overdue(DUE) == 3
    assert len(mails()) == 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_two_share_a_midnight_with_many_tasks_and_mark_each_once(bo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduled, "TASKS_PER_BATCH", 5)
    tasks = [a_task(bo, f"Task {number}", **FIELDS) for number in range(50)]
    notify, both, threads = scheduled.notify, Barrier(2, timeout=30), list[int]()

    def notify_at_once(messages: Any, *, now: datetime) -> None:
        threads.append(get_ident())
        if len(threads) in {2, 3}:  # each waits in its transaction for a batch of the other
            both.wait()
        notify(messages, now=now)

    monkeypatch.setattr(scheduled, "notify", notify_at_once)
    assert mark_overdue(DUE) == 50
    assert len(set(threads)) == 2
    assert all(lines(task) == [("overdue", "PENDING", OVERDUE)] for task in tasks)
    assert mails() == [("bo", DUE)] * 50
