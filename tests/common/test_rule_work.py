"""No rule costs more than another by much: not to read, not to refuse, and not to find what comes next."""

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskbell.accounts.models import User
from taskbell.common import rule_days
from taskbell.common.recurrence import following, parse_rule
from taskbell.reminders.models import Reminder
from taskbell.reminders.repeats import parse_repeat, repeat_of
from taskbell.tasks.models import Task
from taskbell.tasks.occurrences import next_by_plan, preview
from tests.steps import steps_of

# Lines of Python: so many take a millisecond or two. Walking fifty years day by day takes a hundred times as many.
MOST_STEPS = 50_000
LONG_AGO, NOW = datetime.combine(date(1970, 1, 1), time(9)), datetime(2026, 11, 30, tzinfo=UTC)
ALL_DAYS = "MO,TU,WE,TH,FR,SA,SU"


def numbers(first: int, last: int) -> str:
    return ",".join(map(str, range(first, last + 1)))


NEVER = [
    "FREQ=YEARLY;BYWEEKNO=10;BYSETPOS=366",
    f"FREQ=YEARLY;BYWEEKNO={numbers(1, 53)};BYSETPOS=366",
    f"FREQ=YEARLY;BYWEEKNO={numbers(1, 53)};BYMONTH=2;BYYEARDAY=300",
    f"FREQ=WEEKLY;BYMONTH={numbers(1, 12)};BYDAY=MO,TU,WE,TH,FR,SA;BYSETPOS={numbers(266, 365)}",
    f"FREQ=MONTHLY;BYDAY={ALL_DAYS};BYSETPOS={numbers(266, 365)}",
    f"FREQ=MONTHLY;BYMONTHDAY={numbers(1, 31)};BYDAY=MO;SKIP=FORWARD;BYSETPOS=-366",
    f"FREQ=MONTHLY;BYDAY={','.join(f'{n}MO' for n in range(6, 54))};UNTIL=99991231",
    f"FREQ=YEARLY;BYYEARDAY={numbers(1, 100)};BYMONTH=12;COUNT=10000",
    "FREQ=YEARLY;INTERVAL=50;BYWEEKNO=53;BYDAY=MO;BYMONTH=1",
    "RSCALE=GREGORIAN;FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;SKIP=OMIT",
]
RARE = [
    "FREQ=DAILY",
    "FREQ=DAILY;COUNT=10000",
    "FREQ=DAILY;INTERVAL=18000;COUNT=10000",
    "FREQ=DAILY;INTERVAL=29;BYMONTH=2;BYDAY=MO",
    "FREQ=DAILY;UNTIL=99991231",
    f"FREQ=WEEKLY;BYDAY={ALL_DAYS};BYMONTH=2,3;BYSETPOS=6,7;COUNT=10000",
    f"FREQ=WEEKLY;INTERVAL=52;BYMONTH=2;BYDAY={ALL_DAYS};BYSETPOS=7",
    f"FREQ=MONTHLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY={numbers(1, 31)};SKIP=FORWARD;BYDAY=MO;BYSETPOS=-5",
    f"FREQ=MONTHLY;BYDAY={ALL_DAYS};BYSETPOS=31;COUNT=10000",
    "FREQ=YEARLY;INTERVAL=2;BYYEARDAY=366",
    "FREQ=YEARLY;BYYEARDAY=366;BYDAY=FR",
    f"FREQ=YEARLY;BYDAY={ALL_DAYS};BYSETPOS=366;COUNT=10000",
    "FREQ=YEARLY;INTERVAL=50;BYWEEKNO=53",
]


@pytest.fixture(autouse=True)
def nothing_is_remembered() -> None:
    parse_rule.cache_clear()
    parse_repeat.cache_clear()
    for value in vars(rule_days).values():
        if hasattr(value, "cache_clear"):
            value.cache_clear()


@pytest.mark.parametrize("text", NEVER)
def test_refusing_a_rule_takes_few_steps_however_little_it_matches(text: str) -> None:
    with pytest.raises(ValueError, match="No day ever matches this rule"):
        parse_rule(text)
    assert steps_of(lambda: parse_rule(text)) < MOST_STEPS


@pytest.mark.parametrize("text", RARE)
def test_the_next_occurrence_is_found_in_few_steps_however_long_ago_the_rule_began(text: str) -> None:
    rule = parse_rule(text)
    assert steps_of(lambda: following(rule, LONG_AGO, "Europe/Berlin", after=NOW)) < MOST_STEPS


@pytest.mark.parametrize("text", [*RARE, "FREQ=HOURLY", "FREQ=MINUTELY;INTERVAL=15;COUNT=10000"])
def test_a_reminder_that_began_long_ago_finds_its_next_occurrence_in_few_steps(text: str) -> None:
    reminder = Reminder(at=LONG_AGO.replace(tzinfo=UTC), wall=LONG_AGO, timezone="UTC", repeat=text)
    repeat = repeat_of(reminder)
    assert repeat is not None
    assert steps_of(lambda: repeat.next_after(NOW)) < MOST_STEPS


@pytest.mark.parametrize("text", RARE)
def test_a_task_that_is_decades_behind_catches_up_in_few_steps(text: str) -> None:
    task = Task(recurrence=text, due_date=date(1970, 1, 1), due_time=time(9), anchor_date=date(1970, 1, 1))
    task.timezone, task.created_by = "Europe/Berlin", User()
    assert steps_of(lambda: next_by_plan(task, due_after=NOW)) < MOST_STEPS
    assert steps_of(lambda: preview(task, most=100, now=NOW)) < MOST_STEPS


COUNTED = {"BYMONTH": 12, "BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYSETPOS": 366}


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Rules with all kinds of parts, most of which match rarely or never."""
    parts = {"FREQ": draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))}
    for name in draw(st.lists(st.sampled_from([*COUNTED, "BYDAY"]), unique=True, max_size=4)):
        if name == "BYDAY":
            nth = st.sampled_from(["", "", "1", "-1", "5", "53", "-53"])
            values = draw(st.lists(st.tuples(nth, st.sampled_from(ALL_DAYS.split(","))), min_size=1, max_size=40))
            parts[name] = ",".join(nth + day for nth, day in values)
        else:
            signs = [1] if name == "BYMONTH" else [1, -1]
            value = st.builds(lambda sign, n: sign * n, st.sampled_from(signs), st.integers(1, COUNTED[name]))
            parts[name] = ",".join(map(str, draw(st.lists(value, min_size=1, max_size=60))))
    parts |= draw(st.sampled_from([{}, {"COUNT": "10000"}, {"UNTIL": "99991231"}, {"SKIP": "FORWARD"}]))
    parts |= draw(st.sampled_from([{}, {"INTERVAL": "2"}, {"INTERVAL": "50"}]))
    return ";".join(f"{name}={value}" for name, value in parts.items())


@given(text=rules(), begin=st.dates(date(1970, 1, 1), date(2999, 12, 31)))
def test_no_rule_takes_many_steps(text: str, begin: date) -> None:
    assert steps_of(lambda: parse_rule(text)) < MOST_STEPS
    try:
        rule = parse_rule(text)
    except ValueError:
        return
    start = datetime.combine(begin, time(9))
    assert steps_of(lambda: following(rule, start, "Europe/Berlin", after=NOW)) < MOST_STEPS
