"""Due dates of a calendar, their time zones, and how they repeat."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.tasks.actions import update_task
from taskbell.tasks.kinds import Priority
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.transfer.calendar_files import MARCH_31, bring, brought, refused, todo


def test_an_instant_gets_the_zone_of_the_importer_so_that_it_repeats_at_the_same_wall_time(berlin: User) -> None:
    task, _ = brought(berlin, "DUE:20270325T230000Z", "RRULE:FREQ=WEEKLY")
    assert (task.due_date, task.due_time, task.timezone) == (date(2027, 3, 26), time(0), "Europe/Berlin")
    update_task(task.pk, TaskPatch(stage="COMPLETED"), by=berlin, now=datetime(2027, 3, 25, 9, tzinfo=UTC))
    following = Task.objects.exclude(pk=task.pk).get()
    assert (following.due_date, following.due_time) == (date(2027, 4, 2), time(0))


def test_a_local_time_is_in_the_zone_of_the_importer(berlin: User) -> None:
    task, _ = brought(berlin, "DUE:20270331T090000")
    assert (task.due_time, task.timezone) == (time(9), "Europe/Berlin")


OFFICE = [
    *("BEGIN:VTIMEZONE", "TZID:Office", "BEGIN:STANDARD", "DTSTART:16010101T030000"),
    *("RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", "END:STANDARD"),
    *("BEGIN:DAYLIGHT", "DTSTART:16010101T020000", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"),
    *("TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "END:DAYLIGHT", "END:VTIMEZONE"),
]


def test_a_task_in_a_zone_of_the_file_repeats_at_the_same_wall_time(bo: User) -> None:
    bring(bo, *OFFICE, *todo("DUE;TZID=Office:20270326T090000", "RRULE:FREQ=WEEKLY"))
    task = Task.objects.get()
    update_task(task.pk, TaskPatch(stage="COMPLETED"), by=bo, now=datetime(2027, 3, 25, 9, tzinfo=UTC))
    following = Task.objects.exclude(pk=task.pk).get()
    assert (task.due_at, following.due_at) == (
        datetime(2027, 3, 26, 8, tzinfo=UTC),
        datetime(2027, 4, 2, 7, tzinfo=UTC),
    )


def test_a_zone_of_the_file_may_say_its_place(bo: User) -> None:
    place = [OFFICE[0], OFFICE[1], "X-LIC-LOCATION:America/New_York", *OFFICE[2:]]
    bring(bo, *place, *todo("DUE;TZID=Office:20270326T090000"))
    assert Task.objects.get().timezone == "America/New_York"


@pytest.mark.parametrize("name", ["europe/berlin", "W. Europe Standard Time", "/mozilla.org/20070129_1/Europe/Berlin"])
def test_names_of_zones(bo: User, name: str) -> None:
    assert brought(bo, f"DUE;TZID={name}:20270331T090000")[0].timezone == "Europe/Berlin"


@pytest.mark.parametrize(
    ("line", "due"),
    [
        ("DUE;VALUE=DATE:20270331", (date(2027, 3, 31), None)),
        ("DUE:20270331", (date(2027, 3, 31), None)),
        ("DUE;VALUE=DATE:20270331T000000", (date(2027, 3, 31), None)),
        ("due:20270331t090000", (date(2027, 3, 31), time(9))),
        ("DUE:20270331T090060", (date(2027, 3, 31), time(9, 0, 59))),
        ("DUE:", (None, None)),
    ],
)
def test_how_programs_write_a_due_date(bo: User, line: str, due: Any) -> None:
    task, notices = brought(bo, line)
    assert ((task.due_date, task.due_time), notices) == (due, [])


def next_due(task: Task, by: User) -> tuple[date | None, int]:
    """When the next one is due, if this one is completed in time."""
    assert task.due_at
    update_task(task.pk, TaskPatch(stage="COMPLETED"), by=by, now=task.due_at - timedelta(hours=1))
    following = Task.objects.get(series=task.series, stage="PENDING")
    return following.due_date, following.occurrence


@pytest.mark.parametrize(
    ("lines", "due", "following"),
    [
        # A start alone is when it is due.
        (["DTSTART;VALUE=DATE:20270301"], date(2027, 3, 1), date(2027, 4, 1)),
        (["DTSTART;VALUE=DATE:20270301", "DUE;VALUE=DATE:20270301"], date(2027, 3, 1), date(2027, 4, 1)),
        # Four days after each start.
        (["DTSTART;VALUE=DATE:20270301", "DUE;VALUE=DATE:20270305"], date(2027, 3, 5), date(2027, 4, 5)),
        (["DTSTART;VALUE=DATE:20270301", "DURATION:P4D"], date(2027, 3, 5), date(2027, 4, 5)),
        # The series has begun long ago, on the last day of January; months without a 31st have none.
        (["DTSTART;VALUE=DATE:20260131", "DUE;VALUE=DATE:20270331"], date(2027, 3, 31), date(2027, 5, 31)),
    ],
)
def test_a_rule_counts_from_the_start(bo: User, lines: list[str], due: date, following: date) -> None:
    task, _ = brought(bo, *lines, "RRULE:FREQ=MONTHLY")
    assert (task.due_date, next_due(task, bo)[0]) == (due, following)


@pytest.mark.parametrize(
    ("rule", "due", "following"),
    [
        ("FREQ=WEEKLY;BYDAY=MO", "20270303", date(2027, 3, 10)),  # two days after each Monday
        ("FREQ=MONTHLY;BYMONTHDAY=1", "20270303", date(2027, 4, 3)),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "20270310", date(2027, 3, 24)),  # nine days after every second Monday
        ("FREQ=DAILY;INTERVAL=10;UNTIL=20270311", "20270303", date(2027, 3, 13)),
    ],
)
def test_days_of_the_start_become_days_of_the_due_date(bo: User, rule: str, due: str, following: date) -> None:
    task, notices = brought(bo, "DTSTART;VALUE=DATE:20270301", f"DUE;VALUE=DATE:{due}", f"RRULE:{rule}")
    assert next_due(task, bo)[0] == following
    assert [one.split(": ", 1)[1] for one in notices] == [
        "DTSTART isn't imported: 2027-03-01. Tasks have a due date only."
    ]


def test_days_that_only_starts_can_have_get_a_notice(bo: User) -> None:
    _, notices = brought(bo, "DTSTART;VALUE=DATE:20270301", "DUE;VALUE=DATE:20270304", "RRULE:FREQ=MONTHLY;BYDAY=1MO")
    assert [one for one in notices if "counts from DTSTART 2027-03-01" in one]


def test_a_rule_without_any_date_gets_a_notice(bo: User) -> None:
    task, notices = brought(bo, "RRULE:FREQ=DAILY")
    assert (task.recurrence, task.due_date) == ("", None)
    assert notices == ["UID sow (Sow): RRULE isn't imported, because the to-do has no DTSTART or DUE: FREQ=DAILY"]


@pytest.mark.parametrize("rule", ["FREQ=HOURLY", "FREQ=MINUTELY;INTERVAL=30", "FREQ=DAILY;BYHOUR=9,17", "FREQ=NEVER"])
def test_a_rule_that_tasks_cannot_have_is_refused_by_name(bo: User, rule: str) -> None:
    field, message = refused(bo, *todo(MARCH_31, f"RRULE:{rule}"))
    assert field == "recurrence"
    assert message.startswith(f"UID sow (Sow): RRULE {rule}: ")


@pytest.mark.parametrize("line", ["RRULE:FREQ=WEEKLY", "EXRULE:FREQ=WEEKLY", "RDATE;VALUE=DATE:20270505"])
def test_further_rules_and_dates_are_named_in_a_notice(bo: User, line: str) -> None:
    task, notices = brought(bo, MARCH_31, "RRULE:FREQ=DAILY", line)
    name, value = line.split(";")[0].split(":")[0], line.rsplit(":", 1)[1]
    assert task.recurrence == "FREQ=DAILY"
    assert notices == [f"UID sow (Sow): {name} isn't imported: {value}"]


MASTER = ["DTSTART;TZID=Europe/Berlin:20270301T090000", "RRULE:FREQ=WEEKLY;COUNT=4"]


def occurrence(day: str, *lines: str) -> list[str]:
    return todo(f"RECURRENCE-ID;TZID=Europe/Berlin:{day}T090000", *lines)


def done(day: str, *lines: str) -> list[str]:
    return occurrence(day, "STATUS:COMPLETED", "COMPLETED:20261101T100000Z", *lines)


def test_a_series_with_completed_occurrences_is_one_task_with_its_history(bo: User) -> None:
    moved = done("20270308", "DUE;TZID=Europe/Berlin:20270309T120000", "PRIORITY:1")
    result = bring(bo, *done("20270301"), *todo(*MASTER, "CATEGORIES:Garden"), *moved)
    task = Task.objects.get(stage="PENDING")
    assert (task.due_date, task.occurrence) == (date(2027, 3, 15), 3)
    first, second = Task.objects.filter(stage="COMPLETED").order_by("occurrence")
    assert {first.series, second.series} == {task.series}
    assert (first.occurrence, first.due_date, first.due_time) == (1, date(2027, 3, 1), time(9))
    assert (second.occurrence, second.due_date, second.due_time) == (2, date(2027, 3, 9), time(12))
    assert (second.planned_date, second.planned_time) == (date(2027, 3, 8), time(9))
    assert (second.title, str(second.category), second.priority) == ("Sow", "Garden", Priority.URGENT)
    assert (result.created, list(result.notices)) == (3, [])
    assert next_due(task, bo) == (date(2027, 3, 22), 4)


def test_a_calendar_with_completed_occurrences_is_imported_once(bo: User) -> None:
    first, both = done("20270301"), [*done("20270301"), *done("20270308")]
    for lines, created, skipped in ((first, 2, 0), (first, 0, 2), (both, 0, 3)):
        result = bring(bo, *todo(*MASTER), *lines)
        assert (result.created, result.skipped) == (created, skipped)
    assert Task.objects.count() == 2


def test_what_was_completed_in_the_calendar_meanwhile_comes_with_an_update(bo: User) -> None:
    bring(bo, *todo(*MASTER))
    bring(bo, *todo(*MASTER), *done("20270301"), on_existing="update")
    assert list(Task.objects.order_by("due_date").values_list("stage", "due_date")) == [
        ("COMPLETED", date(2027, 3, 1)),
        ("PENDING", date(2027, 3, 8)),
    ]


def test_an_occurrence_that_was_cancelled_or_completed_early_is_no_history(bo: User) -> None:
    result = bring(bo, *todo(*MASTER), *occurrence("20270301", "STATUS:CANCELLED"), *done("20270315"))
    assert Task.objects.get().due_date == date(2027, 3, 8)
    assert ["CANCELLED" in one.message or "COMPLETED" in one.message for one in result.notices] == [True, True]


def test_a_series_that_is_over_is_completed(bo: User) -> None:
    days = ("20270301", "20270308", "20270315", "20270322")
    closed = ["PERCENT-COMPLETE:100", "COMPLETED:20261101T100000Z"]
    bring(bo, *todo(*MASTER), *(line for day in days for line in occurrence(day, *closed)))
    moment = datetime(2026, 11, 1, 10, tzinfo=UTC)
    tasks = Task.objects.order_by("occurrence").values_list("occurrence", "stage", "completed_at")
    assert list(tasks) == [(number, "COMPLETED", moment) for number in (1, 2, 3, 4)]
    assert Task.objects.values("series").distinct().count() == 1


def test_the_current_occurrence_may_have_been_moved(bo: User) -> None:
    bring(bo, *todo(*MASTER), *occurrence("20270301", "DUE;TZID=Europe/Berlin:20270303T100000", "STATUS:IN-PROCESS"))
    task = Task.objects.get()
    assert (task.due_date, task.due_time, task.stage) == (date(2027, 3, 3), time(10), "IN_PROGRESS")
    assert (task.anchor_date, task.planned_date) == (date(2027, 3, 1), date(2027, 3, 1))
    assert next_due(task, bo) == (date(2027, 3, 8), 2)


def test_dates_that_are_left_out_are_skipped_or_get_a_notice(bo: User) -> None:
    left_out = ["EXDATE;TZID=Europe/Berlin:20270301T090000,20270308T090000", "EXDATE:20270322T080000Z"]
    task, notices = brought(bo, *MASTER, *left_out)
    assert (task.due_date, task.occurrence) == (date(2027, 3, 15), 3)
    assert [one for one in notices if "EXDATE isn't imported: the calendar leaves out 2027-03-22" in one]


def test_occurrences_without_their_series_are_tasks(bo: User) -> None:
    result = bring(bo, *occurrence("20270301"), *occurrence("20270308"))
    assert result.created == 2
    assert sum("doesn't have the to-do that repeats" in one.message for one in result.notices) == 2
