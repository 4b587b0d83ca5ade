"""Dates and repetitions in words mean what people mean by them, or are refused."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskbell.common.date_words import read_when
from taskbell.common.recurrence import following, parse_rule
from taskbell.common.values import BadValue

NOW = datetime(2026, 12, 1, 15, 18)  # noqa: DTZ001 - a Tuesday, on the wall
WORDS = (
    *("every", "every!", "after", "day", "days", "other", "2", "3rd", "15", "monday", "fri", "mon,", "and", "month"),
    *("week", "last", "of", "the", "on", "at", "5pm", "9:30", "noon", "starting", "until", "jan", "27th", "tomorrow"),
    *("in", "weeks", "next", "0", "40", "99999", "year", "2027-01-05", "31.12.2026", "weekday", "morning", "@", "30"),
    "feb",
)


@pytest.mark.parametrize(
    ("words", "due", "rule"),
    [
        ("today", "2026-12-01", ""),
        ("tomorrow at 5pm", "2026-12-02 17:00", ""),
        ("16:00", "2026-12-01 16:00", ""),
        ("at 9", "2026-12-02 09:00", ""),
        ("friday", "2026-12-04", ""),
        ("next friday", "2026-12-11", ""),
        ("4 Jan", "2027-01-04", ""),
        ("Jan 4th 14:30", "2027-01-04 14:30", ""),
        ("in 6 months", "2027-06-01", ""),
        ("tonight", "2026-12-01 20:00", ""),
        ("tomorrow morning", "2026-12-02 09:00", ""),
        ("next week", "2026-12-07", ""),
        ("end of month", "2026-12-31", ""),
        ("29 feb", "2028-02-29", ""),
        ("Every Day", "2026-12-01", "FREQ=DAILY"),
        ("every day at 8", "2026-12-02 08:00", "FREQ=DAILY"),
        ("every! 3 days", "2026-12-01", "FREQ=DAILY;INTERVAL=3 completion"),
        ("after 10 days", "2026-12-01", "FREQ=DAILY;INTERVAL=10 completion"),
        ("every monday at 9", "2026-12-07 09:00", "FREQ=WEEKLY;BYDAY=MO"),
        ("every mon, wed and fri", "2026-12-02", "FREQ=WEEKLY;BYDAY=MO,WE,FR"),
        ("every other tuesday", "2026-12-01", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"),
        ("every 2 weeks on tuesday", "2026-12-01", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"),
        ("every weekday", "2026-12-01", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("every month on the 31st", "2026-12-31", "FREQ=MONTHLY;BYMONTHDAY=31"),
        ("every 31st starting 1 Feb", "2027-03-31", "FREQ=MONTHLY;BYMONTHDAY=31"),  # not on 28 February
        ("every 29 feb", "2028-02-29", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"),
        ("every 3rd friday", "2026-12-18", "FREQ=MONTHLY;BYDAY=3FR"),
        ("every last day of the month", "2026-12-31", "FREQ=MONTHLY;BYMONTHDAY=-1"),
        ("every 14 march", "2027-03-14", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=14"),
        ("every friday until 2027-06-30", "2026-12-04", "FREQ=WEEKLY;BYDAY=FR;UNTIL=20270630"),
        ("every 6 months starting jan 1", "2027-01-01", "FREQ=MONTHLY;INTERVAL=6"),
        ("every friday starting 2027-01-01 until 2027-06-30", "2027-01-01", "FREQ=WEEKLY;BYDAY=FR;UNTIL=20270630"),
        ("quarterly", "2026-12-01", "FREQ=MONTHLY;INTERVAL=3"),
    ],
)
def test_words_mean_a_day_and_a_rule(words: str, due: str, rule: str) -> None:
    when = read_when(words, NOW)
    assert f"{when.day} {when.at:%H:%M}" == due if when.at else str(when.day) == due
    assert f"{when.rule} completion" == rule if when.from_completion else when.rule == rule


@pytest.mark.parametrize(
    "words",
    ["soon", "every", "every blue moon", "every hour", "every 30 min", "every 0 days", "every 40", "30 feb", "at 25",
     "", "jeden Tag", "03/04/2027", "tomorrow perhaps", "every day at noon or so", "every 3 fridays"],
)  # fmt: skip
def test_other_words_are_refused(words: str) -> None:
    with pytest.raises(BadValue):
        read_when(words, NOW)


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join))
def test_any_words_have_a_meaning_that_fits_together_or_are_refused(words: str) -> None:
    try:
        when = read_when(words, NOW)
    except BadValue:
        return
    if when.rule:
        start = datetime.combine(when.day, when.at or NOW.time())
        first = following(parse_rule(when.rule), start, "UTC", after=start.replace(tzinfo=UTC) - timedelta(seconds=1))
        assert first is not None
        assert first[0].date() == when.day
