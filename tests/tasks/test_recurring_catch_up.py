"""On request, a recurring task that is far behind continues in the future, in one step."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.common.clock import utc_now
from taskbell.common.errors import Conflict
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import skip_task, update_task
from taskbell.tasks.kinds import Basis, Stage
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW, Program
from tests.tasks.test_recurring import DAY, a_series, put, walk

TODAY, NINE_DAYS_AGO = date(2026, 11, 21), date(2026, 11, 12)  # it is 10:00 in Berlin


def finish(task: Task, by: User, *, now: datetime = NOW) -> Task | None:
    """Completes it and catches up; what follows, if anything does."""
    update_task(task.pk, TaskPatch(stage=Stage.COMPLETED), catch_up=True, by=by, now=now)
    task.refresh_from_db()
    return Task.objects.filter(series=task.series, occurrence__gt=task.occurrence, deleted_at=None).first()


@pytest.mark.parametrize(
    ("rule", "at", "expected"),
    [
        ("FREQ=DAILY", None, TODAY),  # due until midnight
        ("FREQ=DAILY", time(9), TODAY + DAY),
        ("FREQ=DAILY", time(10), TODAY + DAY),
        ("FREQ=DAILY", time(17), TODAY),
        ("FREQ=DAILY;INTERVAL=4", None, date(2026, 11, 24)),
        ("FREQ=WEEKLY", None, date(2026, 11, 26)),
        ("FREQ=MONTHLY;BYMONTHDAY=12", None, date(2026, 12, 12)),
    ],
)
def test_both_skipping_and_completing_go_on_with_the_first_in_the_future(
    bo: User, rule: str, at: time | None, expected: date
) -> None:
    skipped, done = (a_series(bo, rule, NINE_DAYS_AGO, due_time=at) for _ in range(2))
    assert skip_task(skipped.pk, catch_up=True, by=bo, now=NOW).due_date == expected
    new = finish(done, bo)
    assert new is not None
    assert (new.due_date, new.anchor_date, new.is_overdue) == (expected, NINE_DAYS_AGO, False)


def test_one_that_is_not_behind_goes_on_as_usual(bo: User) -> None:
    task = a_series(bo)
    assert skip_task(task.pk, catch_up=True, by=bo, now=NOW).due_date == date(2026, 12, 4)


def test_the_reminders_of_the_one_in_the_future_are_armed(bo: User) -> None:
    before = [ReminderPlan(at=datetime.fromisoformat("2026-11-12T18:00+01:00"))]
    done = a_series(bo, "FREQ=DAILY", NINE_DAYS_AGO, due_time=time(19), reminders=before)
    new = finish(done, bo)
    reminder = Reminder.objects.get(task=new)
    assert (reminder.state, reminder.next_at) == ("armed", datetime.fromisoformat("2026-11-21T18:00+01:00"))


def test_the_history_says_from_where_to_where(bo: User) -> None:
    task = a_series(bo, "FREQ=DAILY", NINE_DAYS_AGO)
    Task.objects.update(is_overdue=True)
    skip_task(task.pk, catch_up=True, by=bo, now=NOW)
    lines = Activity.objects.filter(task=task, action="skipped").values_list("field", "old_value", "new_value")
    assert set(lines) == {("due_date", "2026-11-12", "2026-11-21"), ("status", "OVERDUE", "PENDING")}


@pytest.mark.parametrize(("count", "left"), [(10, 0), (11, 1), (12, 2)])
def test_count_counts_those_that_were_passed_over(bo: User, count: int, left: int) -> None:
    """The tenth of a daily task is due nine days after the first."""
    skipped, done = (a_series(bo, f"FREQ=DAILY;COUNT={count}", NINE_DAYS_AGO) for _ in range(2))
    task = skip_task(skipped.pk, catch_up=True, by=bo, now=NOW)
    assert (task.due_date, task.occurrence, len(walk(task, bo, 99))) == (TODAY, 10, left)
    new = finish(done, bo)
    assert new is not None
    assert (new.due_date, new.occurrence, len(walk(new, bo, 99))) == (TODAY, 10, left)


@pytest.mark.parametrize("rule", ["FREQ=DAILY;COUNT=9", "FREQ=DAILY;UNTIL=20261120"])
def test_a_rule_that_ended_meanwhile_is_over(bo: User, rule: str) -> None:
    task = a_series(bo, rule, NINE_DAYS_AGO)
    with pytest.raises(Conflict, match="Complete the task instead"):
        skip_task(task.pk, catch_up=True, by=bo, now=NOW)
    assert finish(task, bo) is None


@pytest.mark.parametrize("count", ["", ";COUNT=50"])
def test_what_was_passed_over_is_taken_back_and_done_again(bo: User, count: str) -> None:
    task = a_series(bo, f"FREQ=DAILY{count}", NINE_DAYS_AGO)
    new = finish(task, bo)
    assert new is not None
    put(task, bo, Stage.PENDING)
    new.refresh_from_db()
    assert new.deleted_at is not None
    assert walk(task, bo, 1) == [NINE_DAYS_AGO + DAY]
    put(task, bo, Stage.PENDING)
    assert finish(task, bo) == new
    assert Task.objects.count() == 2
    new.refresh_from_db()
    assert new.due_date == TODAY


def test_from_completion_it_is_always_in_the_future(bo: User) -> None:
    task = a_series(bo, "FREQ=DAILY;INTERVAL=4", NINE_DAYS_AGO, recurrence_from=Basis.COMPLETION)
    new = finish(task, bo)
    assert new is not None
    assert new.due_date == TODAY + 4 * DAY


def test_a_moved_one_catches_up_by_its_plan(bo: User) -> None:
    task = a_series(bo, "FREQ=WEEKLY", NINE_DAYS_AGO)
    update_task(task.pk, TaskPatch(due_date=NINE_DAYS_AGO + DAY, only_this_one=True), by=bo, now=NOW)
    new = finish(task, bo)
    assert new is not None
    assert new.due_date == date(2026, 11, 26)


def test_every_door_offers_it(bo: User, program: Program) -> None:
    today, tomorrow = (f"{utc_now() + span:%Y-%m-%d}" for span in (timedelta(), DAY))
    done = {"status": "COMPLETED"}
    doors: list[Any] = [
        lambda path, task: program.post(f"{path}skip/?to=next-future"),
        lambda path, task: program.patch(f"{path}?to=next-future", done),
        lambda path, task: program.put(f"{path}?to=next-future", task | done | {"stage": "COMPLETED"}),
        lambda path, task: program.post("/api/tasks/bulk/?to=next-future", {"update": [{"id": task["id"]} | done]}),
    ]
    for send in doors:
        task = a_series(bo, "FREQ=DAILY", utc_now().date() - 9 * DAY, timezone="UTC")
        path = f"/api/tasks/{task.pk}/"
        assert send(path, program.get(path).json()).status_code == 200
        last = Task.objects.filter(series=task.series).latest("occurrence")
        assert str(last.due_date) in (today, tomorrow)  # midnight may pass
    assert Task.objects.filter(stage=Stage.PENDING).count() == len(doors)


def test_a_misspelt_target_is_named(bo: User, program: Program) -> None:
    task = a_series(bo)
    for answer in (
        program.post(f"/api/tasks/{task.pk}/skip/?to=future"),
        program.patch(f"/api/tasks/{task.pk}/?to=", {"title": "x"}),
        program.post("/api/tasks/bulk/?to=next_future", {"delete": [task.pk]}),
    ):
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "to")
    assert program.post(f"/api/tasks/{task.pk}/skip/?to=next").json()["due_date"] == "2026-12-04"
