"""Time zones that a calendar defines itself, and texts with escapes."""

import io
from datetime import UTC, date, datetime, time
from time import perf_counter

import pytest
from icalendar.timezone import tzp

from taskbell.accounts.models import User
from taskbell.tasks.models import Task
from taskbell.transfer.formats import READERS
from taskbell.transfer.importing import ImportRefused, import_tasks
from taskbell.transfer.reading import MAX_ROW_CHARACTERS
from tests.conftest import NOW

SUMMER = "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"
WINTER = "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"


def zone(name: str, *, hours: int = 1, summer: str = SUMMER, winter: str = WINTER) -> list[str]:
    """A zone as Outlook writes it: so many hours ahead of UTC, one more in summer."""
    offset, more = f"+{hours:02}00", f"+{hours + 1:02}00"
    return [
        "BEGIN:VTIMEZONE",
        f"TZID:{name}",
        *("BEGIN:STANDARD", "DTSTART:16010101T030000", winter, f"TZOFFSETFROM:{more}", f"TZOFFSETTO:{offset}"),
        "END:STANDARD",
        *("BEGIN:DAYLIGHT", "DTSTART:16010101T020000", summer, f"TZOFFSETFROM:{offset}", f"TZOFFSETTO:{more}"),
        "END:DAYLIGHT",
        "END:VTIMEZONE",
    ]


def todo(*lines: str) -> list[str]:
    return ["BEGIN:VTODO", "SUMMARY:Sow", *lines, "END:VTODO"]


def bring(by: User, *lines: str) -> Task:
    text = "\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""])
    import_tasks(READERS["ical"](io.BytesIO(text.encode())), by=by, now=NOW)
    return Task.objects.latest("pk")


def refused(by: User, *lines: str) -> tuple[str, str]:
    with pytest.raises(ImportRefused) as error:
        bring(by, *lines)
    (first,) = error.value.result.errors
    return first.code, first.message


@pytest.mark.parametrize(
    ("due", "instant"),
    [
        ("20270115T090000", datetime(2027, 1, 15, 8, tzinfo=UTC)),
        ("20270715T090000", datetime(2027, 7, 15, 7, tzinfo=UTC)),
    ],
)
def test_a_zone_that_the_file_defines_is_read_by_its_definition(bo: User, due: str, instant: datetime) -> None:
    task = bring(bo, *zone("Office"), *todo(f"DUE;TZID=Office:{due}"))
    assert (task.due_at, task.timezone) == (instant, "UTC")


def test_a_zone_may_be_defined_below_the_tasks_that_use_it(bo: User) -> None:
    task = bring(bo, *todo('DUE;TZID="My Office":20270715T090000'), *zone("My Office"))
    assert task.due_at == datetime(2027, 7, 15, 7, tzinfo=UTC)


@pytest.mark.parametrize("name", ["Europe/Berlin", "/example.org/20260101_1/Europe/Berlin", "W. Europe Standard Time"])
def test_a_known_name_counts_more_than_the_definition(bo: User, name: str) -> None:
    """The task keeps a zone with a name, so that it repeats at the same wall time in winter and in summer."""
    task = bring(bo, *zone(name, hours=9), *todo(f"DUE;TZID={name}:20270715T090000"))
    assert (task.due_date, task.due_time, task.timezone) == (date(2027, 7, 15), time(9), "Europe/Berlin")


def test_a_moment_in_utc_has_no_other_zone(bo: User) -> None:
    task = bring(bo, *todo("DUE;TZID=Europe/Berlin:20270715T090000Z"))
    assert (task.due_time, task.timezone) == (time(9), "UTC")


def test_the_zones_of_one_file_are_unknown_to_the_next(bo: User) -> None:
    bring(bo, *zone("Office"), *todo("DUE;TZID=Office:20270115T090000"))
    assert refused(bo, *todo("DUE;TZID=Office:20270115T090000"))[0] == "unknown_zone"
    task = bring(bo, *zone("Office", hours=5), *todo("UID:another", "DUE;TZID=Office:20270115T090000"))
    assert task.due_at == datetime(2027, 1, 15, 4, tzinfo=UTC)
    assert tzp.timezone("Office") is None


def test_a_zone_inside_a_task_is_no_zone_of_the_next_file(bo: User) -> None:
    hidden = [line.replace("VTIMEZONE", "VTIME\r\n ZONE") for line in zone("Romance Standard Time", hours=9)]
    bring(bo, *todo("DUE:20270715T090000Z", *hidden))
    task = bring(bo, *todo("DUE;TZID=Romance Standard Time:20270715T090000"))
    assert (task.due_time, task.timezone) == (time(9), "Europe/Paris")
    assert getattr(tzp.timezone("Romance Standard Time"), "key", "") == "Europe/Paris"


@pytest.mark.parametrize(
    "rule",
    [
        "RRULE:FREQ=SECONDLY",
        "RRULE:FREQ=YEARLY;BYMONTH=3;INTERVAL=0",
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYSECOND=1,2,3",
        "RRULE:FREQ=YEARLY;BYDAY=SU",
        f"{SUMMER}\r\nEXRULE:FREQ=SECONDLY",
        "\r\n".join([SUMMER] * 2),
        "RRULE:FREQ=NEVER",
    ],
)
def test_a_zone_that_would_take_hours_to_read_is_unknown(bo: User, rule: str) -> None:
    code, message = refused(bo, *zone("Office", summer=rule), *todo("DUE;TZID=Office:20270715T090000"))
    assert code == "unknown_zone"
    assert "'Office' is neither" in message


def test_a_file_defines_at_most_fifty_zones(bo: User) -> None:
    zones = [line for number in range(51) for line in zone(f"Office {number}")]
    assert bring(bo, *zones, *todo("DUE;TZID=Office 49:20270715T090000")).due_at
    assert refused(bo, *zones, *todo("DUE;TZID=Office 50:20270715T090000"))[0] == "unknown_zone"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"One\, two\; three", "One, two; three"),
        (r"First\nSecond\NThird", "First\nSecond\nThird"),
        (r"C:\\notes\\new", r"C:\notes\new"),
        (r"50 %3A 50", "50 %3A 50"),
        ("In rows that are as\r\n  straight as they can be", "In rows that are as straight as they can be"),
    ],
)
def test_escapes_and_folded_lines(bo: User, written: str, read: str) -> None:
    assert bring(bo, *todo(f"DESCRIPTION:{written}")).description == read


@pytest.mark.parametrize(
    "line",
    [
        "DESCRIPTION:Sow\r\n" + "\r\n" * (MAX_ROW_CHARACTERS // 4) + "COMMENT:x",
        f"DUE;TZID={'a/' * (MAX_ROW_CHARACTERS // 4)}b:20270715T090000",
        "DESCRIPTION:" + "x\r\n " * (MAX_ROW_CHARACTERS // 8),
    ],
)
def test_no_line_takes_time_that_grows_with_its_square(bo: User, line: str) -> None:
    began = perf_counter()
    with pytest.raises(ImportRefused):
        bring(bo, *todo(line, "PRIORITY:77"))
    assert perf_counter() - began < 10
