"""A task that is done early repeats after its due date, whichever way it is done."""

from datetime import date
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.common.clock import utc_now
from taskbell.notifications.links import LinkAction
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import create_task
from taskbell.tasks.kinds import Stage
from taskbell.tasks.mail_buttons import press
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import Program
from tests.web.conftest import Browser
from tests.web.test_admin import BrowserOf
from tests.web.test_admin_verbs import change_of, save

DONE = {"status": "COMPLETED"}


@pytest.fixture
def world(alice: User, as_user: Any, browser_of: BrowserOf) -> tuple[User, Program, Browser]:
    """Alice, an ADMIN, with a program and a browser."""
    return alice, as_user(alice), browser_of(alice)


def path_of(task: Task) -> str:
    return f"/api/tasks/{task.pk}/"


DOORS: dict[str, Any] = {
    "patch": lambda task, who, ask, browser: ask.patch(path_of(task), DONE),
    "put": lambda task, who, ask, browser: ask.put(
        path_of(task), ask.get(path_of(task)).json() | DONE | {"stage": "COMPLETED"}
    ),
    "bulk": lambda task, who, ask, browser: ask.post("/api/tasks/bulk/", {"update": [{"id": task.pk} | DONE]}),
    "mail": lambda task, who, ask, browser: press(LinkAction(who.pk, "done", task.pk), now=utc_now()),
    "admin": lambda task, who, ask, browser: save(browser, change_of(task, "tasks/task"), stage=Stage.COMPLETED),
}


@pytest.mark.parametrize("door", DOORS)
def test_the_next_is_due_after_the_one_that_was_met(door: str, world: tuple[User, Program, Browser]) -> None:
    alice = world[0]
    patch = TaskPatch(
        title="Close the books",
        due_date=date(2096, 12, 31),
        recurrence="FREQ=MONTHLY;BYMONTHDAY=-1",
        recurrence_from="completion",
        timezone="UTC",
        reminders=[ReminderPlan(at=utc_now().replace(year=2096, month=12, day=30))],
    )
    task = create_task(patch, by=alice, now=utc_now())
    DOORS[door](task, *world)
    task.refresh_from_db()
    assert task.stage == Stage.COMPLETED
    new = Task.objects.get(series=task.series, occurrence=2)
    assert (new.due_date, new.anchor_date) == (date(2097, 1, 31), date(2097, 1, 31))
    reminder = Reminder.objects.get(task=new)
    assert reminder.next_at is not None
    assert f"{reminder.next_at:%Y-%m-%d}" == "2097-01-30"
