"""The report as anybody would count it by hand, task by task."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from taskbell.tasks.kinds import PRIORITY_NAMES, STATUSES, Priority
from taskbell.tasks.models import Task


def counted_by_hand(tasks: Iterable[Task], *, now: datetime) -> dict[str, Any]:
    """What the contract promises of these tasks, those in the trash left out."""
    there = [task for task in tasks if task.deleted_at is None]
    by_status = Counter(task.status for task in there)
    by_priority = Counter(Priority(task.priority).name for task in there)
    day = timedelta(hours=24)
    coming = [task for task in there if task.is_open and task.due_at and now < task.due_at]
    soon = [task for task in coming if task.due_at and task.due_at <= now + day * (1 if task.due_time else 1.5)]
    return {
        "total": len(there),
        "completed": by_status["COMPLETED"],
        "pending": by_status["PENDING"],
        "tasks_by_priority": {name: by_priority[name] for name in PRIORITY_NAMES},
        "tasks_by_status": {name: by_status[name] for name in STATUSES},
        "tasks_assigned": dict(Counter(task.assigned_to.username for task in there if task.assigned_to)),
        "tasks_created": dict(Counter(task.created_by.username for task in there)),
        "tasks_due_soon": len(soon),
    }


def local_day(at: datetime, zone: str) -> date:
    """The day it is there."""
    return at.astimezone(ZoneInfo(zone)).date()
