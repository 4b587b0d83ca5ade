"""Reminders before the due date: they follow it, and never fire too late."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.common.clock import as_instant
from taskbell.reminders.models import Reminder
from taskbell.tasks.actions import create_task, delete_task, restore_task, skip_task
from taskbell.tasks.kinds import Stage
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.reminder_actions import change_reminder
from tests.conftest import NOW
from tests.reminders.mailbox import Mailbox, names
from tests.reminders.patches import BERLIN, DAY, DAY_BEFORE, FRIDAY, HOUR, before, change, next_at, promised, state, utc

# Due when Friday is over in Berlin.
BEFORE_MIDNIGHT = utc("2026-11-26T23:00")


@pytest.mark.parametrize(
    ("moved", "expected"),
    [
        ({"due_date": date(2026, 11, 30)}, "2026-11-29T23:00"),
        ({"due_time": time(17, 30)}, "2026-11-26T16:30"),
        ({"timezone": "America/New_York"}, "2026-11-27T05:00"),
        ({"due_date": date(2026, 11, 30), "due_time": time(8), "timezone": "Asia/Kolkata"}, "2026-11-29T02:30"),
    ],
)
def test_it_follows_the_due_date_the_time_and_the_zone(bo: User, moved: dict[str, Any], expected: str) -> None:
    task = promised(bo, DAY_BEFORE, due_date=FRIDAY)
    assert next_at() == BEFORE_MIDNIGHT
    change(task, bo, **moved)
    assert (next_at(), state()) == (utc(expected), "armed")


def test_bo_is_told_a_day_before_and_again_when_the_task_is_put_off(bo: User, mailbox: Mailbox) -> None:
    task = promised(bo, DAY_BEFORE, due_date=FRIDAY)
    assert mailbox.tick(BEFORE_MIDNIGHT - timedelta(microseconds=1)) == []
    assert names(mailbox.tick(BEFORE_MIDNIGHT)) == ["bo"]
    change(task, bo, BEFORE_MIDNIGHT + HOUR, due_date=FRIDAY + 7 * DAY)
    assert (next_at(), state()) == (BEFORE_MIDNIGHT + 7 * DAY, "armed")
    assert names(mailbox.tick(BEFORE_MIDNIGHT + 7 * DAY)) == ["bo"]


def test_one_that_would_be_too_late_is_skipped_and_comes_back_with_more_time(bo: User, mailbox: Mailbox) -> None:
    task = promised(bo, DAY_BEFORE, due_date=NOW.date())
    assert (next_at(), state()) == (None, "skipped")
    assert mailbox.tick(NOW + DAY) == []
    change(task, bo, due_date=FRIDAY)
    assert (next_at(), state()) == (BEFORE_MIDNIGHT, "armed")
    change(task, bo, due_date=NOW.date())
    assert (next_at(), state()) == (None, "skipped")


def test_without_a_due_date_it_waits_for_one(bo: User, mailbox: Mailbox) -> None:
    task = promised(bo, DAY_BEFORE)
    assert (next_at(), state(), Reminder.objects.get().at) == (None, "armed", None)
    assert mailbox.tick(NOW + 300 * DAY) == []
    change(task, bo, due_date=FRIDAY)
    assert next_at() == BEFORE_MIDNIGHT
    change(task, bo, due_date=None)
    assert (next_at(), state()) == (None, "armed")


@pytest.mark.parametrize(
    ("length", "local"),
    [
        *[("P1D", "2027-03-27T12:00"), ("PT24H", "2027-03-27T11:00"), ("P1DT2H", "2027-03-27T10:00")],
        *[("P1W", "2027-03-21T12:00"), ("PT168H", "2027-03-21T11:00"), ("P7DT1S", "2027-03-21T11:59:59")],
        *[("PT0S", "2027-03-28T12:00"), ("P0D", "2027-03-28T12:00")],
    ],
)
def test_a_day_is_a_day_of_the_calendar_and_hours_are_hours_that_pass(bo: User, length: str, local: str) -> None:
    spring_sunday = date(2027, 3, 28)  # 23 hours long in Berlin
    promised(bo, before(length), due_date=spring_sunday, due_time=time(12))
    assert next_at() == as_instant(datetime.fromisoformat(local), BERLIN)


def test_a_day_before_that_the_clock_skips_is_moved_forward_and_one_that_comes_twice_is_the_first(bo: User) -> None:
    task = promised(bo, DAY_BEFORE, due_date=date(2027, 3, 29), due_time=time(2, 30))
    assert next_at() == utc("2027-03-28T01:30")  # 3:30 there
    change(task, bo, due_date=date(2027, 11, 1))
    assert next_at() == utc("2027-10-31T00:30")  # 2:30 there, for the first time


def test_a_day_before_the_end_of_a_day_is_its_beginning_even_if_the_clock_changes(bo: User) -> None:
    task = promised(bo, DAY_BEFORE, due_date=date(2027, 3, 28))  # 23 hours long
    assert next_at() == utc("2027-03-27T23:00")
    change(task, bo, due_date=date(2027, 10, 31))  # 25 hours long
    assert next_at() == utc("2027-10-30T22:00")


def test_what_has_fired_stays_fired_when_bo_begins_to_work(bo: User) -> None:
    task = promised(bo, DAY_BEFORE, due_date=FRIDAY)
    Reminder.objects.update(state="fired", next_at=None)
    change(task, bo, BEFORE_MIDNIGHT + HOUR, stage=Stage.IN_PROGRESS)
    assert (next_at(), state()) == (None, "fired")


def test_one_that_an_outage_holds_up_is_not_lost_by_a_change_of_status(bo: User, mailbox: Mailbox) -> None:
    task = promised(bo, DAY_BEFORE, due_date=FRIDAY)
    change(task, bo, BEFORE_MIDNIGHT + HOUR, stage=Stage.IN_PROGRESS)  # the clock has not ticked for an hour
    assert names(mailbox.tick(BEFORE_MIDNIGHT + 2 * HOUR)) == ["bo"]


def test_a_task_that_is_open_again_has_its_reminder_back_where_there_is_time(bo: User, mailbox: Mailbox) -> None:
    task = promised(bo, DAY_BEFORE, due_date=FRIDAY)
    change(task, bo, stage=Stage.COMPLETED)
    assert mailbox.tick(BEFORE_MIDNIGHT) == []
    assert state() == "skipped"
    change(task, bo, BEFORE_MIDNIGHT + HOUR, stage=Stage.PENDING, due_date=FRIDAY + DAY)
    assert (next_at(), state()) == (BEFORE_MIDNIGHT + DAY, "armed")


def test_a_task_put_off_while_it_was_done_has_its_reminder_at_the_new_time(bo: User) -> None:
    task = promised(bo, DAY_BEFORE, due_date=FRIDAY)
    change(task, bo, stage=Stage.COMPLETED)
    change(task, bo, due_date=FRIDAY + DAY)
    change(task, bo, stage=Stage.PENDING)
    assert next_at() == BEFORE_MIDNIGHT + DAY


def test_a_skipped_occurrence_takes_the_reminder_along(bo: User) -> None:
    task = promised(bo, DAY_BEFORE, due_date=FRIDAY, recurrence="FREQ=WEEKLY")
    skip_task(task.pk, by=bo, now=NOW)
    assert next_at() == BEFORE_MIDNIGHT + 7 * DAY


def test_a_task_out_of_the_trash_has_its_repeating_reminder_back(bo: User, mailbox: Mailbox) -> None:
    patch = {"title": "Water the plants", "timezone": BERLIN, "due_date": FRIDAY}
    weekly = before("P1D", repeat="FREQ=WEEKLY")
    task = create_task(TaskPatch(**patch, reminders=[weekly]), by=bo, now=NOW)
    delete_task(task.pk, by=bo, now=NOW)
    assert mailbox.tick(BEFORE_MIDNIGHT) == []
    restore_task(task.pk, by=bo, now=BEFORE_MIDNIGHT + HOUR)
    assert (next_at(), state()) == (BEFORE_MIDNIGHT + 7 * DAY, "armed")


def test_a_week_that_is_written_as_such_reads_so_and_stays_the_same_reminder(bo: User) -> None:
    task = promised(bo, before("P7D"), due_date=FRIDAY)
    Reminder.objects.update(state="fired", next_at=None)
    reminder = Reminder.objects.get()
    assert change_reminder(task.pk, reminder.pk, before("P1W"), by=bo, now=NOW) == reminder
    assert (str(Reminder.objects.get().before_due), state()) == ("P1W", "fired")
    change(task, bo, reminders=[before("PT168H"), before("P7D")])
    assert [str(one.before_due) for one in Reminder.objects.order_by("id")] == ["P7D", "PT168H"]
    assert Reminder.objects.earliest("id").state == "fired"
    words = Activity.objects.filter(field="reminders").order_by("id").values_list("old_value", "new_value")
    assert list(words) == [
        (["P7D before due"], ["P1W before due"]),
        (["P1W before due"], ["P7D before due", "PT168H before due"]),
    ]
