"""Everything that a person sees, and from then on what changes of it: for those who keep a copy."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.activity.models import Activity, Place
from taskbell.activity.queries import present_moment
from taskbell.feed.cursors import Cursor, scope_of
from taskbell.feed.events import Payload, event_by_itself, gone_for_good
from taskbell.tasks.models import Category, Prerequisite, Task

# The history is looked through in steps of so many lines, however few of them concern the person.
MOST_LINES = 2000
# What a task has of others: whether they are done, whether they are there, and who sees them.
SEEN_FROM_OUTSIDE = {"status", "stage", "assigned_to"}
COMING_AND_GOING = {"deleted", "withdrawn", "restored"}

Show = Callable[[Collection[int]], Mapping[int, Any]]


@dataclass(frozen=True)
class Changes:
    """Some changes in the order of commits, the cursor after them, and whether it is known that there are more."""

    changes: Sequence[Payload]
    cursor: Cursor | None
    more: bool


# What the person has cannot be brought up to date: they begin anew.
RESYNC = Changes([], None, more=True)


def changes_for(person: User, cursor: Cursor | None, *, limit: int, show: Show, now: datetime) -> Changes:
    """What the person sees of what has changed since the cursor, as it is now; without one, all that they see.

    `show` makes of the ids of tasks those that the person sees, as they are to be shown. About `limit` changes come at
    once if there are as many; never more than twice that.
    """
    moment = present_moment()  # before anything else is read: what happens from now on comes with the next cursor
    if cursor is None:
        cursor = Cursor(moment.epoch, scope_of(person), moment.position, task_id=0)
    if (cursor.epoch, cursor.scope) != (moment.epoch, scope_of(person)) or cursor.position > moment.position:
        return RESYNC
    if cursor.task_id is not None and cursor.until is None:
        return _first_look(person, cursor, limit=limit, show=show)
    places = _lines_for(person, cursor.position, until=cursor.until or moment.position)
    if places and places[0].line.timestamp < now - timedelta(days=settings.TASKBELL_TRASH_DAYS):
        return RESYNC
    further = cursor.until is not None  # all but some of those that wait was told before
    found = _changed(places, limit=MOST_LINES if further else limit)
    is_all = len(places) < MOST_LINES and found.end is None
    end = cursor.until or found.end or (moment.position if is_all else places[-1].position)
    waiting = _dependents(found, after=cursor.task_id or 0, limit=limit)
    told = _told_of_tasks(waiting.tasks, show) if further else _told(person, found, waiting.tasks, show)
    changes = [payload for _, payload in sorted(told, key=lambda change: change[0])]
    if waiting.last is not None:
        return Changes(changes, replace(cursor, until=end, task_id=waiting.last), more=True)
    return Changes(changes, cursor.at(end), more=further or not is_all)


def _first_look(person: User, cursor: Cursor, *, limit: int, show: Show) -> Changes:
    """Page after page of what the person sees; then what has changed since the first page was asked for."""
    mine = Task.objects.visible_to(person).filter(pk__gt=cursor.task_id).order_by("pk")
    ids = list(mine.values_list("pk", flat=True)[:limit])
    further = replace(cursor, task_id=ids[-1] if len(ids) == limit else None)
    shown = show(ids)
    return Changes([_updated(pk, shown[pk]) for pk in ids if pk in shown], further, more=True)


def _lines_for(person: User, position: int, *, until: int) -> list[Place]:
    mine = Q(line__person=None) | Q(line__person=person)
    lines = Place.objects.filter(mine, position__gt=position, position__lte=until).select_related("line")
    return list(lines.order_by("position")[:MOST_LINES])


@dataclass(frozen=True)
class _Found:
    """Which tasks some lines are about, each with the place of the first; and lines that are events by themselves.

    `end` is the place up to which that goes where it is not all.
    """

    lines: Sequence[Activity]
    tasks: Mapping[int, int]
    events: Sequence[Place]
    end: int | None


def _changed(places: Sequence[Place], *, limit: int) -> _Found:
    tasks: dict[int, int] = {}
    events: list[Place] = []
    end = None
    for number, place in enumerate(places):
        if len(tasks) + len(events) >= limit:
            end = places[number - 1].position
            break
        if "." in place.line.action:
            events.append(place)
        elif place.line.task_id is not None:
            tasks.setdefault(place.line.task_id, place.position)
    # The first place of each task, because its last may lie beyond the end; and whoever has it knows the later ones.
    lines = [place.line for place in places if end is None or place.position <= end]
    return _Found(lines, tasks, events, end)


@dataclass(frozen=True)
class _Dependents:
    """Tasks that look otherwise because another has changed, each with its place; and the last, if there are more."""

    tasks: Mapping[int, int]
    last: int | None


def _dependents(found: _Found, *, after: int, limit: int) -> _Dependents:
    """The tasks that wait for those that changed in a way that can be seen on them, in the order of their ids.

    A link that comes or goes meanwhile has a line of its own.
    """
    needed = {
        line.task_id: found.tasks[line.task_id]
        for line in found.lines
        if line.task_id is not None and (line.field in SEEN_FROM_OUTSIDE or line.action in COMING_AND_GOING)
    }
    if not needed:
        return _Dependents({}, None)
    links = Prerequisite.objects.filter(needs__in=needed, task__gt=after).order_by("task_id", "needs_id")
    pairs = list(links.values_list("task_id", "needs_id")[: limit + 1])
    last = pairs[limit - 1][0] if len(pairs) > limit else None
    tasks = {pk: needed[needs] for pk, needs in pairs[:limit] if pk not in found.tasks}
    return _Dependents(tasks, last)


def _told(person: User, found: _Found, waiting: Mapping[int, int], show: Show) -> Iterable[tuple[int, Payload]]:
    seen = set()
    for place, payload in _told_of_tasks({**found.tasks, **waiting}, show):
        seen.add(payload["task_id"])
        yield place, payload
    for task_id in _lost(person, found, found.tasks.keys() - seen):
        yield found.tasks[task_id], {"event": "task.deleted", "task_id": task_id}
    categories = _categories(found.events)
    for event in found.events:
        yield event.position, event_by_itself(event.line, categories)


def _told_of_tasks(places: Mapping[int, int], show: Show) -> Iterable[tuple[int, Payload]]:
    for task_id, task in (show(places) if places else {}).items():
        yield places[task_id], _updated(task_id, task)


def _lost(person: User, found: _Found, hidden: set[int]) -> set[int]:
    """Of the tasks that the person does not see, those that they have seen. Of the others they must not hear."""
    if not hidden:
        return set()
    changed = hidden & {line.task_id for line in found.lines if line.task_id is not None}
    if person.can(Capability.SEE_EVERYTHING):
        return changed
    taken = {line.task_id for line in found.lines if line.field == "assigned_to" and line.old_value == person.pk}
    in_trash = Task.objects.concerning(person).filter(pk__in=changed).exclude(deleted_at=None)
    purged = {pk for pk, people in gone_for_good(changed).items() if person.pk in people}
    return (changed & taken) | set(in_trash.values_list("pk", flat=True)) | purged


def _categories(events: Iterable[Place]) -> Mapping[int, Category]:
    ids = {(place.line.new_value or {})["id"] for place in events if place.line.action.startswith("category.")}
    return Category.objects.in_bulk(ids) if ids else {}


def _updated(task_id: int, task: Any) -> Payload:
    return {"event": "task.updated", "task_id": task_id, "task": task}
