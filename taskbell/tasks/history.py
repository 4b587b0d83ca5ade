"""The task as history tells it: by the names that people read."""

from typing import Any

from taskbell.activity.actions import Change
from taskbell.tasks.models import Priority, Task


def snapshot(task: Task) -> dict[str, Any]:
    """Every field that history follows. Reminders and prerequisites tell of themselves."""
    return {
        "title": task.title,
        "description": task.description,
        "status": task.status,
        "stage": task.stage,
        "priority": Priority(task.priority).name,
        "category": task.category_id,
        "due_date": task.due_date,
        "due_time": task.due_time,
        "timezone": task.timezone,
        "assigned_to": task.assigned_to_id,
        "recurrence": task.recurrence or None,
        "recurrence_from": task.recurrence_from,
    }


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Change]:
    """What has changed between two snapshots, by field."""
    changes = {name: (before[name], after[name]) for name in before if before[name] != after[name]}
    if "status" in changes and after["status"] == after["stage"]:
        changes.pop("stage", None)  # the status tells it; an overdue task has a stage that it does not tell
    return changes
