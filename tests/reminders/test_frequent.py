"""Reminders more often than daily, such as hourly until the task is done."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskbell.accounts.models import User
from taskbell.common.values import BadValue
from taskbell.notifications.models import Delivery, DeliveryState, Notification
from taskbell.reminders.firing import deliver_due
from taskbell.reminders.models import Reminder
from taskbell.reminders.repeats import read_repeat, repeat_of
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.kinds import Stage
from tests.conftest import QueryBudget
from tests.reminders.mailbox import Mailbox, names, part
from tests.reminders.patches import BERLIN, DAY, FRIDAY, HOUR, before, change, next_at, promised, state, utc
from tests.tasks.conftest import Somebody

NINE = utc("2026-11-22T08:00")  # 9:00 in Berlin, tomorrow
HOURLY = ReminderPlan(at=NINE, repeat="FREQ=HOURLY")


def repeating(rule: str, start: datetime = NINE, zone: str = BERLIN) -> Any:
    """The occurrences of a reminder."""
    reminder = Reminder(at=start, repeat=read_repeat(rule), timezone=zone)
    reminder.wall = start.replace(tzinfo=None)
    return repeat_of(reminder)


def test_bo_is_reminded_every_hour_until_the_task_is_done(bo: User, mailbox: Mailbox) -> None:
    task = promised(bo, HOURLY)
    for number in range(3):
        assert names(mailbox.tick(NINE + number * HOUR)) == ["bo"]
        assert mailbox.tick(NINE + number * HOUR + HOUR / 2) == []
    change(task, bo, NINE + 2.5 * HOUR, stage=Stage.COMPLETED)
    assert mailbox.tick(NINE + 3 * HOUR) == []
    assert (next_at(), state(), Notification.objects.count()) == (None, "skipped", 3)
    change(task, bo, NINE + 9.5 * HOUR, stage=Stage.PENDING)
    assert (next_at(), state()) == (NINE + 10 * HOUR, "armed")


def test_after_an_outage_only_the_latest_comes_and_says_how_many_were_missed(bo: User, mailbox: Mailbox) -> None:
    promised(bo, ReminderPlan(at=NINE, repeat="FREQ=MINUTELY;INTERVAL=15"))
    (mail,) = mailbox.tick(NINE + 10 * DAY + HOUR / 3)
    assert f"{10 * 24 * 4 + 1} earlier reminders were missed." in part(mail)
    assert next_at() == NINE + 10 * DAY + HOUR / 2


def test_an_hour_is_an_hour_when_the_clocks_change(bo: User) -> None:
    autumn = repeating("FREQ=HOURLY", utc("2027-10-30T22:00"))  # midnight in Berlin; the day has 25 hours
    assert autumn.latest(utc("2027-10-30T22:00"), utc("2027-10-31T22:59:59")) == (utc("2027-10-31T22:00"), 25)


@pytest.mark.parametrize(
    ("rule", "number"),
    [
        *[("FREQ=HOURLY;COUNT=3", 3), ("FREQ=HOURLY;INTERVAL=2;COUNT=1", 1), ("FREQ=HOURLY;UNTIL=20261122T100000Z", 3)],
        *[("FREQ=HOURLY;UNTIL=20261122T100000", 2), ("FREQ=HOURLY;UNTIL=20261122", 15), ("FREQ=HOURLY", 24)],
        *[("FREQ=MINUTELY;INTERVAL=90", 16), ("UNTIL=20261121;FREQ=HOURLY", 0), ("freq=hourly;interval=24", 1)],
    ],
)
def test_interval_count_and_until(rule: str, number: int) -> None:
    found = repeating(rule).latest(NINE, NINE + DAY - timedelta(seconds=1))
    assert (found[1] if found else 0) == number


def test_count_ends_it(bo: User, mailbox: Mailbox) -> None:
    promised(bo, ReminderPlan(at=NINE, repeat="FREQ=HOURLY;COUNT=2"))
    sent = [names(mailbox.tick(NINE + number * HOUR)) for number in range(3)]
    assert sent == [["bo"], ["bo"], []]
    assert (next_at(), state()) == (None, "fired")


@given(
    start=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),  # noqa: DTZ001
    minutes=st.integers(15, 3000),
    last=st.none() | st.integers(1, 40),
    offset=st.integers(-3000, 30_000),
)
def test_what_is_computed_is_what_a_walk_finds(start: datetime, minutes: int, last: int | None, offset: int) -> None:
    rule = f"FREQ=MINUTELY;INTERVAL={minutes}" + (f";COUNT={last}" if last else "")
    repeat, moment = repeating(rule, start), start + timedelta(minutes=offset)
    walk = [start + n * timedelta(minutes=minutes) for n in range(last or 5000)]
    later = [at for at in walk if at > moment]
    assert repeat.next_after(moment) == (later[0] if later else None)
    between = [at for at in walk if start <= at <= moment]
    assert repeat.latest(start, moment) == ((between[-1], len(between)) if between else None)
    assert next(repeat.upcoming(moment), None) == next((at for at in walk if at >= moment), None)


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        *[(f"FREQ=MINUTELY;INTERVAL={number}", "at least 15 minutes apart") for number in (1, 14)],
        *[("FREQ=MINUTELY", "at least 15 minutes apart"), ("FREQ=SECONDLY", "FREQ must be HOURLY, MINUTELY, DAILY")],
        *[
            (f"FREQ=HOURLY;{part}=1", f"{part} is not allowed")
            for part in ("BYHOUR", "BYMINUTE", "BYDAY", "BYSETPOS", "X")
        ],
        *[
            (f"FREQ=HOURLY;INTERVAL={number}", "INTERVAL must be a number")
            for number in ("0", "-1", "x", "8785", "9999999")
        ],
        *[("FREQ=HOURLY;COUNT=0", "COUNT must be"), ("FREQ=HOURLY;UNTIL=soon", "UNTIL must be")],
        *[
            ("FREQ=HOURLY;COUNT=2;UNTIL=20270101", "both COUNT and UNTIL"),
            ("FREQ=HOURLY;FREQ=HOURLY", "each name once"),
        ],
        *[
            ("FREQ=HOURLY;", "such as FREQ=HOURLY"),
            ("FREQ=HOURLY;COUNT=", "such as FREQ=HOURLY"),
            ("hourly", "must be a list"),
        ],
    ],
)
def test_a_rule_that_is_none_is_refused_with_its_reason(rule: str, reason: str) -> None:
    with pytest.raises(BadValue, match=reason):
        read_repeat(rule)


def test_one_an_hour_in_quiet_hours_is_one_email_in_the_morning(bo: User, mailbox: Mailbox) -> None:
    bo.profile.quiet_from, bo.profile.quiet_until, bo.profile.quiet_reminders = time(22), time(7), True
    bo.profile.timezone = BERLIN
    bo.profile.save()
    promised(bo, ReminderPlan(at=utc("2026-11-22T20:30"), repeat="FREQ=HOURLY"))
    ticks = [utc("2026-11-22T20:30") + number * HOUR for number in range(12)]
    sent = [len(mailbox.tick(now)) for now in sorted([*ticks, utc("2026-11-23T06:00")])]
    assert sent == [1, *[0] * 9, 1, 1, 1]  # at 21:30, at 7:00 instead of nine, at 7:30 and 8:30
    assert Notification.objects.count() == 12
    assert Delivery.objects.filter(state=DeliveryState.CANCELLED).count() == 8


@pytest.mark.parametrize("many", [1, 20])
def test_firing_costs_the_same_however_many_there_are(bo: User, query_budget: QueryBudget, many: int) -> None:
    for _ in range(many):
        promised(bo, HOURLY)
    deliver_due(NINE)
    with query_budget(10):
        assert deliver_due(NINE + 1000 * HOUR) == many


def test_it_is_set_shown_and_sent_back_unchanged(bo: User, as_user: Somebody) -> None:
    program = as_user(bo)
    reminders = [{"before_due": "P1D", "repeat": "freq=hourly;interval=3"}]
    due = {"due_date": "2096-03-31", "due_time": "09:00", "timezone": BERLIN}
    task = program.post("/api/tasks/", {"title": "Call", **due, "reminders": reminders}).json()
    (shown,) = task["reminders"]
    assert (shown["repeat"], shown["at"]) == ("FREQ=HOURLY;INTERVAL=3", "2096-03-30T09:00:00+02:00")
    path = f"/api/tasks/{task['id']}/"
    coming = program.get(f"{path}schedule/").json()["next"]
    assert [row["local"][11:16] for row in coming[:4]] == ["09:00", "12:00", "15:00", "18:00"]
    assert program.put(path, task).json() == task
    refused = program.post(f"{path}reminders/", {"before_due": "P1D", "repeat": "FREQ=MINUTELY;INTERVAL=5"})
    assert refused.json()["errors"][0]["message"].startswith("Reminders must be at least 15 minutes apart.")
    assert program.patch(path, {"recurrence": "FREQ=HOURLY"}).status_code == 400


def test_a_task_that_repeats_takes_it_along(bo: User) -> None:
    task = promised(
        bo, before("P1D", repeat="FREQ=HOURLY"), due_date=FRIDAY, due_time=time(9), recurrence="FREQ=WEEKLY"
    )
    change(task, bo, stage=Stage.COMPLETED)
    assert Reminder.objects.latest("id").next_at == utc("2026-12-03T08:00")
