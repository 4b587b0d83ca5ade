"""Reading the history."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from taskbell.accounts.models import User
from taskbell.activity.models import Activity


@dataclass
class FieldChange:
    """What one field was before several changes, and what it is after them."""

    field: str
    old: Any
    new: Any
    by: str

    @property
    def label(self) -> str:
        """The field's name in words."""
        return self.field.replace("_", " ").capitalize()


def changes_since(task_id: int, since: datetime, *, but: User) -> list[FieldChange]:
    """What others than `but` have changed on the task, each field once, from its first value to its last."""
    lines = Activity.objects.filter(task_id=task_id, timestamp__gte=since).exclude(field="").exclude(user=but)
    changes: dict[str, FieldChange] = {}
    for line in lines.select_related("user").order_by("id"):
        by = line.user.name if line.user else "Taskbell"
        first = changes.get(line.field)
        old = first.old if first else line.old_value
        changes[line.field] = FieldChange(line.field, old, line.new_value, by)
    return [change for change in changes.values() if change.old != change.new]
