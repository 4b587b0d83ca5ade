"""Tasks as a calendar: read back by us and by other programs, with zones as their clocks run."""

import io
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from taskbell.accounts.models import User
from taskbell.common.clock import time_zones
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import create_task
from taskbell.tasks.kinds import Priority
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.transfer import ical_export
from taskbell.transfer.exporting import every_task, export_tasks
from taskbell.transfer.formats import READERS
from taskbell.transfer.ical_vtimezone import vtimezone
from taskbell.transfer.importing import Options, import_tasks
from tests.conftest import NOW

INSTANT = datetime(2027, 3, 30, 8, tzinfo=UTC)


def exported(by: User) -> bytes:
    return b"".join(export_tasks(every_task(by), by, "ics"))


def todos(by: User) -> list[Any]:
    """What the icalendar library reads."""
    return Calendar.from_ical(exported(by)).walk("VTODO")


def bring(by: User, file: bytes | str, **options: Any) -> Any:
    file = file if isinstance(file, bytes) else file.encode()
    return import_tasks(READERS["ics"](io.BytesIO(file)), Options(**options), by=by, now=NOW)


def make(by: User, **fields: Any) -> Task:
    return create_task(TaskPatch(**{"title": "Sow"} | fields), by=by, now=NOW)


def test_another_program_reads_every_field(bo: User) -> None:
    soil = make(bo, title="Buy soil", stage="COMPLETED")
    make(
        bo,
        title="Sow; dig, reap",
        description="In rows\nC:\\New\\notes, 50 % \u00e4\U0001fab4",
        priority=Priority.URGENT,
        due_date=date(2027, 3, 31),
        due_time=time(9),
        timezone="Europe/Berlin",
        recurrence="FREQ=MONTHLY;BYMONTHDAY=31",
        pre_tasks=[soil.pk],
        reminders=[ReminderPlan(at=INSTANT)],
    )
    done, sow = todos(bo)
    assert (str(sow["SUMMARY"]), str(sow["DESCRIPTION"])) == ("Sow; dig, reap", "In rows\nC:\\New\\notes, 50 % ä🪴")
    assert sow["DUE"].dt == datetime(2027, 3, 31, 9, tzinfo=ZoneInfo("Europe/Berlin"))
    assert sow["DTSTART"].dt == sow["DUE"].dt
    assert sow["RRULE"].to_ical() == b"RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD"
    assert (int(sow["PRIORITY"]), str(sow["STATUS"])) == (1, "NEEDS-ACTION")
    assert (str(done["STATUS"]), int(done["PERCENT-COMPLETE"]), done["COMPLETED"].dt) == ("COMPLETED", 100, NOW)
    assert (str(sow["RELATED-TO"]), sow["RELATED-TO"].params["RELTYPE"]) == (str(done["UID"]), "DEPENDS-ON")
    (alarm,) = sow.walk("VALARM")
    assert (str(alarm["ACTION"]), alarm["TRIGGER"].dt) == ("DISPLAY", INSTANT)
    assert not [part.errors for part in (done, sow) if part.errors]


def test_every_line_is_short_and_ends_as_it_should(bo: User) -> None:
    make(bo, title="🪴" * 100, description="ä" * 3000)
    lines = exported(bo).split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert b"\n" not in b"".join(lines)
    assert [line.decode() for line in lines]  # no character is cut in two


@pytest.mark.parametrize(
    ("due_time", "before", "trigger"),
    [
        (time(9), "P1D", "-P1D"),
        (time(9), "PT24H", "-PT24H"),
        (time(9), "PT1H1S", "-PT1H0M1S"),
        (None, "PT15H", "PT9H"),  # at 9 on that day
        (None, "P1D", "PT0S"),
        (None, "P2D", "-P1D"),
        (None, "P1DT15M", "-PT15M"),
    ],
)
def test_reminders_before_the_due_date_are_alarms(bo: User, due_time: time | None, before: str, trigger: str) -> None:
    source = f'UID:x\r\nSUMMARY:Sow\r\nX-TASKBELL-REMINDER:{{"before_due":"{before}"}}'
    due = "DUE;VALUE=DATE:20270331" if due_time is None else "DUE;TZID=Europe/Berlin:20270331T090000"
    bring(bo, f"BEGIN:VTODO\r\n{source}\r\n{due}\r\nEND:VTODO\r\n")
    assert f"TRIGGER;RELATED=END:{trigger}\r\n" in exported(bo).decode()


def test_a_task_without_a_due_time_is_due_on_a_date(bo: User) -> None:
    make(bo, due_date=date(2027, 3, 31), timezone="Asia/Kolkata")
    (todo,) = todos(bo)
    assert todo["DUE"].dt == date(2027, 3, 31)


def test_an_imported_calendar_is_exported_with_its_uids(bo: User) -> None:
    bring(bo, "BEGIN:VTODO\nUID:sow@example.org\nSUMMARY:Sow\nEND:VTODO\n")
    make(bo, title="Reap")
    assert next(str(todo["UID"]) for todo in todos(bo)) == "sow@example.org"
    assert bring(bo, exported(bo)).created == 0  # its own tasks are recognised


def test_a_prerequisite_has_the_same_uid_wherever_it_is_in_the_file(bo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ical_export, "CHUNK_ROWS", 1)
    copies = [make(bo, title="Dig").pk for _ in range(2)]
    Task.objects.filter(pk__in=copies).update(source="todoist", source_id="5")
    make(bo, pre_tasks=[copies[1]])
    _, second, sow = todos(bo)
    assert sow["RELATED-TO"] == second["UID"]


def test_what_another_program_has_changed_counts(bo: User) -> None:
    make(bo, due_date=date(2027, 3, 31), due_time=time(9, 0, 0, 5), timezone="Europe/Berlin", recurrence="FREQ=WEEKLY")
    file = exported(bo).decode()
    for old, new in (("RRULE:FREQ=WEEKLY", "RRULE:FREQ=DAILY"), ("T090000", "T100000"), ("UID:", "UID:new-")):
        file = file.replace(old, new)
    bring(bo, file)
    task = Task.objects.latest("id")
    assert (task.recurrence, task.due_time) == ("FREQ=DAILY", time(10))


def test_an_alarm_that_another_program_has_changed_counts(bo: User) -> None:
    make(bo, due_date=date(2027, 3, 31), due_time=time(9), reminders=[ReminderPlan(at=INSTANT)])
    file = exported(bo).decode().replace("TRIGGER;VALUE=DATE-TIME:20270330T080000Z", "TRIGGER:-PT5M")
    bring(bo, file.replace("UID:", "UID:new-"))
    assert str(Reminder.objects.latest("id").before_due) == "PT5M"


def test_only_what_is_left_of_a_count_is_for_others(bo: User) -> None:
    make(bo, due_date=date(2027, 3, 31), recurrence="FREQ=DAILY;COUNT=9")
    Task.objects.update(occurrence=4)
    assert "RRULE:FREQ=DAILY;COUNT=6\r\n" in exported(bo).decode()


def test_an_open_task_repeats_for_other_programs_and_a_completed_one_does_not(bo: User) -> None:
    make(bo, due_date=date(2026, 11, 1), recurrence="FREQ=DAILY", stage="COMPLETED")
    assert "\r\nRRULE" not in exported(bo).decode()
    assert "X-TASKBELL-RECURRENCE:FREQ=DAILY" in exported(bo).decode()


def test_an_empty_calendar_is_one(bo: User) -> None:
    assert Calendar.from_ical(exported(bo)).walk("VTODO") == []
    assert bring(bo, exported(bo)).rows == 0


ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Santiago", "Africa/Cairo")


@pytest.mark.parametrize("name", [*ZONES, "Africa/Casablanca", "Europe/Dublin", "Pacific/Apia", "Asia/Tehran"])
def test_a_zone_is_defined_as_its_clocks_run(name: str) -> None:
    """By each day from 1971 to 2037, as the icalendar library reads the definition."""
    (component,) = Calendar.from_ical("\r\n".join(["BEGIN:VCALENDAR", *vtimezone(name), "END:VCALENDAR"])).walk(
        "VTIMEZONE"
    )
    ours, zone = component.to_tz(lookup_tzid=False), ZoneInfo(name)
    at = datetime(1971, 1, 1, 12)  # noqa: DTZ001 - a wall time
    while at.year < 2037:
        assert at.replace(tzinfo=ours).utcoffset() == at.replace(tzinfo=zone).utcoffset(), at
        at += timedelta(days=5)


def test_a_change_of_the_clock_is_at_its_wall_time() -> None:
    lines = vtimezone("Europe/Berlin")
    begin = lines.index("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU")
    assert lines[begin - 4].endswith("T020000")
    assert "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU" in lines


def test_every_zone_has_a_definition() -> None:
    for name in sorted(time_zones())[::20]:
        assert Calendar.from_ical("\r\n".join(["BEGIN:VCALENDAR", *vtimezone(name), "END:VCALENDAR"])).walk("VTIMEZONE")
