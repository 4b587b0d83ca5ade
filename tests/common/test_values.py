"""Values read from text: once, and alike for every door."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from taskbell.common import values
from taskbell.common.durations import Duration
from taskbell.common.values import BadValue

YEAR = timedelta(days=366)
Reader = Callable[[Any], Any]


def read_duration(value: object) -> Duration:
    return values.read_duration(value, longest=YEAR)


def read_color(value: object) -> str:
    return values.read_choice(value, ["red", "green"])


def read_colors(value: str) -> list[str]:
    return values.read_choices(value, ["red", "green"])


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (values.read_date, "2027-03-31", date(2027, 3, 31)),
        (values.read_date, "1970-01-01", date(1970, 1, 1)),
        (values.read_date, "2999-12-31", date(2999, 12, 31)),
        (values.read_time, "09:30", time(9, 30)),
        (values.read_time, "09:30:15.25", time(9, 30, 15, 250_000)),
        (values.read_datetime, "2027-03-31T09:00:00Z", datetime(2027, 3, 31, 9, tzinfo=UTC)),
        (values.read_datetime, "2027-03-31T09:00", datetime(2027, 3, 31, 9)),  # noqa: DTZ001 - it stays without
        (read_duration, "PT24H", Duration(exact=timedelta(hours=24))),
        (read_duration, "P0D", Duration()),
        (read_duration, "P366D", Duration(366)),
        (values.read_id, "1", 1),
        (values.read_id, 2**63 - 1, 2**63 - 1),
        (values.read_boolean, "True", True),
        (values.read_boolean, "0", False),
        (values.read_boolean, False, False),
        (read_color, "red", "red"),
        (read_colors, "red, green", ["red", "green"]),
        (values.read_zone, "Europe/Berlin", "Europe/Berlin"),
        (values.read_rule, "rrule:freq=weekly", "FREQ=WEEKLY"),
        (values.read_rule, " ", ""),
    ],
)
def test_what_can_be_read_has_its_type(read: Reader, text: Any, value: Any) -> None:
    assert read(text) == value
    assert type(read(text)) is type(value)


@pytest.mark.parametrize(
    ("read", "code", "wrong"),
    [
        (values.read_date, "invalid", ["", "x", "2027-02-30", "2027-03-31\x00", "2027-03-31T10:00:00Z", "٢٠٢٧-٠٣-٣١"]),
        (values.read_date, "out_of_range", ["1969-12-31", "3000-01-01", "0001-01-01"]),
        (values.read_time, "invalid", ["", "x", "25:00", "10:00Z", "10:00+02:00", "10:00\x00", "-1:00"]),
        (values.read_datetime, "invalid", ["", "x", "2027-03-31T25:00:00Z", "2027-03-31T10:00:00+99:00", "٢"]),
        (values.read_datetime, "out_of_range", ["1969-12-31T23:59:59Z", "3000-01-01T00:00"]),
        (read_duration, "duration", ["", "x", "24:00:00", "-PT1H", "P-1D", "P" + "1" * 60 + "D"]),
        (read_duration, "duration", ["P367D", "P53W", "P366DT1S", "P1Y", "P1M", "P2W3D", "P1.5D"]),
        (values.read_id, "invalid", ["", "x", "1.5", "+1", "²", "1\x00", "9" * 30]),
        (values.read_id, "min_value", [0, -1, "0"]),
        (values.read_id, "max_value", [2**63, 10**40, str(2**63)]),
        (values.read_boolean, "invalid", ["", "x", "yes", "2"]),
        (read_color, "invalid_choice", ["", "blue", "Red", "red\n"]),
        (values.read_zone, "unknown_zone", ["", "Mars/Olympus", "europe/berlin", "../../etc/passwd"]),
        (values.read_rule, "rule", ["now and then", "FREQ=HOURLY", "FREQ=DAILY;COUNT=0"]),
    ],
)
def test_what_cannot_be_read_says_what_it_must_be(read: Reader, code: str, wrong: list[Any]) -> None:
    for value in wrong:
        with pytest.raises(BadValue) as refused:
            read(value)
        assert refused.value.code == code, value
        assert code == "rule" or str(refused.value).startswith("Must be ")


@pytest.mark.parametrize("value", [None, True, 7, 1.5, [], {}, ["a"], {"a": "b"}])
def test_what_is_no_text_is_refused_by_every_reader_of_text(value: Any) -> None:
    texts = (values.read_date, values.read_time, values.read_datetime, values.read_zone, values.read_rule)
    for read in (*texts, read_duration, read_color):
        with pytest.raises(BadValue):
            read(value)


@pytest.mark.parametrize("value", [None, True, 1.0, [], {}])
def test_only_a_whole_number_is_an_id(value: Any) -> None:
    with pytest.raises(BadValue):
        values.read_id(value)


def test_names_of_which_one_is_unknown_are_refused_together() -> None:
    with pytest.raises(BadValue, match="Must be one or more of red, green"):
        read_colors("red,blue")
