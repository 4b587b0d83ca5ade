"""A task's fields as the history shows them."""

from datetime import datetime
from typing import Any

from taskbell.accounts.models import User
from taskbell.activity.actions import Change, record
from taskbell.tasks.kinds import Priority
from taskbell.tasks.models import Task

OWN_REMINDERS = "own_reminders"  # private ones, which others can't see


def snapshot(task: Task) -> dict[str, Any]:
    """Every field that the history records, except reminders and prerequisites."""
    return {
        "title": task.title,
        "description": task.description,
        "status": task.status,
        "stage": task.stage,
        "priority": Priority(task.priority).name,
        "project": task.project_id,
        "category": task.category_id,
        "due_date": task.due_date,
        "due_time": task.due_time,
        "timezone": task.timezone,
        "assigned_to": task.assigned_to_id,
        "recurrence": task.recurrence or None,
        "recurrence_from": task.recurrence_from,
    }


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Change]:
    """The changes between two snapshots, by field."""
    changes = {name: (before[name], after[name]) for name in before if before[name] != after[name]}
    if "status" in changes and after["status"] == after["stage"]:
        changes.pop("stage", None)  # the status says the same, unless the task is overdue
    return changes


def record_own_reminders(task: Task, *, by: User, now: datetime) -> None:
    """Writes an entry that only this person sees; it updates their copies, live connections and caches."""
    record(task, "updated", by=by, at=now, field=OWN_REMINDERS, person_id=by.pk)
