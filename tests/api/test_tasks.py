"""Tasks through the API: what is written, what is read again, and what history says of it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.payloads.reminders import ReminderOut
from taskbell.payloads.tasks import TaskOut
from taskbell.reminders.models import Reminder
from taskbell.tasks.models import Task
from tests.conftest import Program

Somebody = Callable[[User], Program]
FULL = {
    "title": "Finish the documentation",
    "description": "All of it.\n\tWith 🦊.",
    "status": "IN_PROGRESS",
    "priority": "HIGH",
    "due_date": "2027-03-31",
    "due_time": "17:30:00",
    "timezone": "Europe/Berlin",
    "remind_at": "2027-03-31T09:00:00",
}
BLANK = {"description": "", "status": "PENDING", "priority": "MEDIUM", "due_date": None, "due_time": None}
BLANK |= {"timezone": "UTC", "due_at": None, "assigned_to": None, "reminders": [], "remind_at": None}


def history(field: str) -> list[tuple[Any, Any]]:
    return list(Activity.objects.filter(field=field).order_by("id").values_list("old_value", "new_value"))


@pytest.fixture
def program(bo: User, as_user: Somebody) -> Program:
    """Speaks for Bo."""
    return as_user(bo)


@pytest.fixture
def path(program: Program, cy: User) -> str:
    """A task of Bo's in which everything is set."""
    return str(program.post("/api/tasks/", FULL | {"assigned_to": cy.pk})["Location"])


def test_what_was_written_is_read(bo: User, program: Program) -> None:
    answer = program.post("/api/tasks/", FULL)
    task = answer.json()
    assert answer.status_code == 201
    assert {name: task[name] for name in FULL if name != "remind_at"} == {
        name: value for name, value in FULL.items() if name != "remind_at"
    }
    assert task["remind_at"] == "2027-03-31T07:00:00Z"
    assert task["due_at"] == "2027-03-31T15:30:00Z"
    assert task["created_by"] == bo.pk
    assert task["version"] == 1
    assert program.get(answer["Location"]).json() == task
    assert program.get("/api/tasks/").json()["results"] == [task]


def test_the_answer_has_the_documented_fields(program: Program, path: str) -> None:
    task = program.get(path).json()
    assert list(task) == list(TaskOut.__annotations__)
    assert list(task["reminders"][0]) == list(ReminderOut.__annotations__)


def test_put_replaces_all_that_is_not_sent(program: Program, path: str) -> None:
    task = program.put(path, {"title": "Anew"}).json()
    assert {name: task[name] for name in BLANK} == BLANK
    assert task["title"] == "Anew"
    assert not Reminder.objects.exists()


def test_put_by_a_manager_keeps_the_zone_of_the_creator(mia: User, bo: User, as_user: Somebody, path: str) -> None:
    as_user(bo).patch("/api/profile/", {"timezone": "Asia/Tokyo"})
    assert as_user(mia).put(path, {"title": "Anew"}).json()["timezone"] == "Asia/Tokyo"


@pytest.mark.parametrize("name", [*FULL, "assigned_to"])
def test_patch_changes_one_field_and_no_other(program: Program, path: str, name: str) -> None:
    before = program.get(path).json()
    follow = {"status": "stage", "timezone": "due_at", "due_date": "due_at", "due_time": "due_at"}
    fresh = {
        "title": "Another",
        "description": "",
        "status": "PENDING",
        "priority": "LOW",
        "due_date": "2027-04-01",
        "due_time": None,
        "timezone": "Asia/Tokyo",
        "remind_at": "2027-03-30T09:00:00Z",
        "assigned_to": None,
    }
    after = program.patch(path, {name: fresh[name]}).json()
    changed = {key for key in before if before[key] != after[key]} - {"updated_at", "version"}
    allowed = {name, follow.get(name), "reminders" if name in ("remind_at", "timezone") else name}
    assert changed <= allowed
    assert after[name] == fresh[name]
    assert after["version"] == before["version"] + 1


def test_patching_what_is_already_so_changes_nothing(program: Program, path: str) -> None:
    before = program.get(path).json()
    count = Activity.objects.of_tasks().count()
    assert program.patch(path, {}).json() == before
    assert program.patch(path, {"title": FULL["title"], "remind_at": FULL["remind_at"]}).json() == before
    assert Activity.objects.of_tasks().count() == count


def test_fields_that_are_only_read_are_ignored(bo: User, cy: User, program: Program, path: str) -> None:
    before = program.get(path).json()
    foreign = {"id": 999, "created_by": cy.pk, "owner": cy.pk, "version": 99, "due_at": None, "completed_at": "x"}
    foreign |= {"created_at": None, "updated_at": 7}
    assert program.patch(path, foreign).json() == before
    created = program.post("/api/tasks/", {"title": "x"} | foreign).json()
    assert created["created_by"] == bo.pk
    assert created["version"] == 1


def test_completing_is_timed_and_reopening_takes_it_back(program: Program, path: str) -> None:
    done = program.patch(path, {"status": "COMPLETED"}).json()
    assert done["completed_at"] == done["updated_at"]
    assert program.patch(path, {"stage": "ARCHIVED"}).json()["completed_at"] == done["completed_at"]
    assert program.patch(path, {"stage": "PENDING"}).json()["completed_at"] is None


@pytest.mark.parametrize(
    "body", [{"status": "PENDING", "stage": "COMPLETED"}, {"remind_at": "2027-01-01T09:00:00Z", "reminders": []}]
)
def test_two_names_for_one_thing_cannot_disagree(program: Program, path: str, body: dict[str, Any]) -> None:
    assert program.patch(path, body).status_code == 400
    assert program.post("/api/tasks/", {"title": "x"} | body).status_code == 400


@pytest.mark.parametrize("alias", ["reminder_time", "schedule_time"])
def test_the_other_names_of_remind_at_are_understood_alone(program: Program, alias: str) -> None:
    body = {"title": "x", alias: "2027-03-31T09:00:00+02:00"}
    assert program.post("/api/tasks/", body).json()["remind_at"] == "2027-03-31T07:00:00Z"
    for other in ("remind_at", "reminders"):
        assert program.post("/api/tasks/", body | {other: None}).status_code == 400


def test_a_time_needs_a_date(program: Program) -> None:
    assert program.post("/api/tasks/", {"title": "x", "due_time": "10:00"}).json()["errors"][0]["field"] == "due_time"
    path = program.post("/api/tasks/", {"title": "x", "due_date": "2027-01-01", "due_time": "10:00"})["Location"]
    assert program.patch(path, {"due_date": None}).status_code == 400
    assert program.patch(path, {"due_date": None, "due_time": None}).status_code == 200


@pytest.mark.parametrize(
    ("zone", "local", "instant"),
    [
        ("Europe/Berlin", "2027-01-15T09:00:00", "2027-01-15T08:00:00Z"),
        ("Europe/Berlin", "2027-07-15T09:00:00", "2027-07-15T07:00:00Z"),
        ("Europe/Berlin", "2027-03-28T02:30:00", "2027-03-28T01:30:00Z"),  # skipped: moved forward to 03:30
        ("Europe/Berlin", "2027-10-31T02:30:00", "2027-10-31T00:30:00Z"),  # comes twice: the first
        ("America/New_York", "2027-03-14T02:15:00", "2027-03-14T07:15:00Z"),
        ("America/New_York", "2027-11-07T01:30:00", "2027-11-07T05:30:00Z"),
        ("Australia/Lord_Howe", "2027-10-03T02:10:00", "2027-10-02T15:40:00Z"),  # a gap of half an hour
        ("Asia/Kathmandu", "2027-01-01T00:00:00", "2026-12-31T18:15:00Z"),
        ("Europe/Berlin", "2027-01-15T09:00:00-05:00", "2027-01-15T14:00:00Z"),
        ("Europe/Berlin", "2027-01-15T09:00:00.123456Z", "2027-01-15T09:00:00.123456Z"),
    ],
)
def test_a_reminder_is_read_in_the_zone_of_the_task(program: Program, zone: str, local: str, instant: str) -> None:
    for patch in ({"remind_at": local}, {"reminders": [{"at": local}]}):
        task = program.post("/api/tasks/", {"title": "x", "timezone": zone} | patch).json()
        assert task["remind_at"] == instant
        shown = datetime.fromisoformat(task["reminders"][0]["at"])
        assert shown == datetime.fromisoformat(instant).astimezone(UTC)


def test_without_a_zone_it_is_the_one_of_the_profile(program: Program) -> None:
    program.patch("/api/profile/", {"timezone": "Asia/Tokyo"})
    task = program.post("/api/tasks/", {"title": "x", "remind_at": "2027-01-01T09:00:00"}).json()
    assert task["timezone"] == "Asia/Tokyo"
    assert task["remind_at"] == "2027-01-01T00:00:00Z"
    assert task["reminders"][0]["at"] == "2027-01-01T09:00:00+09:00"


def test_remind_at_replaces_the_reminders_and_null_clears_them(program: Program) -> None:
    patch = [{"at": "2027-01-02T00:00:00Z"}, {"at": "2027-01-01T00:00:00Z"}]
    answer = program.post("/api/tasks/", {"title": "x", "reminders": patch})
    assert answer.json()["remind_at"] == "2027-01-01T00:00:00Z"
    path = answer["Location"]
    assert len(program.patch(path, {"remind_at": "2027-01-03T00:00:00Z"}).json()["reminders"]) == 1
    assert program.patch(path, {"remind_at": None}).json()["reminders"] == []


def test_a_reminder_that_fired_does_not_fire_again_by_being_sent_again(program: Program, path: str) -> None:
    Reminder.objects.update(next_at=None, state="fired")
    task = program.put(path, FULL).json()
    assert task["remind_at"] is None
    assert [reminder["state"] for reminder in task["reminders"]] == ["fired"]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("title", FULL["title"], "Another"),
        ("description", FULL["description"], ""),
        ("status", "IN_PROGRESS", "COMPLETED"),
        ("priority", "HIGH", "URGENT"),
        ("due_date", "2027-03-31", "2027-04-01"),
        ("due_time", "17:30:00", None),
        ("timezone", "Europe/Berlin", "Asia/Tokyo"),
        ("reminders", ["2027-03-31T07:00:00+00:00"], ["2027-01-01T00:00:00+00:00"]),
    ],
)
def test_every_change_leaves_a_line_with_the_old_and_the_new_value(
    bo: User, program: Program, path: str, name: str, old: Any, new: Any
) -> None:
    lines = Activity.objects.of_tasks().count()
    sent = [{"at": new[0]}] if name == "reminders" else new
    assert program.patch(path, {name: sent}).status_code == 200
    assert history(name) == [(old, new)]
    assert Activity.objects.of_tasks().count() == lines + 1
    line = Activity.objects.of_tasks().latest("id")
    assert (line.action, line.user, line.timestamp) == ("updated", bo, Task.objects.get().updated_at)


def test_history_knows_whom_a_task_was_taken_from(program: Program, path: str, cy: User) -> None:
    program.patch(path, {"assigned_to": None})
    assert history("assigned_to") == [(cy.pk, None)]


def test_history_begins_with_the_whole_task_and_ends_with_its_deletion(program: Program, path: str) -> None:
    program.delete(path)
    first, last = Activity.objects.of_tasks().order_by("id")
    assert first.action == "created"
    assert first.old_value is None
    assert first.new_value["title"] == FULL["title"]
    assert first.new_value["reminders"] == ["2027-03-31T07:00:00+00:00"]
    assert last.action == "deleted"


def test_the_stage_of_an_overdue_task_can_change_while_its_status_stays(program: Program, path: str) -> None:
    Task.objects.update(is_overdue=True)
    task = program.patch(path, {"stage": "PENDING"}).json()
    assert (task["status"], task["stage"]) == ("OVERDUE", "PENDING")
    assert history("stage") == [("IN_PROGRESS", "PENDING")]
    assert history("status") == []


def test_a_new_due_date_ends_being_overdue_and_the_stage_was_never_lost(program: Program, path: str) -> None:
    Task.objects.update(is_overdue=True)
    task = program.patch(path, {"due_date": "2028-01-01"}).json()
    assert (task["status"], task["stage"]) == ("IN_PROGRESS", "IN_PROGRESS")
    assert history("status") == [("OVERDUE", "IN_PROGRESS")]


@pytest.mark.parametrize("size", [1, 7, 200])
def test_the_list_asks_four_questions_whatever_its_length(
    program: Program, query_budget: Callable[[int], Any], size: int
) -> None:
    for number in range(8):
        patch = {"title": str(number), "reminders": [{"at": "2027-01-01T00:00:00Z"}, {"at": "2027-01-02T00:00:00Z"}]}
        program.post("/api/tasks/", patch)
    with query_budget(4):  # session and person, count, tasks, reminders
        page = program.get(f"/api/tasks/?page_size={size}").json()
    assert len(page["results"]) == min(size, 8)


def test_pages_lead_to_each_other_and_show_each_task_once(program: Program) -> None:
    for number in range(5):
        program.post("/api/tasks/", {"title": str(number)})
    seen, where = [], "/api/tasks?page_size=2"
    while where:
        page = program.get(where).json()
        seen += [task["title"] for task in page["results"]]
        where = (page["next"] or "").removeprefix("http://localhost")
    assert seen == ["4", "3", "2", "1", "0"]
    assert page["previous"].endswith("page=2&page_size=2") or page["previous"].endswith("page_size=2&page=2")
