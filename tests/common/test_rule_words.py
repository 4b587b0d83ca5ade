"""Recurrence rules as people say them."""

from datetime import UTC, date, datetime

import pytest

from taskbell.common.rule_words import rule_in_words, rule_with_time


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=DAILY", "every day at 09:00"),
        ("RRULE:FREQ=DAILY;INTERVAL=3", "every 3 days at 09:00"),
        ("FREQ=HOURLY;INTERVAL=2", "every 2 hours"),
        ("FREQ=MINUTELY;INTERVAL=30;COUNT=4", "every 30 minutes, 4 times"),
        ("FREQ=WEEKLY;BYDAY=MO", "every Monday at 09:00"),
        ("FREQ=WEEKLY;BYDAY=MO,TH,SU;COUNT=10", "every Monday, Thursday and Sunday at 09:00, 10 times"),
        ("FREQ=WEEKLY;BYDAY=FR,MO,TU,WE,TH;COUNT=1", "every weekday at 09:00, once"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;UNTIL=20271231", "every 2 weeks on Monday at 09:00, until 31 December 2027"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,22,-2", "every month on the 1st, the 22nd and the second to last day at 09:00"),
        ("FREQ=MONTHLY;BYMONTHDAY=31", "every month on the 31st (or the last day) at 09:00"),
        (
            "RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=31;SKIP=OMIT",
            "every month on the 31st (not in months without it) at 09:00",
        ),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "every month on the last day at 09:00"),
        ("FREQ=MONTHLY;BYDAY=1MO,-1FR", "every month on the first Monday and the last Friday at 09:00"),
        ("FREQ=MONTHLY;BYDAY=MO", "every month on every Monday at 09:00"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "every month on the 13th if it is a Friday at 09:00"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "every month on the last weekday at 09:00"),
        ("FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=14", "every year on the 14th of March at 09:00"),
        ("FREQ=YEARLY;BYMONTH=3,9;BYDAY=-1SU", "every year on the last Sunday in March and September at 09:00"),
        ("FREQ=YEARLY;BYYEARDAY=100,-1", "every year on day 100 and the last day of the year at 09:00"),
        ("FREQ=SECONDLY", "by the rule FREQ=SECONDLY"),
        ("FREQ=DAILY;BYHOUR=9", "by the rule FREQ=DAILY;BYHOUR=9"),
    ],
)
def test_a_rule_is_said_in_words(rule: str, words: str) -> None:
    assert rule_in_words(rule, at="09:00") == words


def test_without_a_time_none_is_said() -> None:
    assert rule_in_words("FREQ=WEEKLY;BYDAY=MO") == "every Monday"


@pytest.mark.parametrize(
    ("rule", "first", "words"),
    [
        ("FREQ=WEEKLY;BYDAY=MO", "2027-01-04T19:00", "every Monday at 19:00"),
        ("FREQ=WEEKLY;BYDAY=MO", "2027-01-03T19:00", "every Monday in the task's time zone"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,-1;COUNT=2", "2027-01-31T19:00", "at 19:00, 2 times"),
        (
            "FREQ=MONTHLY;BYMONTHDAY=1;COUNT=2",
            "2027-01-31T19:00",
            "every month on the 1st in the task's time zone, 2 times",
        ),
        ("FREQ=MONTHLY;BYMONTHDAY=31", "2027-04-30T19:00", "every month on the 31st (or the last day) at 19:00"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "2027-01-30T01:00", "every month on the last Friday in the task's time zone"),
        (
            "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1",
            "2026-12-31T19:00",
            "every year on the 1st of January in the task's time zone",
        ),
        ("FREQ=DAILY", "2027-01-03T19:00", "every day at 19:00"),
        ("FREQ=HOURLY;BYDAY=MO", "2027-01-03T19:00", "every hour on Monday"),
    ],
)
def test_a_time_that_is_on_another_day_for_the_reader_is_not_said(rule: str, first: str, words: str) -> None:
    assert rule_with_time(rule, datetime.fromisoformat(first)).endswith(words)


def test_a_task_that_was_due_on_another_day_than_its_rule_keeps_its_time() -> None:
    tuesday = datetime(2027, 1, 5, 9, tzinfo=UTC)
    assert rule_with_time("FREQ=WEEKLY;BYDAY=MO", tuesday, day=date(2027, 1, 5)) == "every Monday at 09:00"
    assert (
        rule_with_time("FREQ=WEEKLY;BYDAY=TU", tuesday, day=date(2027, 1, 6)) == "every Tuesday in the task's time zone"
    )
