"""Lines around changes of the clock, ends of months and years, and in other time zones."""

from datetime import UTC, datetime

import pytest

from tests.quick_add.reading import BERLIN, in_words, read_line


def at(wall_in_utc: str) -> datetime:
    return datetime.fromisoformat(wall_in_utc).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "line", "due"),
    [
        ("2026-12-31 22:30", "A tomorrow", "due Fri 2027-01-01"),  # still 2026 in Berlin
        ("2026-12-31 23:30", "A tomorrow", "due Sat 2027-01-02"),
        ("2026-12-31 12:00", "A in 2 months", "due Sun 2027-02-28"),
        ("2026-12-31 12:00", "A end of month", "due Thu 12-31"),
        ("2026-12-31 12:00", "A next month", "due Fri 2027-01-01"),
        ("2026-12-31 12:00", "A 31.12.", "due Thu 12-31"),
        ("2026-12-31 12:00", "A friday", "due Fri 2027-01-01"),
        ("2027-01-31 12:00", "A in 1 month", "due Sun 2027-02-28"),
        ("2027-01-31 12:00", "A every month", "due Sun 2027-01-31 · ↻ MONTHLY;BYMONTHDAY=31"),
        ("2027-02-10 12:00", "A every 31st", "due Sun 2027-02-28 · ↻ MONTHLY;BYMONTHDAY=31"),
        ("2026-12-05 12:00", "A weekend", "due Sat 12-05"),
        ("2026-12-06 12:00", "A weekend", "due Sat 12-12"),
        ("2026-12-06 12:00", "A next week", "due Mon 12-07"),
        ("2027-03-28 00:15", "A 2:30", "due Sun 2027-03-28 02:30"),  # skipped today: it comes at 3:30
        ("2027-03-28 01:45", "A 2:30", "due Mon 2027-03-29 02:30"),
        ("2027-03-28 00:45", "A in 30 minutes", "due Sun 2027-03-28 03:15"),
        ("2027-03-28 00:45", "A in 24 hours", "due Mon 2027-03-29 02:45"),
        ("2026-10-24 12:00", "A in 24 hours", "due Sun 10-25 13:00"),
        ("2026-10-25 00:45", "A in 30 minutes", "due Sun 10-25 03:15"),  # 2:15 for the second time has no name
        ("2026-12-01 14:18:20", "A in 1 minute", "due Tue 12-01 15:20"),
    ],
)
def test_the_calendar_and_the_clock_of_the_time_zone_count(now: str, line: str, due: str) -> None:
    assert in_words(read_line(line, now=at(now), zone=BERLIN)) == f"“A” · {due}"


def test_today_is_that_of_the_time_zone() -> None:
    now = at("2026-12-01 23:30")
    due = [read_line("A today", now=now, zone=zone).due_date for zone in ("America/New_York", BERLIN, "Asia/Tokyo")]
    assert [str(day) for day in due] == ["2026-12-01", "2026-12-02", "2026-12-02"]


def test_a_reminder_at_a_time_is_on_the_day_of_the_task_or_the_next_such_time() -> None:
    lines = ("A friday ~9:00", "A ~9:00", "A ~16:00", "A every friday ~9:00")
    days = [reminder.day for line in lines if (reminder := read_line(line).reminder)]
    assert [str(day) for day in days] == ["2026-12-04", "2026-12-02", "2026-12-01", "2026-12-04"]
