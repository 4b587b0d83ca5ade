"""To-dos as calendar programs write them, and the tasks that they become."""

import io
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.reminders.models import Reminder
from taskbell.tasks.actions import update_task
from taskbell.tasks.models import Priority, Task
from taskbell.tasks.patch import TaskPatch
from taskbell.transfer.formats import READERS
from taskbell.transfer.importing import ImportRefused, ImportResult, Options, import_tasks
from taskbell.transfer.reading import MAX_ROW_CHARACTERS, Unreadable
from tests.conftest import NOW

MARCH_31 = "DUE;TZID=Europe/Berlin:20270331T090000"


@pytest.fixture
def berlin(bo: User) -> User:
    bo.profile.timezone = "Europe/Berlin"
    bo.profile.save()
    return bo


def todo(*lines: str, uid: str = "sow", title: str = "Sow") -> list[str]:
    return ["BEGIN:VTODO", f"UID:{uid}", f"SUMMARY:{title}", *lines, "END:VTODO"]


def bring(by: User, *lines: str, end: str = "\r\n", **options: Any) -> ImportResult:
    text = end.join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""])
    return import_tasks(READERS["ical"](io.BytesIO(text.encode())), Options(**options), by=by, now=NOW)


def brought(by: User, *lines: str) -> tuple[Task, list[str]]:
    """The one task, and the messages of its notices."""
    result = bring(by, *todo(*lines))
    return Task.objects.get(), [notice.message for notice in result.notices]


def refused(by: User, *lines: str) -> tuple[str, str]:
    with pytest.raises(ImportRefused) as error:
        bring(by, *lines)
    first = next(iter(error.value.result.errors))
    return first.field, first.message


def reminders() -> list[Any]:
    return [one.at for one in Reminder.objects.order_by("at")]


def berlin_time(*parts: int) -> datetime:
    """An instant in March 2027, before the clock changes."""
    return datetime(*parts, tzinfo=UTC) - timedelta(hours=1)  # type: ignore[misc, arg-type]


# How far the work is.

DONE_AT = datetime(2026, 5, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lines", "stage", "completed_at"),
    [
        (["COMPLETED:20260501T100000Z"], "COMPLETED", DONE_AT),
        (["PERCENT-COMPLETE:100", "LAST-MODIFIED:20260501T100000Z"], "COMPLETED", DONE_AT),
        (["STATUS:COMPLETED"], "COMPLETED", NOW),
        (["STATUS:COMPLETED", "COMPLETED;VALUE=DATE:20260501"], "COMPLETED", datetime(2026, 5, 1, tzinfo=UTC)),
        (["PERCENT-COMPLETE:1"], "IN_PROGRESS", None),
        (["PERCENT-COMPLETE:99", "STATUS:NEEDS-ACTION"], "IN_PROGRESS", None),
        (["PERCENT-COMPLETE:0"], "PENDING", None),
        (["STATUS:IN-PROCESS"], "IN_PROGRESS", None),
        (["STATUS:in-process"], "IN_PROGRESS", None),
        (["STATUS:CANCELLED", "COMPLETED:20260501T100000Z"], "ARCHIVED", None),
        (["STATUS:"], "PENDING", None),
    ],
)
def test_how_far_the_work_is(bo: User, lines: list[str], stage: str, completed_at: datetime | None) -> None:
    task, _ = brought(bo, *lines)
    assert (task.stage, task.completed_at) == (stage, completed_at)


@pytest.mark.parametrize(
    ("lines", "stage", "message"),
    [
        (["STATUS:NEEDS-ACTION", "COMPLETED:20260501T100000Z"], "PENDING", "COMPLETED isn't imported, because STATUS"),
        (["STATUS:IN-PROCESS", "PERCENT-COMPLETE:100"], "IN_PROGRESS", "PERCENT-COMPLETE isn't imported, because"),
        (["STATUS:X-WAITING"], "PENDING", "STATUS isn't imported: X-WAITING"),
        (["STATUS:X-WAITING", "COMPLETED:20260501T100000Z"], "COMPLETED", "STATUS isn't imported: X-WAITING"),
        (["STATUS:CANCELLED", "COMPLETED:20260501T100000Z"], "ARCHIVED", "COMPLETED isn't imported, because STATUS"),
        (["DUE:20270331T090000Z", "DURATION:PT1H"], "PENDING", "DURATION isn't imported: PT1H"),
        (["PERCENT-COMPLETE:250"], "PENDING", "PERCENT-COMPLETE isn't imported: 250"),
        (["PERCENT-COMPLETE:40"], "IN_PROGRESS", "PERCENT-COMPLETE isn't imported: 40 %. The task is IN_PROGRESS."),
        (["COMPLETED:yesterday"], "PENDING", "COMPLETED isn't imported."),
    ],
)
def test_what_contradicts_or_says_more_is_in_a_notice(bo: User, lines: list[str], stage: str, message: str) -> None:
    task, notices = brought(bo, *lines)
    assert task.stage == stage
    assert [one for one in notices if message in one and one.startswith("UID sow (Sow): ")]


def test_moments_in_the_future_become_now_with_a_notice(bo: User) -> None:
    task, notices = brought(bo, "CREATED:20990101T000000Z", "COMPLETED:20990101T000000Z")
    assert (task.created_at, task.completed_at) == (NOW, NOW)
    assert sum("future" in one for one in notices) == 2


# Times and zones.


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


# Rules.


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


def test_a_series_with_completed_occurrences_is_one_task(bo: User) -> None:
    done = [occurrence(day, "STATUS:COMPLETED", f"COMPLETED:{day}T100000Z") for day in ("20270301", "20270308")]
    result = bring(bo, *done[0], *todo(*MASTER), *done[1])
    task = Task.objects.get()
    assert (task.due_date, task.stage, task.occurrence) == (date(2027, 3, 15), "PENDING", 3)
    assert [one.message for one in result.notices] == [
        f"UID sow (Sow): The occurrence of 2027-03-{day:02} isn't imported: STATUS COMPLETED, "
        f"COMPLETED 202703{day:02}T100000Z."
        for day in (1, 8)
    ]
    assert next_due(task, bo) == (date(2027, 3, 22), 4)


def test_a_series_that_is_over_is_completed(bo: User) -> None:
    days = ("20270301", "20270308", "20270315", "20270322")
    done = ["PERCENT-COMPLETE:100", "COMPLETED:20261101T100000Z"]
    bring(bo, *todo(*MASTER), *(line for day in days for line in occurrence(day, *done)))
    task = Task.objects.get()
    assert (task.stage, task.occurrence, task.completed_at) == ("COMPLETED", 4, datetime(2026, 11, 1, 10, tzinfo=UTC))


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


# Alarms.


def alarm(*lines: str) -> list[str]:
    return ["BEGIN:VALARM", *lines, "END:VALARM"]


@pytest.mark.parametrize(
    ("trigger", "fires"),
    [
        ("-PT15M", berlin_time(2027, 3, 25, 23, 45)),
        ("-P1D", berlin_time(2027, 3, 25)),
        ("PT9H", berlin_time(2027, 3, 26, 9)),
        ("PT0S", berlin_time(2027, 3, 26)),
        ("P1DT2H", berlin_time(2027, 3, 27, 2)),
        ("-P1W", berlin_time(2027, 3, 19)),
    ],
)
@pytest.mark.parametrize("line", ["DUE;VALUE=DATE:20270326", "DTSTART;VALUE=DATE:20270326"])
def test_an_alarm_of_a_day_counts_from_its_beginning(berlin: User, line: str, trigger: str, fires: datetime) -> None:
    bring(berlin, *todo(line, *alarm("ACTION:DISPLAY", f"TRIGGER:{trigger}")))
    assert reminders() == [fires]


def test_an_alarm_of_a_day_moves_with_the_due_date(berlin: User) -> None:
    task, _ = brought(berlin, "DUE;VALUE=DATE:20270326", *alarm("TRIGGER:PT9H"))
    update_task(task.pk, TaskPatch(due_date=date(2027, 3, 24)), by=berlin, now=NOW)
    assert reminders() == [berlin_time(2027, 3, 24, 9)]


START_AND_DUE = ["DTSTART;TZID=Europe/Berlin:20270324T080000", "DUE;TZID=Europe/Berlin:20270326T180000"]


@pytest.mark.parametrize(
    ("trigger", "fires"),
    [
        ("TRIGGER:-PT15M", berlin_time(2027, 3, 24, 7, 45)),
        ("TRIGGER;RELATED=START:PT1H", berlin_time(2027, 3, 24, 9)),
        ("TRIGGER;RELATED=END:-PT15M", berlin_time(2027, 3, 26, 17, 45)),
        ("TRIGGER;related=end:PT15M", berlin_time(2027, 3, 26, 18, 15)),
        ("TRIGGER;VALUE=DATE-TIME:20270325T070000Z", berlin_time(2027, 3, 25, 8)),
        ("TRIGGER:20270325T070000Z", berlin_time(2027, 3, 25, 8)),
        ("TRIGGER;VALUE=DATE-TIME;TZID=Europe/Berlin:20270325T080000", berlin_time(2027, 3, 25, 8)),
    ],
)
def test_an_alarm_counts_from_start_or_end(bo: User, trigger: str, fires: datetime) -> None:
    bring(bo, *todo(*START_AND_DUE, *alarm("ACTION:AUDIO", trigger)))
    assert reminders() == [fires]


def test_an_alarm_before_the_due_time_is_kept_as_it_is_written(bo: User) -> None:
    bring(bo, *todo(MARCH_31, *alarm("TRIGGER:-PT24H"), *alarm("TRIGGER:-P1D"), *alarm("TRIGGER:-P2W")))
    assert sorted(str(one.before_due) for one in Reminder.objects.all()) == ["P1D", "P2W", "PT24H"]


def test_an_alarm_that_repeats_becomes_its_instants(bo: User) -> None:
    lines = alarm("TRIGGER;RELATED=END:-PT20M", "REPEAT:3", "DURATION:PT10M")
    bring(bo, *todo("DUE;TZID=Europe/Berlin:20270326T180000", *lines))
    assert reminders() == [berlin_time(2027, 3, 26, 17, 40) + timedelta(minutes=10 * n) for n in range(4)]


def test_an_alarm_that_repeats_very_often_gets_a_notice(bo: User) -> None:
    _, notices = brought(bo, MARCH_31, *alarm("TRIGGER:-PT20H", "REPEAT:999999999999", "DURATION:PT1M"))
    assert Reminder.objects.count() == 50
    assert [one for one in notices if "Only the first 50" in one]


def test_two_alarms_at_one_time_are_one_reminder(bo: User) -> None:
    bring(bo, *todo(MARCH_31, *alarm("ACTION:DISPLAY", "TRIGGER:-PT1H"), *alarm("ACTION:EMAIL", "TRIGGER:-PT1H")))
    assert Reminder.objects.count() == 1


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["ACTION:DISPLAY"], "An alarm (DISPLAY) isn't imported: it has no TRIGGER"),
        (["ACTION:X-FLASH", "TRIGGER:-PT5M"], "An alarm (X-FLASH) isn't imported: -PT5M"),
        (["TRIGGER:soon"], "An alarm isn't imported. TRIGGER must be a date"),
        (["TRIGGER:-P99999999999D"], "An alarm isn't imported. "),
        (["TRIGGER:-PT5M", "REPEAT:2"], "The repetitions of an alarm aren't imported"),
        (["TRIGGER:-PT5M", "DESCRIPTION:Take the spade"], "DESCRIPTION of an alarm isn't imported: Take the spade"),
        (["TRIGGER:-PT5M", "ACTION:EMAIL", "ATTENDEE:mailto:cy@example.org"], "ATTENDEE of an alarm isn't imported"),
    ],
)
def test_what_an_alarm_cannot_be_is_in_a_notice(bo: User, lines: list[str], message: str) -> None:
    _, notices = brought(bo, MARCH_31, *alarm(*lines))
    assert [one for one in notices if message in one]


def test_an_alarm_of_a_to_do_without_dates_gets_a_notice(bo: User) -> None:
    _, notices = brought(bo, *alarm("TRIGGER:-PT5M"), *alarm("TRIGGER;VALUE=DATE-TIME:20270325T070000Z"))
    assert reminders() == [datetime(2027, 3, 25, 7, tzinfo=UTC)]
    assert notices == ["UID sow (Sow): An alarm isn't imported: -PT5M counts from a date that the to-do doesn't have."]


# Files as they are.


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\r\n\r\n"])
def test_any_ends_of_lines(bo: User, end: str) -> None:
    bring(bo, *todo(MARCH_31, "DESCRIPTION:In rows", " that are straight"), end=end)
    assert (Task.objects.get().description, Task.objects.get().due_time) == ("In rowsthat are straight", time(9))


def test_a_line_folded_within_a_character_and_a_mark_at_the_beginning(bo: User) -> None:
    line = "SUMMARY:Rüben säen".encode().replace("ä".encode(), b"\xc3\r\n \xa4")
    file = b"\xef\xbb\xbfBEGIN:VCALENDAR\r\nBEGIN:VTODO\r\n" + line + b"\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
    import_tasks(READERS["ical"](io.BytesIO(file)), by=bo, now=NOW)
    assert Task.objects.get().title == "Rüben säen"


def test_names_in_small_letters_and_parameters_in_quotes(bo: User) -> None:
    lines = [
        "begin:vtodo",
        'summary;language=de;altrep="http://x.example/?a:b;c":Sow\\, dig',
        "priority:1",
        "end:vtodo",
    ]
    bring(bo, *lines)
    assert (Task.objects.get().title, Task.objects.get().priority) == ("Sow, dig", Priority.URGENT)


def test_a_calendar_of_old_phones(bo: User) -> None:
    bring(bo, *todo("DESCRIPTION;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:R=C3=BCben=0Aund Salat"))
    assert Task.objects.get().description == "Rüben\nund Salat"


@pytest.mark.parametrize(
    ("value", "priority"),
    [("", "MEDIUM"), *((str(n), name) for n, name in enumerate(["M", "U", "H", "H", "H", "M", "L", "L", "L", "L"]))],
)
def test_priorities(bo: User, value: str, priority: str) -> None:
    task, notices = brought(bo, f"PRIORITY:{value}")
    assert (Priority(task.priority).name[0], notices) == (priority[0], [])


@pytest.mark.parametrize("value", ["hot", "10", "-1", "1.5", "٣"])
def test_what_is_no_priority_is_refused_without_words_of_ours(bo: User, value: str) -> None:
    field, message = refused(bo, *todo(f"PRIORITY:{value}"))
    assert (field, message) == ("priority", f"UID sow (Sow): PRIORITY must be a number from 0 to 9, not {value}.")


@pytest.mark.parametrize(
    "line", ["DUE:tomorrow", "DUE:20271331", "DUE:P1D", "DUE;=:20270331", "DUE;TZID=Mars/Base:20270331T090000"]
)
def test_a_due_date_that_cannot_be_read_is_named(bo: User, line: str) -> None:
    _, message = refused(bo, *todo(line))
    assert message.startswith("UID sow (Sow): ")
    assert not {"None", "invalid literal", "Error", "object", "'"} & set(message.replace("'Mars/Base'", "").split())


@pytest.mark.parametrize("rule", [[], ["RRULE:FREQ=WEEKLY"]])
def test_a_due_date_before_the_start_counts(bo: User, rule: list[str]) -> None:
    task, notices = brought(bo, "DTSTART;VALUE=DATE:20270405", "DUE;VALUE=DATE:20270401", *rule)
    assert task.due_date == date(2027, 4, 1)
    assert [one for one in notices if "DTSTART isn't imported: 2027-04-05." in one]


@pytest.mark.parametrize(
    "lines",
    [
        ["DTSTART:99991231T235959Z", "DURATION:P9D"],
        ["DTSTART;TZID=Asia/Tokyo:00010101T000000", "DUE;TZID=America/New_York:20270301T090000", "RRULE:FREQ=DAILY"],
        ["DTSTART:99991229", "RRULE:FREQ=DAILY", "EXDATE:99991229,99991230,99991231"],
        ["DUE:99991231", "BEGIN:VALARM", "TRIGGER:PT999H", "END:VALARM"],
    ],
)
def test_dates_beyond_those_of_tasks_are_refused(bo: User, lines: list[str]) -> None:
    _, message = refused(bo, *todo(*lines))
    assert "between 1970-01-01 and 2999-12-31" in message


@pytest.mark.parametrize("line", ["SUMMARY:", "COMMENT:No title", "SUMMARY:\u200b"])
def test_a_to_do_without_a_title(bo: User, line: str) -> None:
    result = bring(bo, "BEGIN:VTODO", "UID:sow", line, "END:VTODO")
    assert Task.objects.get().title == "Untitled"
    assert [one for one in result.notices if one.message.startswith("UID sow: The task has no title.")]


def test_one_bad_to_do_does_not_sink_the_others(bo: User) -> None:
    result = bring(bo, *todo("DUE:soon"), *todo(uid="reap", title="Reap"), partial=True)
    assert (result.created, result.failed) == (1, 1)


def test_a_parent_and_a_prerequisite_outside_the_file_get_a_notice(bo: User) -> None:
    _, notices = brought(
        bo, "RELATED-TO:above", "RELATED-TO;RELTYPE=DEPENDS-ON:before", "RELATED-TO;RELTYPE=SIBLING:by"
    )
    assert len(notices) == 3
    assert all(any(uid in one for one in notices) for uid in ("above", "UID before", "(SIBLING) isn't imported: by"))


def test_of_two_revisions_the_newest_counts(bo: User) -> None:
    old, new = (["SEQUENCE:1", "PRIORITY:1"], ["SEQUENCE:2", "PRIORITY:9"])
    result = bring(bo, *todo(*new), *todo(*old))
    assert Task.objects.get().priority == Priority.LOW
    assert [one.message for one in result.notices] == [
        "UID sow (Sow): Line 8 has the same to-do. Only its newest version is imported."
    ]


def test_the_same_calendar_again_updates_what_has_changed(bo: User) -> None:
    bring(bo, *todo(MARCH_31))
    result = bring(bo, *todo("DUE;VALUE=DATE:20270402", "PRIORITY:1"), on_existing="update")
    task = Task.objects.get()
    assert (result.updated, task.due_date, task.due_time, task.priority) == (1, date(2027, 4, 2), None, Priority.URGENT)


def test_to_dos_that_share_a_uid_by_mistake_are_all_imported(bo: User) -> None:
    for _ in range(2):
        bring(bo, *todo(), *todo(title="Reap"))
        assert sorted(Task.objects.values_list("title", flat=True)) == ["Reap", "Sow"]


def test_to_dos_without_a_uid_are_known_again(bo: User) -> None:
    milk = ["BEGIN:VTODO", "SUMMARY:Buy milk", "END:VTODO"]
    assert [bring(bo, *milk, *milk).created, bring(bo, *milk, *milk).created] == [2, 0]


def test_a_to_do_without_its_end_ends_where_the_next_begins(bo: User) -> None:
    bring(bo, *todo()[:-1], *todo(uid="reap", title="Reap")[:-1])
    assert sorted(Task.objects.values_list("title", flat=True)) == ["Reap", "Sow"]


def test_a_file_that_ends_within_a_to_do_is_incomplete(bo: User) -> None:
    with pytest.raises(ImportRefused) as error:
        import_tasks(READERS["ical"](io.BytesIO(b"BEGIN:VTODO\nUID:sow\nSUMMARY:So")), by=bo, now=NOW)
    assert next(iter(error.value.result.errors)).message.startswith("UID sow (So): The file ends within this to-do")


def test_a_picture_in_a_to_do_gets_a_short_notice_however_large(bo: User) -> None:
    picture = "ATTACH;ENCODING=BASE64;VALUE=BINARY:" + "QUFB" * (MAX_ROW_CHARACTERS // 2)
    _, notices = brought(bo, picture, "PRIORITY:1")
    assert Task.objects.get().priority == Priority.URGENT
    assert [len(one) < 200 for one in notices] == [True]
    assert "ATTACH isn't imported: QUFB" in notices[0]


def test_a_to_do_of_very_many_lines_is_named(bo: User) -> None:
    _, message = refused(bo, *todo(*["COMMENT:" + "x" * 1000] * (MAX_ROW_CHARACTERS // 1000)))
    assert message == f"UID sow (Sow): Must have at most {MAX_ROW_CHARACTERS:,} characters."


def test_a_long_title_goes_on_in_the_description(bo: User) -> None:
    bring(bo, *todo("DESCRIPTION:Deep", title="x" * 300))
    task = Task.objects.get()
    assert (len(task.title), task.description) == (255, "x" * 300 + "\n\nDeep")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["BEGIN:VEVENT", "SUMMARY:Feast", "END:VEVENT"] * 2, "only 2 VEVENT"),
        (["BEGIN:VJOURNAL", "END:VJOURNAL"], "only 1 VJOURNAL"),
    ],
)
def test_a_calendar_without_to_dos_says_what_it_has(bo: User, lines: list[str], said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        bring(bo, *lines)


@pytest.mark.parametrize("text", ["", "<html></html>", "title,due\nSow,\n"])
def test_what_is_no_calendar_is_named(bo: User, text: str) -> None:
    with pytest.raises(Unreadable, match="BEGIN:VCALENDAR"):
        import_tasks(READERS["ical"](io.BytesIO(text.encode())), by=bo, now=NOW)


def test_what_is_lost_is_an_error_if_nothing_may_be(bo: User) -> None:
    with pytest.raises(ImportRefused):
        bring(bo, *todo("LOCATION:Beet 3"), strict=True)
    assert bring(bo, *todo("DTSTAMP:20260101T000000Z", "CLASS:PUBLIC"), strict=True).created == 1
