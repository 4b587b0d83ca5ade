"""Two people at once, on real threads: nothing that somebody adds is lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from taskbell.accounts.models import User
from taskbell.notifications.models import Notification
from taskbell.reminders.firing import deliver_due
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.models import Task
from taskbell.tasks.reminder_actions import add_reminder, change_reminder, delete_reminder
from tests.conftest import NOW
from tests.reminders.patches import DAY, HOUR, promised

pytestmark = pytest.mark.django_db(transaction=True)
EACH = 6


@pytest.fixture
def people(request: pytest.FixtureRequest) -> list[User]:
    """Bo, and Mia, who looks after his tasks."""
    return [request.getfixturevalue("bo"), request.getfixturevalue("mia")]


def at_once(work: Callable[[int], Any], number: int) -> None:
    """All of it at the same time, each on a thread and a connection of its own."""
    together = Barrier(number)

    def run(which: int) -> None:
        together.wait()
        try:
            work(which)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(number) as pool:
        list(pool.map(run, range(number)))


def moment(which: int) -> datetime:
    return NOW + HOUR + which * DAY


def test_what_two_people_add_at_once_is_all_there(people: list[User]) -> None:
    task = promised(people[0])
    at_once(lambda n: add_reminder(task.pk, ReminderPlan(at=moment(n)), by=people[n % 2], now=NOW), 2 * EACH)
    expected = [moment(which) for which in range(2 * EACH)]
    assert list(Reminder.objects.order_by("at").values_list("at", flat=True)) == expected
    assert Task.objects.get().version == 1 + 2 * EACH


def test_adding_changing_and_removing_do_not_get_into_each_others_way(people: list[User]) -> None:
    task = promised(people[0], *(ReminderPlan(at=moment(n)) for n in range(3 * EACH)))
    keys = list(Reminder.objects.order_by("at").values_list("pk", flat=True))

    def work(which: int) -> None:
        by, key = people[which % 2], keys[which]
        if which % 3 == 0:
            delete_reminder(task.pk, key, by=by, now=NOW)
        elif which % 3 == 1:
            change_reminder(task.pk, key, ReminderPlan(at=moment(100 + which)), by=by, now=NOW)
        else:
            add_reminder(task.pk, ReminderPlan(at=moment(200 + which)), by=by, now=NOW)

    at_once(work, 3 * EACH)
    groups = [range(2, 3 * EACH, 3), range(101, 101 + 3 * EACH, 3), range(202, 202 + 3 * EACH, 3)]
    expected = [moment(which) for group in groups for which in group]
    assert list(Reminder.objects.order_by("at").values_list("at", flat=True)) == expected


def test_competing_clocks_fire_a_repeating_one_once(people: list[User]) -> None:
    promised(people[0], ReminderPlan(at=NOW + HOUR, repeat="FREQ=DAILY"))
    at_once(lambda _: deliver_due(NOW + HOUR), EACH)
    assert Notification.objects.count() == 1
    assert Reminder.objects.get().next_at == NOW + HOUR + DAY
