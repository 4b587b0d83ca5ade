"""Files of other programs, made by us from what their makers have written down of them."""

import io
import json
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.common.durations import parse_duration
from taskbell.tasks.kinds import Priority
from taskbell.tasks.models import Task
from taskbell.transfer.formats import READERS, FileOptions, rows_of
from taskbell.transfer.importing import ImportRefused, Options, import_tasks
from tests.conftest import NOW

SAMPLES = Path(__file__).parent / "samples"
OPTIONS = FileOptions(NOW, "UTC")


def bring(name: str, format_: str, by: User) -> dict[str, Task]:
    with (SAMPLES / name).open("rb") as stream:
        import_tasks(rows_of(format_, stream, OPTIONS), by=by, now=NOW)
    return {task.title: task for task in Task.objects.select_related("category")}


def waits_for(task: Task) -> list[str]:
    return sorted(needed.title for needed in task.pre_tasks.all())


def test_a_project_of_todoist(bo: User) -> None:
    tasks = bring("todoist.csv", "todoist", bo)
    plan, sow, seeds = tasks["Plan the year"], tasks["Sow"], tasks["Buy seeds"]
    assert (plan.priority, plan.category, plan.description) == (Priority.URGENT, None, "Beds, seeds")
    assert (sow.due_date, sow.due_time, sow.timezone) == (date(2027, 4, 1), time(9, 30), "Europe/Berlin")
    assert (sow.assigned_to, str(sow.category), sow.priority) == (bo, "Garden", Priority.HIGH)
    assert (seeds.due_date, seeds.description, seeds.priority) == (date(2027, 3, 27), "", Priority.LOW)
    assert waits_for(sow) == ["Buy seeds"]
    assert waits_for(seeds) == ["Find the catalogue"]
    assert waits_for(tasks["Water"]) == waits_for(plan) == []


def test_projects_of_vikunja(bo: User) -> None:
    tasks = bring("vikunja.json", "vikunja", bo)
    sow, seeds = tasks["Sow"], tasks["Buy seeds"]
    assert (sow.due_at, sow.stage, sow.priority) == (
        datetime(2027, 4, 1, 7, 30, tzinfo=UTC),
        "IN_PROGRESS",
        Priority.HIGH,
    )
    assert (sow.description, sow.project.name, sow.assigned_to) == ("In **rows**", "Garden", bo)
    assert (sow.recurrence, sow.recurrence_from) == ("FREQ=DAILY;INTERVAL=7", "completion")
    assert {(reminder.before_due, reminder.at) for reminder in sow.reminders.all()} == {
        (parse_duration("PT1H"), datetime(2027, 4, 1, 6, 30, tzinfo=UTC)),
        (None, datetime(2027, 3, 30, 8, tzinfo=UTC)),
    }
    assert waits_for(sow) == ["Buy seeds"]
    assert (seeds.due_date, seeds.stage, seeds.category) == (None, "COMPLETED", None)
    assert seeds.completed_at == datetime(2026, 5, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "before", "at"),
    [
        (86_400, "P1D", "2027-03-27T09:00+01:00"),  # the same time of day, although the clocks change
        (604_800, "P7D", "2027-03-21T09:00+01:00"),
        (90_000, "PT90000S", "2027-03-27T07:00+01:00"),
        (0, "PT0S", "2027-03-28T09:00+02:00"),
    ],
)
def test_a_day_before_in_vikunja_is_a_day_of_the_calendar(bo: User, seconds: int, before: str, at: str) -> None:
    bo.profile.timezone = "Europe/Berlin"
    bo.profile.save()
    reminder = {"relative_to": "due_date", "relative_period": -seconds}
    task = {"id": 1, "title": "Sow", "due_date": "2027-03-28T07:00:00Z", "reminders": [reminder]}
    file = io.BytesIO(json.dumps([{"title": "Garden", "tasks": [task]}]).encode())
    import_tasks(READERS["vikunja"](file), by=bo, now=NOW)
    found = Task.objects.get().reminders.get()
    assert (str(found.before_due), found.at) == (before, datetime.fromisoformat(at))


def test_to_dos_of_a_calendar(bo: User) -> None:
    tasks = bring("tasks.ics", "ical", bo)
    sow, seeds, reap = tasks["Sow, and water"], tasks["Buy seeds"], tasks["Reap"]
    assert (sow.due_date, sow.due_time, sow.timezone) == (date(2027, 4, 1), time(9, 30), "Europe/Berlin")
    assert (sow.stage, sow.priority, str(sow.category)) == ("IN_PROGRESS", Priority.URGENT, "Garden")
    assert sow.description == "In rows that are as straight as they can be"
    assert (sow.recurrence, sow.created_at) == ("FREQ=YEARLY", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert {reminder.before_due for reminder in sow.reminders.all()} == {parse_duration("PT1H"), None}
    assert (seeds.due_date, seeds.due_time, seeds.stage) == (date(2027, 3, 27), None, "COMPLETED")
    assert reap.due_at == datetime(2027, 9, 1, 10, tzinfo=UTC)
    assert (waits_for(sow), waits_for(seeds), waits_for(reap)) == (["Buy seeds"], [], ["Sow, and water"])


@pytest.mark.parametrize(
    ("format_", "text", "expected"),
    [
        ("todoist", "TYPE,CONTENT,DATE\ntask,Sow,every hour\n", (2, "due_date")),
        ("todoist", "TYPE,CONTENT,PRIORITY\ntask,Sow,9\n", (2, "priority")),
        ("todoist", "TYPE,CONTENT,RESPONSIBLE\ntask,Sow,nobody (7)\n", (2, "assigned_to")),
        ("todoist", "TYPE,CONTENT\ntask\n", (2, "title")),
        ("todoist", "TYPE,CONTENT\ntask,Sow\nsection\n", (3, "category")),
        ("todoist", "TYPE,CONTENT,RESPONSIBLE\ntask,Sow,b\0o\n", (2, "assigned_to")),
        ("csv", "title,created_by\nSow,b\0o\n", (2, "created_by")),
        ("json", '[{"title": "Sow", "assigned_to": "\\ud800"}]', (1, "assigned_to")),
        ("json", '[{"title": "Sow", "due_date": []}]', (1, "due_date")),
        ("vikunja", '[{"title": "x", "tasks": [{"id": 1}]}]', (1, "tasks")),
        ("vikunja", '[1,\n{"tasks": 7}]', (1, "tasks")),
        ("ical", "BEGIN:VTODO\nSUMMARY:Sow\nPRIORITY:hot\nEND:VTODO\n", (1, "priority")),
        ("ical", "BEGIN:VTODO\nSUMMARY:Sow\nDUE:20270101T090000Z\nRRULE:FREQ=HOURLY\nEND:VTODO\n", (1, "recurrence")),
    ],
)
def test_what_does_not_fit_is_told_by_line_and_column(bo: User, format_: str, text: str, expected: Any) -> None:
    with pytest.raises(ImportRefused) as refused:
        import_tasks(rows_of(format_, io.BytesIO(text.encode()), OPTIONS), by=bo, now=NOW)
    first = next(iter(refused.value.result.errors))
    assert (first.line, first.field) == expected
    assert not Task.objects.exists()


def test_spaces_around_a_name_are_no_part_of_it(bo: User) -> None:
    import_tasks(READERS["csv"](io.BytesIO(b"title,assigned_to\nSow, bo \n")), by=bo, now=NOW)
    assert Task.objects.get().assigned_to == bo


def test_a_note_without_a_word_adds_none(bo: User) -> None:
    import_tasks(rows_of("todoist", io.BytesIO(b"TYPE,CONTENT\ntask,Sow\nnote\n"), OPTIONS), by=bo, now=NOW)
    assert Task.objects.get().description == ""


def calendar(*lines: str) -> io.BytesIO:
    return io.BytesIO("\n".join(["BEGIN:VTODO", "SUMMARY:Sow", *lines, "END:VTODO", ""]).encode())


@pytest.mark.parametrize(
    ("called", "zone"),
    [
        ("/freeassociation.sourceforge.net/Europe/Berlin", "Europe/Berlin"),
        ("/example.org/20260101_1/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("W. Europe Standard Time", "Europe/Berlin"),
    ],
)
def test_a_zone_that_a_program_has_named_in_its_own_way_is_known(bo: User, called: str, zone: str) -> None:
    import_tasks(READERS["ical"](calendar(f"DUE;TZID={called}:20270331T090000")), by=bo, now=NOW)
    task = Task.objects.get()
    assert (task.due_date, task.due_time, task.timezone) == (date(2027, 3, 31), time(9), zone)


@pytest.mark.parametrize(
    "lines",
    [
        ["DUE;TZID=Custom/Berlin:20270331T090000"],
        ["DTSTART;TZID=Custom/Berlin:20270331T090000", "DURATION:PT1H"],
    ],
)
def test_a_zone_that_nobody_knows_is_told_by_its_name(bo: User, lines: list[str]) -> None:
    with pytest.raises(ImportRefused) as refused:
        import_tasks(READERS["ical"](calendar(*lines)), by=bo, now=NOW)
    (error,) = refused.value.result.errors
    assert (error.line, error.field, error.code) == (1, "timezone", "unknown_zone")
    assert "Custom/Berlin" in error.message


@pytest.mark.parametrize(
    ("start", "span", "due"),
    [
        (";TZID=Europe/Berlin:20270331T090000", "PT2H", (date(2027, 3, 31), time(11), "Europe/Berlin")),
        # That night the clock goes forward.
        (";TZID=Europe/Berlin:20270327T220000", "P1D", (date(2027, 3, 28), time(22), "Europe/Berlin")),
        (";TZID=Europe/Berlin:20270327T220000", "PT12H", (date(2027, 3, 28), time(11), "Europe/Berlin")),
        (":20270331T090000Z", "PT30M", (date(2027, 3, 31), time(9, 30), "UTC")),
        (":20270331T090000", "PT30M", (date(2027, 3, 31), time(9, 30), "UTC")),
        (";VALUE=DATE:20270331", "P2D", (date(2027, 4, 2), None, "UTC")),
    ],
)
def test_what_lasts_so_long_is_due_at_its_end(bo: User, start: str, span: str, due: Any) -> None:
    import_tasks(READERS["ical"](calendar(f"DTSTART{start}", f"DURATION:{span}")), by=bo, now=NOW)
    task = Task.objects.get()
    assert (task.due_date, task.due_time, task.timezone) == due


def test_of_a_line_that_a_calendar_has_twice_the_first_counts(bo: User) -> None:
    lines = ["SUMMARY:Reap", "DUE:20270331T090000Z", "DUE:20270401T090000Z", "PRIORITY:1", "PRIORITY:9"]
    import_tasks(READERS["ical"](calendar(*lines)), by=bo, now=NOW)
    task = Task.objects.get()
    assert (task.title, task.due_date, task.priority) == ("Sow", date(2027, 3, 31), Priority.URGENT)


def test_an_error_of_vikunja_names_the_task_since_all_share_a_line(bo: User) -> None:
    lost = '{"id": 7, "title": "Sow\\u0000", "assignees": [{"username": "nobody"}], "related_tasks": {}}'
    circle = '{"id": 10, "title": "Turn", "related_tasks": {"blocked": [{"id": 10}]}}'
    text = f'[{{"title": "Garden", "tasks": [{lost}, {circle}, {{"id": 11}}, 12]}}]'
    with pytest.raises(ImportRefused) as refused:
        import_tasks(READERS["vikunja"](io.BytesIO(text.encode())), by=bo, now=NOW)
    told = [error.message for error in refused.value.result.errors]
    assert told == [
        "Task 7 (Sow): Must not contain control characters or bytes that are not UTF-8.",
        "Task 10 (Turn): A task can't block itself: Task 10 (Turn) → Task 10 (Turn).",
        "Task 11 (no title): Must be a task as Vikunja exports it.",
        "Task 12: Must be a task as Vikunja exports it.",
    ]


def test_a_task_that_waits_for_one_elsewhere_is_imported_and_that_is_said(bo: User) -> None:
    waits = '{"id": 8, "title": "Reap", "related_tasks": {"blocked": [{"id": 9}]}}'
    text = f'[{{"title": "Garden", "tasks": [{waits}]}}]'.encode()
    with pytest.raises(ImportRefused):
        import_tasks(READERS["vikunja"](io.BytesIO(text)), Options(strict=True), by=bo, now=NOW)
    report = import_tasks(READERS["vikunja"](io.BytesIO(text)), by=bo, now=NOW)
    assert [notice.message for notice in report.notices] == [
        "Task 8 (Reap): Can't be blocked by 9, because the file doesn't have it."
    ]
    assert Task.objects.get().title == "Reap"
