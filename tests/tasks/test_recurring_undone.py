"""Reopening a task that recurs: the next one goes, unless somebody has it in hand, and comes back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.common.errors import Conflict
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import delete_task, skip_task, update_task
from taskbell.tasks.kinds import Basis, Stage
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.reminder_actions import add_reminder
from taskbell.tasks.scheduled import mark_overdue
from tests.conftest import NOW
from tests.reminders.patches import DAY_BEFORE
from tests.tasks.test_recurring import DAY, FRIDAY, a_series, actions_of, complete, following, put, the_next


def renamed(new: Task, by: User) -> None:
    update_task(new.pk, TaskPatch(title="Water the roses"), by=by, now=NOW)


def begun(new: Task, by: User) -> None:
    put(new, by, Stage.IN_PROGRESS)


def reminded(new: Task, by: User) -> None:
    add_reminder(new.pk, ReminderPlan(at=NOW, for_me=True), by=by, now=NOW)


def close(new: Task, by: User) -> None:
    skip_task(new.pk, by=by, now=NOW)


def test_the_untouched_next_one_is_withdrawn_and_the_same_comes_back(bo: User) -> None:
    task = a_series(bo)
    new = the_next(task, bo)
    for _ in range(3):
        put(task, bo, Stage.PENDING)
        assert following(task) is None
        assert the_next(task, bo) == new
    assert Task.objects.filter(series=task.series).count() == 2
    assert actions_of(new) == ["created", *["withdrawn", "restored"] * 3]


@pytest.mark.parametrize("touch", [renamed, begun, reminded, close])
def test_one_that_somebody_has_in_hand_stays(bo: User, touch: Any) -> None:
    task = a_series(bo)
    new = the_next(task, bo)
    touch(new, bo)
    put(task, bo, Stage.PENDING)
    assert Task.objects.get(pk=new.pk).deleted_at is None


def test_completing_again_makes_no_second_one_beside_it(bo: User) -> None:
    task = a_series(bo)
    new = the_next(task, bo)
    renamed(new, bo)
    put(task, bo, Stage.PENDING)
    assert the_next(task, bo).title == "Water the roses"
    assert Task.objects.count() == 2


def test_nor_beside_one_that_was_skipped_further_on(bo: User) -> None:
    task = a_series(bo)
    new = the_next(task, bo)
    close(new, bo)
    put(task, bo, Stage.PENDING)
    complete(task, bo)
    assert list(Task.objects.order_by("pk").values_list("occurrence", "stage")) == [
        (1, Stage.COMPLETED),
        (3, Stage.PENDING),
    ]
    delete_task(new.pk, by=bo, now=NOW)
    put(task, bo, Stage.PENDING)
    assert the_next(task, bo).due_date == FRIDAY + 7 * DAY


def test_what_the_clock_does_is_no_touch(bo: User) -> None:
    task = a_series(bo)
    the_next(task, bo)
    mark_overdue(NOW + 60 * DAY)
    put(task, bo, Stage.PENDING)
    assert following(task) is None


def test_it_comes_back_as_the_task_would_make_it_now(bo: User) -> None:
    task = a_series(bo, "FREQ=DAILY", recurrence_from=Basis.COMPLETION, reminders=[DAY_BEFORE])
    new = the_next(task, bo)
    assert new.due_date == date(2026, 11, 28)
    put(task, bo, Stage.PENDING, title="Water everything")
    assert the_next(task, bo, NOW + 10 * DAY) == new
    new.refresh_from_db()
    assert (new.title, new.due_date) == ("Water everything", date(2026, 12, 2))
    reminder = Reminder.objects.get(task=new)
    assert reminder.next_at == new.due_at - DAY if new.due_at else False
    changed = Activity.objects.filter(task=new, action="restored").exclude(field="").order_by("id")
    assert [line.field for line in changed] == ["title", "due_date"]


def test_after_a_mistake_the_occurrence_can_be_skipped(bo: User) -> None:
    task = a_series(bo)
    withdrawn = the_next(task, bo)
    put(task, bo, Stage.PENDING)
    skip_task(task.pk, by=bo, now=NOW)
    task.refresh_from_db()
    assert (task.due_date, task.occurrence) == (FRIDAY + 7 * DAY, 2)
    assert the_next(task, bo).due_date == FRIDAY + 14 * DAY
    assert Task.objects.get(pk=withdrawn.pk).deleted_at is not None


def test_nothing_is_skipped_onto_one_that_is_there_already(bo: User) -> None:
    task = a_series(bo)
    renamed(the_next(task, bo), bo)
    put(task, bo, Stage.PENDING)
    with pytest.raises(Conflict, match="exists already"):
        skip_task(task.pk, by=bo, now=NOW)


def test_a_withdrawn_one_reminds_nobody(bo: User) -> None:
    task = a_series(bo, "FREQ=DAILY", reminders=[ReminderPlan(at=NOW + timedelta(hours=1))])
    new = the_next(task, bo)
    put(task, bo, Stage.PENDING)
    assert not any(reminder.task.is_open for reminder in Reminder.objects.filter(task=new))


@pytest.mark.django_db(transaction=True)
def test_fifty_who_complete_it_at_once_make_one_next_task(request: pytest.FixtureRequest) -> None:
    bo = request.getfixturevalue("bo")
    task = a_series(bo, reminders=[DAY_BEFORE])
    together = Barrier(50)

    def finish(_: int) -> None:
        together.wait()
        try:
            complete(Task.objects.get(pk=task.pk), bo)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(finish, range(50)))
    assert list(Task.objects.order_by("occurrence").values_list("occurrence", "stage")) == [
        (1, Stage.COMPLETED),
        (2, Stage.PENDING),
    ]
    assert Reminder.objects.count() == 2
    assert Activity.objects.filter(action="recurred").count() == 1
