"""Reminders that come again by a rule: wall time, outages, and where they end."""

from datetime import date, timedelta

import pytest

from taskbell.accounts.models import User
from taskbell.notifications.models import Notification
from taskbell.reminders.firing import deliver_due
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.kinds import Stage
from tests.conftest import NOW
from tests.reminders.mailbox import Mailbox, names, part
from tests.reminders.patches import DAY, FRIDAY, HOUR, before, change, next_at, promised, state, utc

NINE = utc("2026-11-22T08:00")  # 9:00 in Berlin, tomorrow


def daily(rule: str = "FREQ=DAILY") -> ReminderPlan:
    return ReminderPlan(at=NINE, repeat=rule)


def test_bo_is_told_every_day_once(bo: User, mailbox: Mailbox) -> None:
    promised(bo, daily())
    for number in range(3):
        assert names(mailbox.tick(NINE + number * DAY)) == ["bo"]
        assert mailbox.tick(NINE + number * DAY + HOUR) == []
    assert Reminder.objects.get().fired_at == NINE + 2 * DAY
    assert state() == "armed"


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ("2027-03-27T08:00", ["2027-03-27T08:00", "2027-03-28T07:00", "2027-03-29T07:00"]),  # 9:00, summer begins
        ("2027-10-30T07:00", ["2027-10-30T07:00", "2027-10-31T08:00", "2027-11-01T08:00"]),  # 9:00, summer ends
        ("2027-03-27T01:30", ["2027-03-27T01:30", "2027-03-28T01:30", "2027-03-29T00:30"]),  # 2:30 is not: 3:30
        ("2027-10-30T00:30", ["2027-10-30T00:30", "2027-10-31T00:30", "2027-11-01T01:30"]),  # 2:30 is twice: once
    ],
)
def test_nine_o_clock_stays_nine_o_clock_when_the_clocks_change(bo: User, first: str, expected: list[str]) -> None:
    promised(bo, ReminderPlan(at=utc(first), repeat="FREQ=DAILY"))
    fired = []
    while len(fired) < 3:
        moment = next_at()
        assert moment is not None
        deliver_due(moment)
        fired.append(moment)
    assert fired == [utc(text) for text in expected]
    assert Notification.objects.count() == 3


def test_after_an_outage_only_the_latest_comes_and_says_how_many_were_missed(bo: User, mailbox: Mailbox) -> None:
    promised(bo, daily())
    (mail,) = mailbox.tick(NINE + 4 * DAY + HOUR)
    assert "This reminder is late. It was due on Thursday, 26 November 2026, 08:00" in part(mail)
    for kind in ("plain", "html"):
        assert "4 earlier reminders were missed." in part(mail, kind)
    assert next_at() == NINE + 5 * DAY
    assert "missed" not in part(mailbox.tick(NINE + 5 * DAY)[0])


def test_missed_ones_are_told_even_where_the_latest_is_not_late(bo: User, mailbox: Mailbox) -> None:
    promised(bo, daily())
    (mail,) = mailbox.tick(NINE + 4 * DAY + timedelta(minutes=1))
    for kind in ("plain", "html"):
        assert "This reminder is late" not in part(mail, kind)
        assert "4 earlier reminders were missed." in part(mail, kind)


def test_one_that_was_missed_is_said_in_the_singular(bo: User, mailbox: Mailbox) -> None:
    promised(bo, daily())
    assert "1 earlier reminder was missed." in part(mailbox.tick(NINE + DAY + HOUR)[0])


@pytest.mark.parametrize(
    "rule", ["FREQ=DAILY;COUNT=2", "FREQ=DAILY;UNTIL=20261123", "FREQ=DAILY;UNTIL=20261123T080000Z"]
)
def test_count_and_until_end_it(bo: User, mailbox: Mailbox, rule: str) -> None:
    promised(bo, daily(rule))
    sent = [names(mailbox.tick(NINE + number * DAY)) for number in range(4)]
    assert sent == [["bo"], ["bo"], [], []]
    assert (next_at(), state()) == (None, "fired")


def test_an_outage_over_the_end_of_a_rule_still_tells_the_last_one(bo: User, mailbox: Mailbox) -> None:
    promised(bo, daily("FREQ=DAILY;COUNT=3"))
    (mail,) = mailbox.tick(NINE + 9 * DAY)
    assert "2 earlier reminders were missed" in part(mail)
    assert (next_at(), state()) == (None, "fired")


def test_of_a_rule_that_began_in_the_past_only_what_is_to_come_counts(bo: User, mailbox: Mailbox) -> None:
    promised(bo, ReminderPlan(at=NINE - 10 * DAY, repeat="FREQ=DAILY"))
    assert mailbox.tick(NOW) == []
    assert next_at() == NINE
    promised(bo, ReminderPlan(at=NINE - 10 * DAY, repeat="FREQ=DAILY;COUNT=2"), title="Over")
    assert Reminder.objects.get(task__title="Over").state == "skipped"


def test_it_rests_while_the_task_is_done_and_goes_on_when_it_is_open_again(bo: User, mailbox: Mailbox) -> None:
    task = promised(bo, daily())
    change(task, bo, stage=Stage.COMPLETED)
    assert mailbox.tick(NINE + 2 * DAY) == []
    assert (next_at(), state()) == (None, "skipped")
    change(task, bo, NINE + 3 * DAY + HOUR, stage=Stage.PENDING)
    assert (next_at(), state()) == (NINE + 4 * DAY, "armed")
    (mail,) = mailbox.tick(NINE + 4 * DAY)
    assert "missed" not in part(mail)


def test_a_rule_can_hang_on_the_due_moment(bo: User, mailbox: Mailbox) -> None:
    task = promised(bo, before("P2D", repeat="FREQ=DAILY"), due_date=FRIDAY)
    assert next_at() == utc("2026-11-25T23:00")
    assert names(mailbox.tick(utc("2026-11-25T23:00"))) == ["bo"]
    assert next_at() == utc("2026-11-26T23:00")
    change(task, bo, due_date=date(2026, 12, 24))
    assert next_at() == utc("2026-12-22T23:00")


def test_a_daily_one_is_told_of_once_a_day_by_competing_clocks(bo: User) -> None:
    promised(bo, daily())
    assert [deliver_due(NINE), deliver_due(NINE)] == [1, 0]
    assert Notification.objects.get().dedupe_key.startswith("reminder:")
