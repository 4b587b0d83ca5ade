"""A rule that counts from completion: the next one lies after that day and after the old due date."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from taskbell.accounts.models import User
from taskbell.common.clock import utc_now
from taskbell.common.recurrence import parse_rule
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.kinds import Basis
from taskbell.tasks.models import Task
from taskbell.tasks.occurrences import next_from_completion
from tests.common.oracle import Said
from tests.common.test_recurrence import calendar, parsed, rules
from tests.conftest import Program
from tests.tasks.test_recurring import DAY, a_series, the_next

LAST_DAY, EVERY_OTHER_MONDAY = "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"
CHRISTMAS = "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24"


def noon(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00+00:00")


@pytest.mark.parametrize(
    ("rule", "due", "done", "expected"),
    [
        # early
        (LAST_DAY, "2026-12-31", "2026-11-29", "2027-01-31"),
        (LAST_DAY, "2026-12-31", "2026-12-30", "2027-01-31"),
        ("FREQ=MONTHLY;BYMONTHDAY=15", "2026-12-15", "2026-11-14", "2027-01-15"),
        ("FREQ=MONTHLY;BYDAY=1MO", "2026-12-07", "2026-11-20", "2027-01-04"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2026-12-31", "2026-11-29", "2027-01-29"),
        ("FREQ=WEEKLY;BYDAY=MO,TH", "2026-12-10", "2026-12-06", "2026-12-14"),
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "2026-12-11", "2026-12-08", "2026-12-14"),
        (CHRISTMAS, "2026-12-24", "2026-12-01", "2027-12-24"),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "2027-05-17", "2027-05-01", "2028-05-15"),
        ("FREQ=YEARLY;BYWEEKNO=20", "2027-05-17", "2026-11-29", "2028-05-15"),  # not on Sunday of the same week
        ("FREQ=YEARLY;BYMONTH=3", "2027-03-10", "2026-11-29", "2028-03-10"),
        ("FREQ=MONTHLY;BYMONTH=3,9", "2027-03-10", "2026-11-29", "2027-09-10"),
        ("FREQ=YEARLY;BYYEARDAY=100", "2027-04-10", "2027-04-01", "2028-04-09"),
        ("FREQ=MONTHLY;BYMONTHDAY=31;SKIP=OMIT", "2027-01-31", "2027-01-10", "2027-03-31"),
        (EVERY_OTHER_MONDAY, "2026-12-07", "2026-12-02", "2026-12-21"),
        (f"{LAST_DAY};INTERVAL=2", "2026-12-31", "2026-11-29", "2027-02-28"),
        ("FREQ=WEEKLY", "2026-12-10", "2026-12-09", "2026-12-16"),
        ("FREQ=WEEKLY", "2026-12-10", "2026-12-01", "2026-12-15"),
        ("FREQ=DAILY;INTERVAL=3", "2026-12-10", "2026-12-09", "2026-12-12"),
        ("FREQ=DAILY;INTERVAL=3", "2026-12-10", "2026-12-01", "2026-12-13"),
        ("FREQ=MONTHLY", "2026-12-31", "2026-11-30", "2027-01-30"),
        # on the day
        (LAST_DAY, "2026-12-31", "2026-12-31", "2027-01-31"),
        (EVERY_OTHER_MONDAY, "2026-12-07", "2026-12-07", "2026-12-21"),
        ("FREQ=WEEKLY", "2026-12-10", "2026-12-10", "2026-12-17"),
        ("FREQ=DAILY;INTERVAL=3", "2026-12-10", "2026-12-10", "2026-12-13"),
        # late
        (LAST_DAY, "2026-12-31", "2027-01-02", "2027-01-31"),
        (f"{LAST_DAY};INTERVAL=2", "2026-12-31", "2027-01-02", "2027-02-28"),
        (f"{CHRISTMAS};INTERVAL=2", "2026-12-24", "2027-01-10", "2028-12-24"),
        ("FREQ=YEARLY;BYMONTH=3", "2027-03-10", "2027-03-12", "2028-03-12"),
        ("FREQ=YEARLY;BYMONTH=3;INTERVAL=2", "2027-03-10", "2028-01-10", "2029-03-10"),
        (EVERY_OTHER_MONDAY, "2026-12-07", "2026-12-08", "2026-12-21"),
        (EVERY_OTHER_MONDAY, "2026-12-07", "2026-12-16", "2026-12-28"),
        ("FREQ=WEEKLY", "2026-12-10", "2026-12-12", "2026-12-19"),
        ("FREQ=DAILY;INTERVAL=3", "2026-12-10", "2026-12-24", "2026-12-27"),
        ("FREQ=MONTHLY", "2026-11-30", "2027-01-31", "2027-02-28"),
        # it ends
        (f"{LAST_DAY};UNTIL=20270130", "2026-12-31", "2026-11-29", None),
        (f"{LAST_DAY};COUNT=1", "2026-12-31", "2026-11-29", None),
        (f"{LAST_DAY};COUNT=2", "2026-12-31", "2026-11-29", "2027-01-31"),
    ],
)
def test_it_lies_after_both(rule: str, due: str, done: str, expected: str | None) -> None:
    task = a_repeating(parse_rule(rule).text, date.fromisoformat(due))
    upcoming = next_from_completion(task, completed_at=noon(done))
    assert (upcoming and str(upcoming.due_date)) == expected


def a_repeating(rule: str, due: date, **fields: object) -> Task:
    """Not saved: enough to say when it is due next."""
    zone = fields.pop("timezone", "Europe/Berlin")
    return Task(recurrence=rule, due_date=due, timezone=zone, recurrence_from=Basis.COMPLETION, **fields)


@calendar
@given(rules(), st.dates(date(2020, 1, 1), date(2028, 1, 1)), st.integers(-400, 400))
def test_whatever_the_rule_it_lies_after_both_and_being_late_brings_it_no_closer(
    said: Said, due: date, late: int
) -> None:
    rule = parsed(said)
    assume(rule is not None)
    assert rule is not None
    task = a_repeating(rule.text, due, timezone="UTC")
    done = datetime.combine(due, time(12), UTC) + timedelta(days=late)
    upcoming = next_from_completion(task, completed_at=done)
    if upcoming is None:  # no day within fifty years
        return
    assert upcoming.due_date > max(due, done.date())
    on_time = next_from_completion(task, completed_at=datetime.combine(due, time(12), UTC))
    if late >= 0 and rule.parts.names_days and on_time is not None:
        assert upcoming.due_date >= on_time.due_date


def test_the_day_of_completion_is_that_of_the_task_s_zone() -> None:
    late_evening = datetime.fromisoformat("2026-12-31T23:30+00:00")  # New Year in Berlin
    due = date(2026, 12, 31)
    dates = [
        found.due_date
        for zone in ("Europe/Berlin", "America/New_York")
        if (found := next_from_completion(a_repeating("FREQ=DAILY", due, timezone=zone), completed_at=late_evening))
    ]
    assert dates == [date(2027, 1, 2), date(2027, 1, 1)]


def test_a_due_time_later_on_the_day_of_completion_is_not_the_next_one() -> None:
    task = a_repeating("FREQ=DAILY", date(2026, 12, 10), due_time=time(23))
    upcoming = next_from_completion(task, completed_at=noon("2026-12-12"))
    assert upcoming is not None
    assert upcoming.due_date == date(2026, 12, 13)


def test_the_reminders_move_with_it(bo: User) -> None:
    nine = datetime.fromisoformat("2026-12-30T09:00+01:00")
    task = a_series(
        bo, LAST_DAY, date(2026, 12, 31), recurrence_from=Basis.COMPLETION, reminders=[ReminderPlan(at=nine)]
    )
    new = the_next(task, bo, noon("2026-11-29"))
    assert (new.due_date, new.anchor_date) == (date(2027, 1, 31), date(2027, 1, 31))
    assert Reminder.objects.get(task=new).next_at == nine + 31 * DAY


def test_the_preview_shows_what_follows_if_it_is_done_now(bo: User, as_user: Callable[[User], Program]) -> None:
    program, due = as_user(bo), utc_now().date() + 400 * DAY  # done early, whenever the test runs
    body = {"title": "Pay", "due_date": str(due), "timezone": "UTC", "recurrence": LAST_DAY}
    task = program.post("/api/tasks/", body | {"recurrence_from": "completion"}).json()
    names = ("recurrence", "recurrence_from", "due_date", "due_time", "timezone", "anchor_date")
    preview = program.post("/api/recurrence/preview/", {name: task[name] for name in names}).json()
    shown = [one["local"][:10] for one in preview["occurrences"]]
    assert (shown[0], len(shown), preview["ends"]) == (str(due), 2, False)
    assert program.get(f"/api/tasks/{task['id']}/schedule/").json()["due_dates"] == shown[1:]
    program.patch(f"/api/tasks/{task['id']}/", {"status": "COMPLETED"})
    assert str(Task.objects.latest("id").due_date) == shown[1]


def test_the_preview_of_a_last_one_from_completion_ends(bo: User, as_user: Callable[[User], Program]) -> None:
    body = {"recurrence": "FREQ=DAILY;COUNT=1", "recurrence_from": "completion", "due_date": "2096-01-01"}
    preview = as_user(bo).post("/api/recurrence/preview/", body).json()
    assert (len(preview["occurrences"]), preview["ends"]) == (1, True)
