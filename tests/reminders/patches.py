"""Short ways to have tasks with reminders, in Berlin."""

from datetime import date, datetime, timedelta
from typing import Any

from taskbell.accounts.models import User
from taskbell.common.durations import parse_duration
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import create_task, update_task
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW

BERLIN = "Europe/Berlin"
FRIDAY = date(2026, 11, 27)  # NOW is a Saturday, 10:00 in Berlin
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def before(text: str, **more: Any) -> ReminderPlan:
    """A reminder this long before the task is due."""
    return ReminderPlan(before_due=parse_duration(text), **more)


DAY_BEFORE = before("P1D")


def promised(by: User, *plans: ReminderPlan, now: datetime = NOW, **fields: Any) -> Task:
    """A task with these reminders."""
    patch = {"title": "Water the plants", "timezone": BERLIN} | fields
    return create_task(TaskPatch(**patch, reminders=plans), by=by, now=now)


def change(task: Task, by: User, now: datetime = NOW, **fields: Any) -> Task:
    """The task after this change."""
    return update_task(task.pk, TaskPatch(**fields), by=by, now=now)


def next_at() -> datetime | None:
    """When the one reminder there is fires next."""
    return Reminder.objects.get().next_at


def state() -> str:
    """What has become of the one reminder there is."""
    return Reminder.objects.get().state


def utc(text: str) -> datetime:
    """The instant."""
    return datetime.fromisoformat(f"{text}+00:00")
