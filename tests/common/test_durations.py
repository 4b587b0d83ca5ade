"""Durations: days by the calendar, hours exact, and shown as they were written."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskbell.common.clock import instant, wall_time
from taskbell.common.durations import Duration, parse_duration
from tests.common.oracle import instant_of

BERLIN = "Europe/Berlin"
HOUR = timedelta(hours=1)
NUMBER = st.integers(0, 60)


@pytest.mark.parametrize(
    ("text", "days", "exact"),
    [
        *[("P1D", 1, timedelta()), ("P1W", 7, timedelta()), ("P0D", 0, timedelta()), ("PT0S", 0, timedelta())],
        *[("PT24H", 0, 24 * HOUR), ("P1DT2H", 1, 2 * HOUR), ("PT90M", 0, 1.5 * HOUR), ("PT1.5H", 0, 1.5 * HOUR)],
        *[("P1DT00H30M00S", 1, HOUR / 2), ("PT0,25S", 0, timedelta(milliseconds=250)), ("pt1h", 0, HOUR)],
    ],
)
def test_days_are_kept_apart_from_exact_time(text: str, days: int, exact: timedelta) -> None:
    duration = parse_duration(text)
    assert (duration.days, duration.exact, str(duration)) == (days, exact, text.upper())


def test_durations_are_equal_that_mean_the_same() -> None:
    assert parse_duration("P1W") == parse_duration("P7D")
    assert parse_duration("PT1H") == parse_duration("PT60M")
    assert parse_duration("P1D") != parse_duration("PT24H")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *[(text, "years and months vary") for text in ("P1Y", "P1M", "P1Y2M", "P2M3D", "P1Y2M3DT4H", "P1W1M")],
        *[(text, "weeks alone or in days") for text in ("P2W3D", "P1WT1H")],
        *[(text, "whole weeks and days") for text in ("P1.5D", "P0.5W", "P0,5DT1H")],
        *[(text, "zero or more") for text in ("-P1D", "-PT0S", "+P1D")],
        *[
            (text, "such as P1D")
            for text in ("", "P", "PT", "P1DT", "1D", "P1", "P-1D", "PT1H1D", "P1D ", " P1D", "P٣D")
        ],
        *[(text, "such as P1D") for text in ("1 day", "24:00:00", "PT1M1H", "PT1S\n", "P999999999D", "P1D\x00", "Pß")],
    ],
)
def test_what_is_no_duration_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_duration(text)


@given(days=NUMBER, hours=NUMBER, minutes=NUMBER)
def test_what_is_written_is_read_and_shown(days: int, hours: int, minutes: int) -> None:
    text = f"P{days}DT{hours}H{minutes}M"
    assert parse_duration(text) == Duration(days, timedelta(hours=hours, minutes=minutes))
    assert str(parse_duration(text)) == text


@given(
    zone=st.sampled_from(sorted(available_timezones())),
    day=st.dates(date(2019, 1, 1), date(2030, 6, 30)),
    at=st.times(),
    days=NUMBER,
    hours=NUMBER,
)
def test_in_every_zone_days_keep_the_wall_time_and_hours_their_length(
    zone: str, day: date, at: time, days: int, hours: int
) -> None:
    wall = datetime.combine(day, at)
    same_wall_time = instant_of(wall - timedelta(days=days), zone)
    assert parse_duration(f"P{days}DT{hours}H").before(wall, zone) == same_wall_time - hours * HOUR
    assert parse_duration(f"PT{24 * days}H").before(wall, zone) == instant_of(wall, zone) - days * 24 * HOUR
    now = instant(day, at, zone)
    later = parse_duration(f"P{days}DT{hours}H").after(now, zone)
    assert later == (instant_of(wall_time(now, zone) + timedelta(days=days), zone) if days else now) + hours * HOUR


def test_a_day_later_is_the_same_time_of_day() -> None:
    berlin = ZoneInfo(BERLIN)
    before_spring = datetime(2031, 3, 29, 9, tzinfo=berlin)
    assert parse_duration("P1D").after(before_spring, BERLIN) == datetime(2031, 3, 30, 9, tzinfo=berlin)
    assert parse_duration("PT24H").after(before_spring, BERLIN) == datetime(2031, 3, 30, 10, tzinfo=berlin)
