"""Entries of the history as JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, TypedDict

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.payloads import payload_of
from taskbell.tasks.audience import sees_everything
from taskbell.tasks.models import Task


class ActivityOut(TypedDict):
    """A change of a task."""

    id: int
    task: int
    user: Annotated[int | None, "Null: the clock made the change."]
    action: str
    field: str
    old_value: Any
    new_value: Any
    timestamp: datetime


def activity_as_json(entries: Sequence[Activity], person: User) -> list[ActivityOut]:
    """The entries as the person sees them: without prerequisites that they can't see. At most one query."""
    hidden = _hidden_prerequisites(entries, person)
    return [_entry_as_json(entry, hidden) for entry in entries]


def _entry_as_json(entry: Activity, hidden: set[int]) -> ActivityOut:
    old, new = (_without(hidden, entry.field, value) for value in (entry.old_value, entry.new_value))
    return payload_of(ActivityOut, entry, task=entry.task_id, user=entry.user_id, old_value=old, new_value=new)


def _prerequisites_in(field: str, value: Any) -> list[int]:
    """The prerequisites that a value of the history names."""
    if isinstance(value, dict):
        return list(value.get("pre_tasks", ()))
    return list(value) if field == "pre_tasks" else []


def _without(hidden: set[int], field: str, value: Any) -> Any:
    """The value without the hidden prerequisites."""
    if hidden.isdisjoint(named := _prerequisites_in(field, value)):
        return value
    rest = [pk for pk in named if pk not in hidden]
    return value | {"pre_tasks": rest} if isinstance(value, dict) else rest


def _hidden_prerequisites(entries: Sequence[Activity], person: User) -> set[int]:
    """The prerequisites named in the entries that do not concern the person."""
    named = {
        pk
        for entry in entries
        for value in (entry.old_value, entry.new_value)
        for pk in _prerequisites_in(entry.field, value)
    }
    if not named or sees_everything(person):
        return set()
    return named - set(Task.objects.concerning(person).filter(pk__in=named).values_list("pk", flat=True))
