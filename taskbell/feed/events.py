"""The history as others follow it: what each entry means now, and who may see it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from taskbell.activity.models import Activity, Position, SubjectType
from taskbell.activity.queries import entries_after
from taskbell.projects.audience import ALL, OVERSEERS, Audience, Key, audience_of, project_key
from taskbell.tasks.kinds import Priority
from taskbell.tasks.label_models import Label
from taskbell.tasks.models import Category, Task

PAGE_ENTRIES = 500  # read at once
EVENTS = {
    "created": "task.created",
    "restored": "task.created",
    "deleted": "task.deleted",
    "withdrawn": "task.deleted",
    "overdue": "task.overdue",
    "unblocked": "task.unblocked",
    "reminded": "reminder.fired",
}
DEFAULT_EVENT = "task.updated"
RESTORED = "comment.restored"  # others get it as if it were new
# Further subjects of events. Entries about people and invitations are only for the history.
SHARED = {SubjectType.CATEGORY: Category, SubjectType.LABEL: Label}  # which have a name
OF_PROJECTS = {SubjectType.PROJECT, SubjectType.MEMBER}
PUBLISHED = {*SHARED, *OF_PROJECTS, SubjectType.NOTIFICATION, SubjectType.REPORT, SubjectType.COMMENT}
Payload = dict[str, Any]
SharedNames = Mapping[tuple[str, int | None], str]  # by subject type and id


@dataclass(frozen=True)
class Event:
    """Something that happened, as it looks now, and who may see it."""

    position: int
    payload: Payload
    audience: Audience


@dataclass(frozen=True)
class Events:
    """Some events in the order of commits, and the position of the last entry that was read for them."""

    events: Sequence[Event]
    position: int


def events_after(position: int) -> Events:
    """The events after this position, for everybody. Three queries, or up to five.

    The tasks are read after the entries, so payloads and audiences are as of now. Call it again with the position that
    it returns until that stays the same.
    """
    rows = entries_after(position, PAGE_ENTRIES)
    context = _Context([row.entry for row in rows])
    groups = groupby(rows, key=lambda row: _change(row.entry))
    events = [event for _, group in groups for event in _events(list(group), context)]
    return Events(events, rows[-1].position if rows else position)


class _Context:
    """The tasks, categories and labels that some entries are about, as they are now."""

    def __init__(self, entries: Sequence[Activity]) -> None:
        ids = {entry.task_id for entry in entries if entry.task_id is not None}
        self.tasks: Mapping[int, Task] = Task.objects.in_bulk(ids) if ids else {}
        missing = ids - self.tasks.keys()
        self.purged = audiences_of_purged(missing) if missing else {}
        self.names = names_of_shared(entries)


def audiences_of_purged(tasks: Iterable[int]) -> dict[int, Audience]:
    """The audiences of those of these tasks that were purged."""
    entries: Any = Activity.objects.filter(task__in=list(tasks), action="purged")
    rows = entries.values_list("task_id", "project_id", "old_value")
    return {pk: audience_of(project and project_key(project), *people) for pk, project, people in rows}


def names_of_shared(entries: Iterable[Activity]) -> SharedNames:
    """The names of the categories and labels that these entries are about, as far as they still exist."""
    of = [(entry.subject_type, entry.subject_id) for entry in entries]
    found: dict[tuple[str, int | None], str] = {}
    for subject, model in SHARED.items():
        if ids := [pk for type_, pk in of if type_ == subject]:
            rows: Any = model.objects.filter(pk__in=ids)  # type: ignore[attr-defined]
            found |= {(subject, pk): name for pk, name in rows.values_list("pk", "name")}
    return found


def _change(entry: Activity) -> tuple[Any, ...]:
    """Equal for the entries of one event: a change of several fields has several."""
    event = EVENTS.get(entry.action, DEFAULT_EVENT)
    apart = entry.pk if entry.subject_type != SubjectType.TASK or entry.person_id is not None else None
    return entry.task_id, event, entry.user_id, entry.person_id, entry.timestamp, apart


def _events(group: list[Position], context: _Context) -> Iterator[Event]:
    position, entry = group[-1].position, group[-1].entry
    if entry.subject_type == SubjectType.COMMENT:
        yield from _events_of_comment(position, entry, context)
    elif entry.subject_type in PUBLISHED:
        yield Event(position, payload_of(entry, context.names), audience_of_entry(entry))
    elif entry.subject_type == SubjectType.TASK and entry.task_id is not None:
        left = {key for row in group if (key := key_before(row.entry)) is not None}
        yield from _events_of_task(position, entry, left, context)


def audience_of_entry(entry: Activity) -> Audience:
    """The audience of an entry that is not about a task. An entry about a member is also for that member."""
    if entry.subject_type in OF_PROJECTS and entry.project_id is not None:
        member = entry.subject_id if entry.subject_type == SubjectType.MEMBER else None
        return audience_of(project_key(entry.project_id), member)
    return ALL if entry.person_id is None else ALL.only(entry.person_id)


def payload_of(entry: Activity, names: SharedNames) -> Payload:
    """The event of an entry that is not about a task. A category or a label has its current name."""
    event = f"{entry.subject_type}.{entry.action}"
    if entry.subject_type in SHARED:
        name = names.get((entry.subject_type, entry.subject_id))
        return {"event": event, f"{entry.subject_type}_id": entry.subject_id, "name": name}
    if entry.subject_type == SubjectType.COMMENT:
        about = entry.new_value or entry.old_value or {}
        event = "comment.created" if event == RESTORED else event
        return {"event": event, "task_id": entry.task_id, "comment_id": entry.subject_id, "author": about.get("author")}
    if entry.subject_type == SubjectType.PROJECT:
        return {"event": event, "project_id": entry.project_id}
    if entry.subject_type == SubjectType.MEMBER:
        member = {"person_id": entry.subject_id, "role": entry.new_value}
        return {"event": event, "project_id": entry.project_id} | member
    return {"event": event, "task_id": entry.task_id, **(entry.new_value or {})}


def _events_of_comment(position: int, entry: Activity, context: _Context) -> Iterator[Event]:
    """For those who see the task; in the trash, its comments are gone with it."""
    task = context.tasks.get(entry.task_id or 0)
    if task and task.deleted_at is None:
        yield Event(position, payload_of(entry, {}), task.audience)


def _events_of_task(position: int, entry: Activity, left: set[Key], context: _Context) -> Iterator[Event]:
    """At most one for the audience of the task, and a removal for people who have lost sight of it.

    For those who see it because it has moved to another project, the task is new.
    """
    assert entry.task_id is not None  # noqa: S101 - the caller has checked
    task = context.tasks.get(entry.task_id)
    audience = task.audience if task else context.purged.get(entry.task_id, audience_of())
    event = EVENTS.get(entry.action, DEFAULT_EVENT)
    removal = {"event": "task.deleted", "task_id": entry.task_id}
    shown = _shown(task) if task else {}
    if event == "task.deleted":
        yield Event(position, removal | shown, audience)
    elif task and task.deleted_at is None:  # otherwise a later entry tells of the end
        seen_by = audience if entry.person_id is None else audience.only(entry.person_id)
        was_there = {*left, OVERSEERS, task.assigned_to_id}
        if has_moved := any(isinstance(key, str) for key in left):
            created = {"event": "task.created", "task_id": entry.task_id} | shown
            yield Event(position, created, seen_by.gained_since(was_there))
        before = seen_by.kept_since(was_there) if has_moved else seen_by
        yield Event(position, {"event": event, "task_id": entry.task_id} | shown, before)
    if left:
        yield Event(position, removal, audience.lost_by(left))


def key_before(entry: Activity) -> Key | None:
    """The key of the assignee or project that the task had before this change."""
    if entry.old_value is None or entry.field not in ("assigned_to", "project"):
        return None
    return project_key(entry.old_value) if entry.field == "project" else int(entry.old_value)


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
