"""Sync: everything that a person sees, and from then on what changes of it, for clients that keep a copy."""

from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from taskbell.accounts.models import User
from taskbell.activity.models import Activity, Position, SubjectType
from taskbell.activity.queries import current_checkpoint, entries_for, position_after
from taskbell.feed.cursors import Cursor
from taskbell.feed.events import (
    OF_PROJECTS,
    PUBLISHED,
    Payload,
    audience_of_entry,
    audiences_of_purged,
    key_before,
    names_of_shared,
    payload_of,
)
from taskbell.projects.audience import Keys, access_of, keys_of, sees_everything
from taskbell.tasks.models import Prerequisite, Task

MAX_ENTRIES = 2000  # of the history in one step, however few of them the person sees
MAX_PASSED = 20_000  # entries that one step goes past, however few of them the person can see
# The fields of a task that show on the tasks that wait for it: whether it is done, and who sees it.
SEEN_FROM_OUTSIDE = {"status", "stage", "assigned_to", "project"}
SHOWN_ON_TASK = {SubjectType.TASK, SubjectType.COMMENT}  # a task shows how many comments it has
COMING_AND_GOING = {"deleted", "withdrawn", "restored"}

Show = Callable[[Collection[int]], Mapping[int, Any]]


@dataclass(frozen=True)
class ChangeSet:
    """Some changes in the order of commits, the cursor after them, and whether there may be more."""

    changes: Sequence[Payload]
    cursor: Cursor | None
    more: bool


# The copy can't be brought up to date: the client starts over.
RESYNC = ChangeSet([], None, more=True)


def changes_for(person: User, cursor: Cursor | None, *, limit: int, show: Show, now: datetime) -> ChangeSet:
    """What has changed since the cursor for this person, as it is now; without a cursor, everything that they see.

    `show` renders those of the given tasks that the person sees, by id. Returns about `limit` changes where there are
    as many, and never more than twice that.
    """
    end_now = current_checkpoint()  # before anything else is read: later changes come with the next cursor
    access = access_of(person)
    if cursor is None:
        cursor = Cursor(end_now.epoch, access, end_now.position, task_id=0)
    if (cursor.epoch, cursor.access) != (end_now.epoch, access) or not end_now.has_all_after(cursor.position):
        return RESYNC
    if cursor.task_id is not None and cursor.until is None:
        return _first_copy(person, cursor, limit=limit, show=show)
    reach = cursor.until or end_now.position
    if cursor.until is None and end_now.position - cursor.position > MAX_PASSED:
        reach = position_after(cursor.position, MAX_PASSED) or reach
    rows = entries_for(person, cursor.position, until=reach, limit=MAX_ENTRIES)
    if rows and rows[0].entry.timestamp < now - timedelta(days=settings.TASKBELL_TRASH_DAYS):
        return RESYNC
    further = cursor.until is not None  # only waiting tasks are left of this step
    found = _changed(rows, limit=MAX_ENTRIES if further else limit)
    is_all = len(rows) < MAX_ENTRIES and found.end is None
    end = cursor.until or found.end or (reach if is_all else rows[-1].position)
    waiting, last_waiting = _dependents(found, after=cursor.task_id or 0, limit=limit)
    payloads = _updates(waiting, show) if further else _changes(person, found, waiting, show)
    changes = [payload for _, payload in sorted(payloads, key=lambda change: change[0])]
    if last_waiting is not None:
        return ChangeSet(changes, replace(cursor, until=end, task_id=last_waiting), more=True)
    return ChangeSet(changes, cursor.at(end), more=further or end < end_now.position)


def _first_copy(person: User, cursor: Cursor, *, limit: int, show: Show) -> ChangeSet:
    """Page after page of what the person sees; then what has changed since the first page was requested."""
    mine = Task.objects.visible_to(person).filter(pk__gt=cursor.task_id).order_by("pk")
    ids = list(mine.values_list("pk", flat=True)[:limit])
    further = replace(cursor, task_id=ids[-1] if len(ids) == limit else None)
    shown = show(ids)
    return ChangeSet([_updated(pk, shown[pk]) for pk in ids if pk in shown], further, more=True)


@dataclass(frozen=True)
class _Found:
    """The tasks that some entries are about, each with its first position; and entries about other things.

    `end` is the position where the limit was reached, if it was.
    """

    entries: Sequence[Activity]
    tasks: Mapping[int, int]
    others: Sequence[Position]
    end: int | None


def _changed(rows: Sequence[Position], *, limit: int) -> _Found:
    tasks: dict[int, int] = {}
    others: list[Position] = []
    end = None
    for number, row in enumerate(rows):
        if len(tasks) + len(others) >= limit:
            end = rows[number - 1].position
            break
        if row.entry.subject_type in PUBLISHED:
            others.append(row)
        if row.entry.task_id is not None and row.entry.subject_type in SHOWN_ON_TASK:
            tasks.setdefault(row.entry.task_id, row.position)
    # The first position of each task, because its last may lie beyond the end; the current state includes later ones.
    entries = [row.entry for row in rows if end is None or row.position <= end]
    return _Found(entries, tasks, others, end)


def _dependents(found: _Found, *, after: int, limit: int) -> tuple[Mapping[int, int], int | None]:
    """The positions of tasks that look different because a prerequisite has changed; and the last, if there are more.

    They come in the order of their ids. A link that is added or removed meanwhile has its own entry.
    """
    needed = {
        entry.task_id: found.tasks[entry.task_id]
        for entry in found.entries
        if entry.task_id is not None
        and entry.subject_type == SubjectType.TASK
        and (entry.field in SEEN_FROM_OUTSIDE or entry.action in COMING_AND_GOING)
    }
    if not needed:
        return {}, None
    links = Prerequisite.objects.filter(needs__in=needed, task__gt=after).order_by("task_id", "needs_id")
    pairs = list(links.values_list("task_id", "needs_id")[: limit + 1])
    last = pairs[limit - 1][0] if len(pairs) > limit else None
    return {pk: needed[needs] for pk, needs in pairs[:limit] if pk not in found.tasks}, last


def _changes(person: User, found: _Found, waiting: Mapping[int, int], show: Show) -> Iterable[tuple[int, Payload]]:
    seen = set()
    for position, payload in _updates({**found.tasks, **waiting}, show):
        seen.add(payload["task_id"])
        yield position, payload
    for task_id in _lost(person, found, found.tasks.keys() - seen):
        yield found.tasks[task_id], {"event": "task.deleted", "task_id": task_id}
    names = names_of_shared(row.entry for row in found.others)
    viewer = keys_of(person) if any(row.entry.subject_type in OF_PROJECTS for row in found.others) else frozenset()
    for row in found.others:
        if _is_seen(row.entry, seen, viewer):
            yield row.position, payload_of(row.entry, names)


def _is_seen(entry: Activity, seen: Container[int | None], viewer: Keys) -> bool:
    """True for an entry about something other than a task, if the person sees its task or its project."""
    if entry.subject_type == SubjectType.COMMENT:
        return entry.task_id in seen
    return entry.subject_type not in OF_PROJECTS or audience_of_entry(entry).includes(viewer)


def _updates(positions: Mapping[int, int], show: Show) -> Iterable[tuple[int, Payload]]:
    for task_id, task in (show(positions) if positions else {}).items():
        yield positions[task_id], _updated(task_id, task)


def _lost(person: User, found: _Found, hidden: set[int]) -> set[int]:
    """The hidden tasks that the person could see before. Clients must not learn of the others."""
    if not hidden or sees_everything(person):
        return hidden
    viewer = keys_of(person)
    taken = {entry.task_id for entry in found.entries if key_before(entry) in viewer}
    in_trash = Task.objects.concerning(person).filter(pk__in=hidden).exclude(deleted_at=None)
    purged = {pk for pk, audience in audiences_of_purged(hidden).items() if audience.includes(viewer)}
    return (hidden & taken) | set(in_trash.values_list("pk", flat=True)) | purged


def _updated(task_id: int, task: Any) -> Payload:
    return {"event": "task.updated", "task_id": task_id, "task": task}
