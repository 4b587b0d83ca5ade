"""The rule counts from the due date that people see; one occurrence alone is moved on request."""

from datetime import date, datetime, time
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps

from taskbell.accounts.models import User
from taskbell.common.errors import Invalid
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import delete_task, restore_task, skip_task, update_task
from taskbell.tasks.kinds import Basis, Stage
from taskbell.tasks.models import Task
from taskbell.tasks.occurrences import coming_due_dates
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW, Program
from tests.tasks.test_recurring import DAY, FRIDAY, a_series, put, the_next, walk

ANCHORS = import_module("taskbell.tasks.migrations.0008_anchors")


def move(task: Task, due: date | None, by: User, **more: Any) -> None:
    update_task(task.pk, TaskPatch(due_date=due, **more), by=by, now=NOW)
    task.refresh_from_db()


def days(task: Task, many: int = 3) -> list[str]:
    """What the preview says, and what happens, which must be the same."""
    said = coming_due_dates(task, now=NOW, most=many)
    assert walk(task, task.created_by, many) == said
    return [str(day) for day in said]


def test_a_corrected_due_date_is_what_the_rule_counts_from(bo: User) -> None:
    task = a_series(bo, "FREQ=YEARLY", date(2031, 6, 5))
    move(task, date(2031, 5, 5), bo)
    assert task.anchor_date == date(2031, 5, 5)
    assert days(task) == ["2032-05-05", "2033-05-05", "2034-05-05"]


def test_every_other_week_counts_from_the_new_week(bo: User) -> None:
    second = the_next(a_series(bo, "FREQ=WEEKLY;INTERVAL=2"), bo)
    move(second, FRIDAY + 21 * DAY, bo)
    assert days(second, 2) == [str(FRIDAY + 35 * DAY), str(FRIDAY + 49 * DAY)]


@pytest.mark.parametrize(
    ("moved_to", "expected"),
    [
        (date(2031, 5, 5), ["2032-06-05", "2033-06-05"]),  # not 2031-06-05 once more
        (date(2031, 7, 1), ["2032-06-05", "2033-06-05"]),
        (date(2032, 7, 1), ["2033-06-05", "2034-06-05"]),
    ],
)
def test_only_this_one_is_moved_and_the_others_stay(bo: User, moved_to: date, expected: list[str]) -> None:
    task = a_series(bo, "FREQ=YEARLY", date(2031, 6, 5))
    move(task, moved_to, bo, only_this_one=True)
    assert (task.anchor_date, task.planned_date) == (date(2031, 6, 5), date(2031, 6, 5))
    assert days(task, 2) == expected


def test_only_this_one_twice_is_planned_for_the_first_date(bo: User) -> None:
    task = a_series(bo)
    for days_earlier in (1, 2):
        move(task, FRIDAY - days_earlier * DAY, bo, only_this_one=True)
    assert task.planned_date == FRIDAY
    assert the_next(task, bo).planned_date is None


def test_only_this_one_and_then_all_of_them(bo: User) -> None:
    task = a_series(bo)
    move(task, FRIDAY - DAY, bo, only_this_one=True)
    move(task, FRIDAY - 2 * DAY, bo)
    assert task.planned_date is None
    assert days(task, 1) == [str(FRIDAY + 5 * DAY)]


def a_clamped_one(by: User) -> Task:
    """Due on 28 February, because it is due on the 31st."""
    return the_next(a_series(by, "FREQ=MONTHLY", date(2027, 1, 31)), by)


def test_the_31st_is_remembered_when_only_february_is_moved(bo: User) -> None:
    task = a_clamped_one(bo)
    move(task, date(2027, 2, 20), bo, only_this_one=True)
    assert days(task, 2) == ["2027-03-31", "2027-04-30"]


def test_what_was_moved_and_moved_back_was_not_moved(bo: User) -> None:
    task = a_clamped_one(bo)
    move(task, date(2027, 2, 20), bo, only_this_one=True)
    move(task, date(2027, 2, 28), bo)
    assert (task.anchor_date, task.planned_date) == (date(2027, 1, 31), None)
    assert days(task, 1) == ["2027-03-31"]


def test_a_new_date_forgets_the_31st(bo: User) -> None:
    task = a_clamped_one(bo)
    move(task, date(2027, 2, 27), bo)
    assert days(task, 1) == ["2027-03-27"]


def test_a_due_date_sent_back_as_it_was_moves_nothing(bo: User, program: Program) -> None:
    task = a_clamped_one(bo)
    path = f"/api/tasks/{task.pk}/"
    answer = program.get(path).json()
    for send in (program.put, program.patch):
        assert send(path, answer).json()["anchor_date"] == "2027-01-31"
        assert (
            send(path, answer | {"anchor_date": "2020-01-01", "title": "Roses"}).json()["anchor_date"] == "2027-01-31"
        )
    program.post("/api/tasks/bulk/", {"update": [{**answer, "due_date": "2027-02-28"}]})
    task.refresh_from_db()
    assert days(task, 1) == ["2027-03-31"]


def test_the_time_of_only_this_one(bo: User) -> None:
    task = a_series(bo, due_time=time(17))
    move(task, FRIDAY + DAY, bo, due_time=time(9), only_this_one=True)
    assert (task.planned_date, task.planned_time) == (FRIDAY, time(17))
    new = the_next(task, bo)
    assert (new.due_date, new.due_time, new.planned_time) == (FRIDAY + 7 * DAY, time(17), None)


def test_a_new_time_of_a_moved_one_is_that_of_the_others_too(bo: User) -> None:
    task = a_series(bo, due_time=time(17))
    move(task, FRIDAY + DAY, bo, only_this_one=True)
    update_task(task.pk, TaskPatch(due_time=time(9)), by=bo, now=NOW)
    new = the_next(task, bo)
    assert (new.due_date, new.due_time) == (FRIDAY + 7 * DAY, time(9))


def test_a_moved_one_is_skipped_to_the_next_by_plan(bo: User) -> None:
    nine = datetime.fromisoformat("2026-11-26T09:00+01:00")
    task = a_series(bo, reminders=[ReminderPlan(at=nine)])
    move(task, FRIDAY - 2 * DAY, bo, only_this_one=True)
    skipped = skip_task(task.pk, by=bo, now=NOW)
    assert (skipped.due_date, skipped.planned_date) == (FRIDAY + 7 * DAY, None)
    assert Reminder.objects.get(task=task).at == nine + 7 * DAY


def test_from_completion_a_skip_counts_from_the_due_date_that_is_seen(bo: User) -> None:
    task = a_series(bo, "FREQ=DAILY;INTERVAL=3", recurrence_from=Basis.COMPLETION)
    new = the_next(task, bo, NOW + 12 * DAY)
    assert new.due_date == date(2026, 12, 6)
    assert skip_task(new.pk, by=bo, now=NOW).due_date == date(2026, 12, 9)


def test_the_plan_survives_the_trash_and_reopening(bo: User) -> None:
    task = a_series(bo)
    move(task, FRIDAY - DAY, bo, only_this_one=True)
    delete_task(task.pk, by=bo, now=NOW)
    restore_task(task.pk, by=bo, now=NOW)
    for _ in range(2):
        assert the_next(task, bo).due_date == FRIDAY + 7 * DAY
        put(task, bo, Stage.PENDING)


def test_a_due_date_changed_before_it_is_done_again_counts(bo: User) -> None:
    task = a_series(bo)
    the_next(task, bo)
    put(task, bo, Stage.PENDING, due_date=FRIDAY + DAY)
    assert the_next(task, bo).due_date == FRIDAY + 8 * DAY


def test_three_times_stays_three_times_however_they_are_moved(bo: User) -> None:
    task = a_series(bo, "FREQ=DAILY;COUNT=3")
    move(task, FRIDAY + 30 * DAY, bo, only_this_one=True)
    assert len(walk(task, bo, 9)) == 2


def test_a_new_rule_is_for_all(bo: User, program: Program) -> None:
    task = a_series(bo)
    path, body = f"/api/tasks/{task.pk}/", {"due_date": str(FRIDAY + DAY), "only_this_one": True}
    for refused in (program.patch(path, body | {"recurrence": "FREQ=DAILY"}), program.put(path, body | {"title": "x"})):
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "only_this_one")
    same_rule = program.patch(path, body | {"recurrence": "freq=weekly"}).json()
    assert (same_rule["anchor_date"], same_rule["planned_date"]) == (str(FRIDAY), str(FRIDAY))


@pytest.mark.parametrize("of_all", [{"timezone": "Asia/Tokyo"}, {"recurrence_from": "completion"}])
def test_the_zone_and_the_basis_are_those_of_all(bo: User, program: Program, of_all: dict[str, str]) -> None:
    path, body = f"/api/tasks/{a_series(bo).pk}/", {"due_date": str(FRIDAY + DAY), "only_this_one": True}
    refused = program.patch(path, body | of_all)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "only_this_one")
    assert program.get(path).json()["due_date"] == str(FRIDAY)
    assert program.patch(path, body | {"timezone": "Europe/Berlin", "recurrence_from": "due"}).status_code == 200


def test_every_door_moves_only_this_one_and_shows_it(bo: User, program: Program) -> None:
    moved = {"due_date": "2026-11-25", "only_this_one": True}
    for send in (
        lambda path, task: program.patch(path, moved),
        lambda path, task: program.put(path, task | moved),
        lambda path, task: program.post("/api/tasks/bulk/", {"update": [{"id": task["id"]} | moved]}),
    ):
        task = a_series(bo)
        path = f"/api/tasks/{task.pk}/"
        assert send(path, program.get(path).json()).status_code == 200
        answer = program.get(path).json()
        assert (answer["due_date"], answer["anchor_date"], answer["planned_date"], answer["planned_time"]) == (
            *("2026-11-25", "2026-11-27", "2026-11-27", None),
        )
        said = program.get(f"{path}schedule/").json()["due_dates"]
        assert (said[0], len(said)) == ("2026-12-04", 10)
        asked = {name: answer[name] for name in PREVIEWED} | {"count": 2}
        shown = program.post("/api/recurrence/preview/", asked).json()["occurrences"]
        assert [occurrence["local"][:10] for occurrence in shown] == ["2026-11-25", "2026-12-04"]


PREVIEWED = ("recurrence", "due_date", "due_time", "timezone", "anchor_date", "planned_date", "planned_time")


def test_a_task_that_does_not_repeat_has_no_plan(bo: User, program: Program) -> None:
    task = program.post("/api/tasks/", {"title": "Once", "due_date": "2027-01-01"}).json()
    moved = program.patch(f"/api/tasks/{task['id']}/", {"due_date": "2027-01-02", "only_this_one": True}).json()
    assert [moved[name] for name in ("due_date", "anchor_date", "planned_date")] == ["2027-01-02", None, None]
    assert program.get(f"/api/tasks/{task['id']}/schedule/").json()["due_dates"] == []
    refused = program.post("/api/tasks/", {"title": "New", "only_this_one": True})
    assert refused.json()["errors"][0]["field"] == "only_this_one"


def test_a_task_without_its_date_has_no_rule_to_count(bo: User) -> None:
    task = a_series(bo)
    with pytest.raises(Invalid):
        move(task, None, bo, only_this_one=True)


@pytest.mark.parametrize(
    ("rule", "began", "due", "basis", "anchor"),
    [
        ("FREQ=YEARLY", "2031-06-05", "2031-05-05", Basis.DUE, "2031-05-05"),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=3", "2026-11-27", "2027-06-04", Basis.DUE, "2027-06-04"),
        ("FREQ=WEEKLY;INTERVAL=2;UNTIL=20261211", "2026-11-27", "2026-12-11", Basis.DUE, "2026-11-27"),
        ("FREQ=MONTHLY", "2027-01-31", "2027-02-28", Basis.DUE, "2027-01-31"),
        ("FREQ=DAILY", "2026-11-27", "2026-12-30", Basis.COMPLETION, "2026-12-30"),
    ],
)
def test_a_date_that_was_changed_before_is_counted_from_by_now(
    bo: User, rule: str, began: str, due: str, basis: str, anchor: str
) -> None:
    task = a_series(bo, rule, date.fromisoformat(began), recurrence_from=basis)
    Task.objects.update(due_date=due)
    ANCHORS.move_anchors(apps, None)
    task.refresh_from_db()
    assert str(task.anchor_date) == anchor
