"""The clock of the machine is set forwards and backwards, again and again: nothing is early, lost or doubled."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import create_task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW
from tests.faults.test_safeguards import AT, Scene, die, scene

__all__ = ["scene"]  # a fixture
MINUTE = timedelta(minutes=1)


def tick(scene: Scene) -> None:
    scene.fire()
    scene.send()


def test_before_its_time_nothing_goes_out(scene: Scene) -> None:
    scene.now = AT - timedelta(microseconds=1)
    tick(scene)
    assert scene.book == []


def test_a_clock_set_back_after_sending_repeats_nothing(scene: Scene, bo: User) -> None:
    tick(scene)
    scene.now = AT - 60 * MINUTE
    tick(scene)
    scene.now = AT
    tick(scene)
    assert len(scene.book) == 3
    assert scene.complaints(bo) == []


def test_a_clock_set_back_between_firing_and_sending_makes_the_mails_wait(scene: Scene, bo: User) -> None:
    scene.fire()
    scene.now = AT - 60 * MINUTE
    scene.send()
    assert scene.book == []
    assert scene.complaints(bo) == []


def test_a_clock_set_back_while_a_dead_sender_holds_the_mail_only_delays_it(scene: Scene, bo: User) -> None:
    scene.fire()
    scene.after_dot = die
    scene.send()
    scene.now = AT - 30 * MINUTE
    tick(scene)
    assert len(scene.book) == 1
    assert scene.complaints(bo) == []


def test_a_clock_set_forward_by_a_year_sends_what_was_missed_once(scene: Scene, bo: User) -> None:
    scene.now = AT + timedelta(days=365)
    tick(scene)
    tick(scene)
    assert len(scene.book) == 3
    assert scene.complaints(bo) == []


def test_a_daily_reminder_told_of_today_is_not_told_of_it_again(scene: Scene, bo: User) -> None:
    plan = ReminderPlan(at=AT, repeat="FREQ=DAILY")
    create_task(TaskPatch(title="Water the plants", reminders=[plan]), by=bo, now=NOW)
    for days in (0, 3, 1, 2, 3, 0, 4):
        scene.now = AT + timedelta(days=days)
        tick(scene)
    assert len(scene.book) == 3 + 3, "the three of the scene, and the daily one on days 0, 3 and 4"
    assert len({entry.message_id for entry in scene.book}) == 6


@pytest.mark.parametrize("seed", range(5))
def test_a_clock_that_jumps_about_at_random(seed: int, scene: Scene, bo: User) -> None:
    random = Random(seed)
    for number in range(10):
        at = AT + random.uniform(0, 60) * MINUTE
        create_task(TaskPatch(title=f"Errand {number}", reminders=[ReminderPlan(at=at)]), by=bo, now=NOW)
    for _ in range(30):
        scene.now = AT + random.uniform(-30, 90) * MINUTE
        tick(scene)
    scene.now = AT + 90 * MINUTE
    tick(scene)
    early: list[Any] = [complaint for complaint in scene.complaints(bo) if "in the app" not in complaint]
    assert early == []
    assert len(scene.book) == 13
