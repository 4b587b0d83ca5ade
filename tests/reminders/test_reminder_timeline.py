"""Of every reminder the schedule tells what it will do, and what became of it or why nothing did."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.accounts.profile import update_profile
from taskbell.notifications.models import Delivery, DeliveryState, Notification
from taskbell.reminders.firing import deliver_due, forget_fired_until
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import delete_task, restore_task
from taskbell.tasks.kinds import Stage
from taskbell.tasks.models import Task
from taskbell.tasks.reminder_actions import add_reminder
from taskbell.tasks.reminder_timeline import AWAY, FINISHED, MAX_UPCOMING, NO_MAIL, QUIET, TOO_LATE, reminder_timeline
from tests.conftest import NOW
from tests.reminders.mailbox import Mailbox, names
from tests.reminders.patches import DAY, DAY_BEFORE, FRIDAY, HOUR, before, change, promised, utc

SOON = ReminderPlan(at=NOW + HOUR)
BEFORE_MIDNIGHT = utc("2026-11-26T23:00")  # a day before Friday is over in Berlin
LATE, MORNING = utc("2026-11-21T22:00"), utc("2026-11-22T06:00")  # 23:00 and 7:00 in Berlin


def past(task: Task, person: User, now: datetime = NOW + DAY) -> list[dict[str, Any]]:
    """What the person reads of the reminders."""
    rows = reminder_timeline(Task.objects.with_access(person).get(pk=task.pk), person, now=now)["past"]
    return [row for row in rows if row["kind"] == "reminder"]


def gist(task: Task, person: User, now: datetime = NOW + DAY) -> list[tuple[str, datetime, str]]:
    return [(row["state"], row["due_at"], row["reason"]) for row in past(task, person, now)]


def test_one_that_finds_the_task_finished_is_shown_with_the_reason(bo: User) -> None:
    task = promised(bo, SOON)
    change(task, bo, stage=Stage.COMPLETED)
    deliver_due(NOW + HOUR)
    (row,) = past(task, bo)
    nothing = {"sent_at": None, "lateness_seconds": None, "server_said": "", "attempts": 0, "next_try_at": None}
    what = {"reminder": Reminder.objects.get().pk, "recipient": None, "due_at": NOW + HOUR, "state": "skipped"}
    assert row == nothing | what | {"kind": "reminder", "reason": FINISHED, "ambiguous": False}


@pytest.mark.parametrize("later", [Stage.PENDING, Stage.COMPLETED, Stage.ARCHIVED])
def test_one_that_finds_the_task_in_the_trash_does_not_say_that_it_was_finished(bo: User, later: Stage) -> None:
    task = promised(bo, SOON)
    delete_task(task.pk, by=bo, now=NOW)
    deliver_due(NOW + HOUR)
    restore_task(task.pk, by=bo, now=NOW + 2 * HOUR)
    change(task, bo, NOW + 3 * HOUR, stage=later)
    assert gist(task, bo) == [("skipped", NOW + HOUR, AWAY)]


def test_one_that_was_too_late_from_the_beginning_is_shown(bo: User) -> None:
    task = promised(bo, DAY_BEFORE, due_date=NOW.date(), due_time=time(18))
    assert gist(task, bo) == [("skipped", utc("2026-11-20T17:00"), TOO_LATE)]


@pytest.mark.parametrize("rule", ["FREQ=DAILY;UNTIL=20200101", "FREQ=HOURLY;UNTIL=20200101"])
def test_one_whose_rule_ended_before_it_began_is_shown_and_fires_once(bo: User, rule: str) -> None:
    task = promised(bo, ReminderPlan(at=NOW + HOUR, repeat=rule))
    assert [one["at"] for one in reminder_timeline(task, bo, now=NOW)["next"]] == [NOW + HOUR]
    deliver_due(NOW + HOUR)
    assert reminder_timeline(task, bo, now=NOW + HOUR)["next"] == []


def test_a_rule_that_has_no_more_to_come_is_shown(bo: User) -> None:
    over = ReminderPlan(at=NOW - 10 * DAY, repeat="FREQ=DAILY;COUNT=2")
    assert gist(promised(bo, over), bo) == [("skipped", NOW - 10 * DAY, TOO_LATE)]


def test_one_that_has_fired_and_is_too_late_for_an_earlier_due_date_is_there_for_both(bo: User) -> None:
    task = promised(bo, DAY_BEFORE, due_date=FRIDAY)
    deliver_due(BEFORE_MIDNIGHT)
    now = BEFORE_MIDNIGHT + HOUR
    change(task, bo, now, due_date=date(2026, 11, 26))
    assert gist(task, bo, now) == [("pending", BEFORE_MIDNIGHT, ""), ("skipped", BEFORE_MIDNIGHT - DAY, TOO_LATE)]


def test_of_one_that_repeats_the_occurrence_that_was_let_pass_is_shown(bo: User) -> None:
    task = promised(bo, ReminderPlan(at=NOW + HOUR, repeat="FREQ=DAILY"))
    deliver_due(NOW + HOUR)
    change(task, bo, NOW + 2 * HOUR, stage=Stage.COMPLETED)
    third = NOW + HOUR + 2 * DAY
    deliver_due(third + HOUR)
    assert gist(task, bo, third + DAY) == [("skipped", third, FINISHED), ("pending", NOW + HOUR, "")]
    change(task, bo, third + DAY, stage=Stage.PENDING)
    assert gist(task, bo, third + DAY) == [("pending", NOW + HOUR, "")]


def test_an_own_one_that_was_skipped_is_for_its_owner_alone(bo: User, cy: User, mia: User) -> None:
    task = promised(bo, SOON, assigned_to_id=cy.pk)
    own = add_reminder(task.pk, ReminderPlan(at=NOW + 2 * HOUR, for_me=True), by=cy, now=NOW)
    change(task, bo, stage=Stage.COMPLETED)
    deliver_due(NOW + 2 * HOUR)
    shared = ("skipped", NOW + HOUR, FINISHED)
    assert gist(task, bo) == gist(task, mia) == [shared]
    assert gist(task, cy) == [("skipped", NOW + 2 * HOUR, FINISHED), shared]
    assert past(task, cy)[0] | {"reminder": own.pk, "recipient": cy.pk} == past(task, cy)[0]


def test_one_that_was_taken_for_fired_when_a_backup_was_restored_is_not_forgotten(bo: User) -> None:
    task = promised(bo, SOON)
    forget_fired_until(NOW + DAY)
    assert gist(task, bo) == [("fired", NOW + HOUR, NO_MAIL)]


def test_cy_who_came_later_reads_that_it_has_fired_and_not_who_was_told(bo: User, cy: User) -> None:
    task = promised(bo, SOON)
    deliver_due(NOW + HOUR)
    change(task, bo, NOW + 2 * HOUR, assigned_to_id=cy.pk)
    assert gist(task, cy) == [("fired", NOW + HOUR, NO_MAIL)]
    assert [(row["state"], row["recipient"]) for row in past(task, bo)] == [("pending", bo.pk)]


def test_a_mail_that_quiet_hours_hold_is_seen_all_night(bo: User, mailbox: Mailbox) -> None:
    night = {"quiet_from": time(22), "quiet_until": time(7), "quiet_reminders": True, "timezone": "Europe/Berlin"}
    update_profile(bo, now=NOW, **night)
    task = promised(bo, ReminderPlan(at=LATE))
    pk = Reminder.objects.get().pk
    assert mailbox.tick(LATE) == []
    for now in (LATE, LATE + HOUR, MORNING - HOUR):
        (row,) = past(task, bo, now)
        assert row | {"state": "pending", "next_try_at": MORNING, "reason": QUIET, "reminder": pk} == row
    assert names(mailbox.tick(MORNING)) == ["bo"]
    (row,) = past(task, bo, MORNING)
    assert row | {"state": "sent", "next_try_at": None, "reason": "", "lateness_seconds": 0.0} == row


def test_a_mail_that_the_server_puts_off_says_when_it_is_tried_again(bo: User) -> None:
    task = promised(bo, SOON)
    deliver_due(NOW + HOUR)
    again = NOW + 2 * HOUR
    Notification.objects.update(due_at=NOW)  # quiet hours have delayed it before
    Delivery.objects.update(not_before=again, attempt=1, server_reply="451 later")
    (row,) = past(task, bo, NOW + HOUR)
    assert row | {"state": "pending", "next_try_at": again, "reason": "", "server_said": "451 later"} == row


def test_what_comes_from_no_reminder_says_so(bo: User, cy: User) -> None:
    task = promised(bo, assigned_to_id=cy.pk)
    (row,) = reminder_timeline(task, bo, now=NOW)["past"]
    assert (row["kind"], row["reminder"], row["state"]) == ("task_assigned", None, DeliveryState.PENDING)


def test_one_that_waits_for_a_due_date_is_there_without_a_moment(bo: User) -> None:
    task = promised(bo, DAY_BEFORE, SOON)
    found = reminder_timeline(task, bo, now=NOW)
    assert [row["at"] for row in found["next"]] == [NOW + HOUR, None]
    assert found["next"][1]["local"] is None
    assert found["next"][1]["reason"].endswith("for everybody on the task; waiting for the task to have a due date")
    assert found["past"] == []


def test_many_firings_of_one_do_not_hide_another(bo: User) -> None:
    rare = [ReminderPlan(at=NOW + days * DAY) for days in (100, 200)]
    task = promised(bo, ReminderPlan(at=NOW + HOUR, repeat="FREQ=DAILY"), *rare)
    coming = [row["at"] for row in reminder_timeline(task, bo, now=NOW)["next"]]
    assert coming == [*(NOW + HOUR + day * DAY for day in range(MAX_UPCOMING)), NOW + 100 * DAY, NOW + 200 * DAY]


@pytest.mark.parametrize("many", [1, 10])
def test_it_costs_three_however_many_there_are(bo: User, query_budget: Any, many: int) -> None:
    def each(day: int) -> list[ReminderPlan]:
        return [ReminderPlan(at=NOW + (day + n * many) * DAY, repeat=rule) for n, rule in enumerate(("", "FREQ=DAILY"))]

    task = promised(bo, DAY_BEFORE, *(plan for day in range(1, many + 1) for plan in each(day)), due_date=NOW.date())
    deliver_due(NOW + (many + 1) * DAY)
    with query_budget(3):  # reminders, mails, and which reminders have mails
        found = reminder_timeline(task, bo, now=NOW)
    assert len(found["past"]) >= many + 1
    assert found["next"]


@pytest.mark.parametrize(
    ("span", "text"),
    [
        *[("PT0S", "when due"), ("P0D", "when due"), ("PT1M", "1 minute before due"), ("P1W", "1 week before due")],
        *[("PT24H", "24 hours before due"), ("P1D", "1 day before due"), ("PT90M", "90 minutes before due")],
        ("P2DT1H30M5S", "2 days 1 hour 30 minutes 5 seconds before due"),
    ],
)
def test_the_reason_says_how_long_before_due_in_words(bo: User, span: str, text: str) -> None:
    task = promised(bo, before(span), due_date=NOW.date() + timedelta(days=9))
    (row,) = reminder_timeline(task, bo, now=NOW)["next"]
    assert row["reason"] == f"{text}, for everybody on the task"
