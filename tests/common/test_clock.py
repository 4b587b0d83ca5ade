"""A wall time means one instant, in every zone and over every clock change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from taskbell.common.clock import end_of_day, instant, time_zones
from tests.common.oracle import FIRST_DAY, LAST_DAY, changes, instant_of

ZONES = sorted(available_timezones())
DAY, MICROSECOND = timedelta(days=1), timedelta(microseconds=1)


def shown(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def test_the_oracle_sees_the_changes_it_is_asked_about() -> None:
    kinds = {(change.after - change.before).total_seconds() / 60 for zone in ZONES for change in changes(zone)}
    assert {60, -60, 30, -30} <= kinds
    assert sum(bool(changes(zone)) for zone in ZONES) > 200


def test_a_wall_time_is_one_instant_over_all_clock_changes_of_all_zones() -> None:
    for zone in ZONES:
        for change in changes(zone):
            first, last = sorted([change.before, change.after])
            inside = first + (last - first) / 2
            for local in (first - DAY, first - MICROSECOND, first, inside, last - MICROSECOND, last, last + DAY):
                assert instant(local.date(), local.time(), zone) == instant_of(local, zone), (zone, local)


def test_a_skipped_time_is_later_by_what_was_skipped_and_a_doubled_one_is_the_first() -> None:
    for zone in ZONES:
        for change in changes(zone):
            jump = change.after - change.before
            inside = min(change.before, change.after) + abs(jump) / 2
            at = instant(inside.date(), inside.time(), zone)
            assert shown(at, zone) == (inside + jump if jump > timedelta() else inside), (zone, inside)
            assert (at >= change.at) == (jump > timedelta()), (zone, inside)


def test_a_time_that_says_it_is_the_second_of_two_means_the_first_all_the_same() -> None:
    doubled = time(2, 30, fold=1)
    assert instant(date(2026, 10, 25), doubled, "Europe/Berlin") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_day_is_over_when_its_date_is_no_longer_shown_in_all_zones_on_days_of_change() -> None:
    for zone in ZONES:
        changed = {moment.date() for change in changes(zone) for moment in (change.before, change.after)}
        for day in {near + n * DAY for near in changed for n in (-1, 0, 1)} | {FIRST_DAY, LAST_DAY, date(2028, 2, 29)}:
            over = end_of_day(day, zone)
            assert shown(over - MICROSECOND, zone).date() == day, (zone, day)
            assert shown(over, zone).date() == day + DAY, (zone, day)
            assert over > end_of_day(day - DAY, zone), (zone, day)


@pytest.mark.parametrize(
    ("zone", "day", "over"),
    [
        ("Europe/Berlin", date(2025, 3, 30), datetime(2025, 3, 30, 22, tzinfo=UTC)),
        ("America/Santiago", date(2025, 9, 6), datetime(2025, 9, 7, 4, tzinfo=UTC)),  # 0:00 is skipped
        ("America/Havana", date(2025, 11, 1), datetime(2025, 11, 2, 4, tzinfo=UTC)),  # 0:00 comes twice
        ("Asia/Kathmandu", date(2025, 1, 1), datetime(2025, 1, 1, 18, 15, tzinfo=UTC)),
        ("Pacific/Kiritimati", date(2025, 1, 1), datetime(2025, 1, 1, 10, tzinfo=UTC)),
    ],
)
def test_the_next_midnight_ends_the_day(zone: str, day: date, over: datetime) -> None:
    assert end_of_day(day, zone) == over


def test_the_zones_are_those_of_the_database() -> None:
    assert set(ZONES) - time_zones() <= {"localtime", "Factory"}, "these differ between machines"
    assert time_zones() <= set(ZONES)
    assert "localtime" not in time_zones()
