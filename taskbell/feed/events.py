"""The history as others follow it: what each line means now, and who may hear of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.activity.models import Activity, Place
from taskbell.activity.queries import lines_after
from taskbell.tasks.models import Category, Priority, Task

BATCH = 500
DELETED = ("deleted", "withdrawn")
EVENTS = {
    "created": "task.created",
    "restored": "task.created",
    "deleted": "task.deleted",
    "withdrawn": "task.deleted",
    "overdue": "task.overdue",
    "unblocked": "task.unblocked",
    "reminded": "reminder.fired",
}
USUAL = "task.updated"
Payload = dict[str, Any]


@dataclass(frozen=True)
class Event:
    """Something that happened, as it looks now: `payload` for those who see it, `farewell` for those who did."""

    position: int
    payload: Payload | None
    people: frozenset[int] = frozenset()
    is_for_all: bool = False
    only: int | None = None
    left: frozenset[int] = frozenset()
    removal: Payload | None = None

    def heard_by(self, person: User) -> Payload | None:
        """What this person is told; None: nothing. One object for all who are told the same."""
        if self.only is not None and self.only != person.pk:
            return None
        if self.is_for_all or person.pk in self.people or person.can(Capability.SEE_EVERYTHING):
            return self.payload
        return self.removal if person.pk in self.left else None


@dataclass(frozen=True)
class Events:
    """Some events in the order of commits, and up to which line of the history they tell."""

    events: Sequence[Event]
    position: int


def events_after(position: int, *, limit: int = BATCH) -> Events:
    """What comes after this line, for everybody; each event knows who may hear of it. Two queries, or up to four.

    What and whom an event tells is decided now: the tasks are read after the lines. Ask again, from the position that
    is returned, until it stays.
    """
    places = lines_after(position, limit)
    world = _Context([place.line for place in places])
    events = [event for group in _grouped(places) if (event := _event(group, world)) is not None]
    return Events(events, places[-1].position if places else position)


class _Context:
    """All that some lines of history speak of, as it is now."""

    def __init__(self, lines: Sequence[Activity]) -> None:
        ids = {line.task_id for line in lines if line.task_id is not None}
        self.tasks: Mapping[int, Task] = Task.objects.in_bulk(ids) if ids else {}
        missing = ids - self.tasks.keys()
        self.knew = gone_for_good(missing) if missing else {}
        labels = {_said(line)["id"] for line in lines if line.action.startswith("category.")}
        self.categories = Category.objects.in_bulk(labels) if labels else {}


def gone_for_good(tasks: Iterable[int]) -> dict[int, frozenset[int]]:
    """Of these tasks, those that were purged, each with the people it was of."""
    lines: Any = Activity.objects.filter(task__in=list(tasks), action="purged").values_list("task_id", "old_value")
    return {pk: frozenset(people) for pk, people in lines}


def _grouped(places: Iterable[Place]) -> Iterator[list[Place]]:
    """One change of several fields has several lines, and is one event."""
    for _, group in groupby(places, key=lambda place: _deed(place.line)):
        yield list(group)


def _deed(line: Activity) -> tuple[Any, ...]:
    event = EVENTS.get(line.action, USUAL)
    apart = line.pk if line.task_id is None or line.person_id is not None else None
    return line.task_id, event, line.user_id, line.person_id, line.timestamp, apart


def _event(group: list[Place], world: _Context) -> Event | None:
    place, line = group[-1], group[-1].line
    if "." in line.action:
        payload = event_by_itself(line, world.categories)
        return Event(place.position, payload, is_for_all=True, only=line.person_id)
    return _event_of_task(place, EVENTS.get(line.action, USUAL), _who_left(group), world)


def event_by_itself(line: Activity, categories: Mapping[int, Category]) -> Payload:
    """What a line says that is not a change of one task; its action has a dot. A category has the name of now."""
    said = _said(line)
    if line.action.startswith("category."):
        category = categories.get(said["id"])
        return {"event": line.action, "category_id": said["id"], "name": category and category.name}
    return {"event": line.action, "task_id": line.task_id, **said}


def _event_of_task(place: Place, event: str, left: frozenset[int], world: _Context) -> Event | None:
    line = place.line
    assert line.task_id is not None  # noqa: S101 - asked before
    task = world.tasks.get(line.task_id)
    goodbye = {"event": "task.deleted", "task_id": line.task_id}
    if event == "task.deleted":
        people = task.people if task else world.knew.get(line.task_id, frozenset())
        payload = {**goodbye, **_shown(task)} if task else goodbye
        return Event(place.position, payload, people=people, left=left, removal=goodbye)
    if task is None or task.deleted_at is not None:  # its end comes later, and tells all
        return Event(place.position, None, left=left, removal=goodbye) if left else None
    payload = {"event": event, "task_id": line.task_id, **_shown(task)}
    return Event(place.position, payload, people=task.people, only=line.person_id, left=left, removal=goodbye)


def _who_left(group: list[Place]) -> frozenset[int]:
    lines = [place.line for place in group]
    return frozenset(line.old_value for line in lines if line.field == "assigned_to" and line.old_value is not None)


def _said(line: Activity) -> Payload:
    return dict(line.new_value or {})


def _shown(task: Task) -> Payload:
    return {
        "title": task.title,
        "description": task.description,
        "priority": Priority(task.priority).name,
        "status": task.status,
        "due_date": task.due_date,
        "assigned_to": task.assigned_to_id,
        "created_at": task.created_at,
        "updated_at": task.updated_at,
    }
