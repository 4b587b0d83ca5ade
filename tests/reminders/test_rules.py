"""The verbs about one reminder check its rules themselves, whatever the door."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from taskbell.accounts.models import User
from taskbell.common.durations import Duration
from taskbell.common.errors import Invalid
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import MAX_BEFORE_DUE, ReminderPlan
from taskbell.tasks.models import Task
from taskbell.tasks.reminder_actions import add_reminder, change_reminder, snooze_task
from tests.conftest import NOW
from tests.reminders.patches import before, promised

Verb = Callable[[Task, ReminderPlan, User], object]
FAR = datetime(3001, 1, 1, tzinfo=UTC)
WRONG = {
    "at": [ReminderPlan(), ReminderPlan(at=FAR), ReminderPlan(at=datetime(1969, 1, 1, tzinfo=UTC))],
    "before_due": [before(f"P{MAX_BEFORE_DUE.days}DT1S"), before("P53W"), ReminderPlan(before_due=Duration(-1))],
    "repeat": [ReminderPlan(at=NOW, repeat="FREQ=SECONDLY"), ReminderPlan(at=NOW, repeat="x" * 600)],
}


def add(task: Task, plan: ReminderPlan, by: User) -> object:
    return add_reminder(task.pk, plan, by=by, now=NOW)


def change(task: Task, plan: ReminderPlan, by: User) -> object:
    return change_reminder(task.pk, Reminder.objects.get().pk, plan, by=by, now=NOW)


def as_function(task: Task, plan: ReminderPlan, by: User) -> object:
    return add_reminder(task.pk, lambda _: plan, by=by, now=NOW)


@pytest.mark.parametrize("verb", [add, change, as_function])
@pytest.mark.parametrize(("field", "plan"), [(field, plan) for field, plans in WRONG.items() for plan in plans])
def test_a_wrong_reminder_is_refused_and_changes_nothing(bo: User, verb: Verb, field: str, plan: ReminderPlan) -> None:
    task = promised(bo, ReminderPlan(at=NOW))
    before = list(Reminder.objects.values())
    with pytest.raises(Invalid) as refusal:
        verb(task, plan, bo)
    assert [error.field for error in refusal.value.errors] == [field]
    assert list(Reminder.objects.values()) == before
    assert Task.objects.get().version == task.version


def test_a_snooze_into_the_next_millennium_is_refused(bo: User) -> None:
    task = promised(bo)
    with pytest.raises(Invalid):
        snooze_task(task.pk, FAR, by=bo, now=NOW)
    assert not Reminder.objects.exists()
