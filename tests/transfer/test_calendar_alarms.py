"""Alarms of a calendar as reminders."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.reminders.models import Reminder
from taskbell.tasks.actions import update_task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW
from tests.transfer.calendar_files import MARCH_31, bring, brought, todo


def reminders() -> list[Any]:
    return [one.at for one in Reminder.objects.order_by("at")]


def berlin_time(*parts: int) -> datetime:
    """An instant in March 2027, before the clock changes."""
    return datetime(*parts, tzinfo=UTC) - timedelta(hours=1)  # type: ignore[misc, arg-type]


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
