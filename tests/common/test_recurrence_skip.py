# ruff: noqa: DTZ001 - wall times have no zone
"""What a month that lacks the day means: the house rule, RFC 5545 and RFC 7529."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskbell.common.recurrence import for_other_programs, from_other_program, parse_rule
from tests.common.oracle import Said
from tests.common.test_recurrence import calendar, days, moments, parsed, rules, until_the_end


@pytest.mark.parametrize(
    ("skip", "expected"),
    [
        ("RSCALE=GREGORIAN", ["25-01-31", "25-03-31", "25-05-31", "25-07-31", "25-08-31"]),
        ("SKIP=OMIT", ["25-01-31", "25-03-31", "25-05-31", "25-07-31", "25-08-31"]),
        ("skip=backward", ["25-01-31", "25-02-28", "25-03-31", "25-04-30", "25-05-31"]),
        ("RSCALE=GREGORIAN;SKIP=FORWARD", ["25-01-31", "25-03-01", "25-03-31", "25-05-01", "25-05-31"]),
    ],
)
@pytest.mark.parametrize("rule", ["FREQ=MONTHLY", "FREQ=MONTHLY;BYMONTHDAY=31"])
def test_a_rule_may_say_what_it_means_by_the_31st(rule: str, skip: str, expected: list[str]) -> None:
    assert days(f"{rule};{skip}", datetime(2025, 1, 31, 9)) == expected


@pytest.mark.parametrize(
    ("skip", "expected"),
    [
        ("OMIT", ["24-02-29", "28-02-29", "32-02-29"]),
        ("BACKWARD", ["24-02-29", "25-02-28", "26-02-28"]),
        ("FORWARD", ["24-02-29", "25-03-01", "26-03-01"]),
    ],
)
def test_a_leap_day_as_other_programs_have_it(skip: str, expected: list[str]) -> None:
    assert days(f"FREQ=YEARLY;SKIP={skip}", datetime(2024, 2, 29, 9), many=3) == expected


THE_31ST, ANY_DAY = date(2027, 1, 31), date(2027, 1, 28)


@pytest.mark.parametrize(
    ("theirs", "start", "ours"),
    [
        ("FREQ=MONTHLY;BYMONTHDAY=31", None, "RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=31;SKIP=OMIT"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,29", ANY_DAY, "RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=1,29;SKIP=OMIT"),
        ("FREQ=MONTHLY;COUNT=3", THE_31ST, "RSCALE=GREGORIAN;FREQ=MONTHLY;COUNT=3;SKIP=OMIT"),
        ("FREQ=YEARLY", date(2024, 2, 29), "RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=OMIT"),
        *((same, THE_31ST, same) for same in ("FREQ=YEARLY", "FREQ=WEEKLY", "FREQ=DAILY", "FREQ=MONTHLY;BYDAY=-1FR")),
        *((same, THE_31ST, same) for same in ("FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=YEARLY;BYMONTH=7,8;BYMONTHDAY=31")),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=31", THE_31ST, "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=31"),
        *(("FREQ=MONTHLY", start, "FREQ=MONTHLY") for start in (ANY_DAY, None)),
    ],
)
def test_a_rule_from_another_program_leaves_out_what_a_month_lacks(theirs: str, start: date | None, ours: str) -> None:
    assert from_other_program(f"RRULE:{theirs.lower()}", start) == ours
    assert for_other_programs(ours, start) == theirs


@pytest.mark.parametrize(
    ("ours", "start", "theirs"),
    [
        ("FREQ=MONTHLY;BYMONTHDAY=31", ANY_DAY, "RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD"),
        ("FREQ=MONTHLY", THE_31ST, "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD"),
        ("SKIP=FORWARD;FREQ=MONTHLY", THE_31ST, "RSCALE=GREGORIAN;SKIP=FORWARD;FREQ=MONTHLY"),
    ],
)
def test_what_we_do_otherwise_is_said_to_other_programs(ours: str, start: date, theirs: str) -> None:
    assert for_other_programs(ours, start) == theirs
    assert from_other_program(theirs, start) == theirs


@pytest.mark.slow
@calendar
@given(rules(), moments(), st.booleans())
def test_a_rule_that_goes_to_other_programs_and_back_names_the_same_days(
    said: Said, start: datetime, comes_from_there: bool
) -> None:
    if rule := parsed(said):
        ours = from_other_program(rule.text, start.date()) if comes_from_there else rule.text
        back = parse_rule(from_other_program(for_other_programs(ours, start.date()), start.date()))
        assert until_the_end(back, start, "UTC") == until_the_end(parse_rule(ours), start, "UTC")
