"""Writing the history. Every entry goes through here."""

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple, Protocol

from django.db import connection, transaction

from taskbell.accounts.models import User
from taskbell.activity.models import Activity, Epoch, Subject, SubjectType
from taskbell.activity.wakeups import announce
from taskbell.common.loading import insert_from, insert_rows

Change = tuple[Any, Any]
CHUNK_ROWS = 1000  # in one INSERT


class AnyTask(Protocol):
    """A task that was loaded, or its ids alone."""

    @property
    def pk(self) -> int: ...

    @property
    def project_id(self) -> int | None: ...


class TaskOfProject(NamedTuple):
    """The ids of a task that was not loaded, and of its project."""

    pk: int
    project_id: int | None


@dataclass(frozen=True)
class Entry:
    """One entry of the history. Without `about`, it is about the task.

    `by` is None where the clock did it. With `person_id`, only that person may know of the entry; no log shows it.
    """

    task: AnyTask | None
    action: str
    by: User | None
    at: datetime
    field: str = ""
    old: Any = None
    new: Any = None
    person_id: int | None = None
    about: Subject | None = None
    project_id: int | None = None

    @property
    def subject(self) -> Subject:
        """What the entry is about."""
        return self.about or Subject(SubjectType.TASK, self.task.pk if self.task else None)


def record(
    about: AnyTask | Subject,
    action: str,
    *,
    by: User | None,
    at: datetime,
    field: str = "",
    old: Any = None,
    new: Any = None,
    person_id: int | None = None,
    project_id: int | None = None,
) -> None:
    """Writes an entry about a task or another subject, perhaps of a project, in the transaction of the change."""
    task, subject = (None, about) if isinstance(about, Subject) else (about, None)
    record_entries([Entry(task, action, by, at, field, old, new, person_id, subject, project_id)])


def record_changes(task: AnyTask, action: str, changes: Mapping[str, Change], *, by: User | None, at: datetime) -> None:
    """Writes an entry for every field of the task that changed."""
    record_entries(Entry(task, action, by, at, field, old, new) for field, (old, new) in changes.items())


def record_entries(entries: Iterable[Entry]) -> None:
    """Writes many entries at once, and wakes the readers of the history after the commit."""
    rows = [
        {
            "subject_type": entry.subject.type,
            "subject_id": entry.subject.id,
            "task_id": entry.task and entry.task.pk,
            "project_id": entry.task.project_id if entry.task else entry.project_id,
            "action": entry.action,
            "user_id": entry.by.pk if entry.by else None,
            "session": _session_of(entry.by),
            "person_id": entry.person_id,
            "timestamp": entry.at,
            "field": entry.field,
            "old_value": _in_json(entry.old),
            "new_value": _in_json(entry.new),
        }
        for entry in entries
    ]
    for begin in range(0, len(rows), CHUNK_ROWS):
        insert_rows(Activity, rows[begin : begin + CHUNK_ROWS], given={})
    if rows:
        transaction.on_commit(announce)


def record_from(
    source: str, values: Mapping[str, str], action: str, *, by: User, at: datetime, field: str = ""
) -> None:
    """Writes an entry about a task for each row of a query.

    `values` are the query's expressions for task_id, project_id, old_value and new_value.
    """
    given = {"action": action, "user_id": by.pk, "timestamp": at, "field": field}
    if by.session:
        given["session"] = by.session.pk
    if insert_from(Activity, {"subject_id": values["task_id"], **values}, source, given=given):
        transaction.on_commit(announce)


def _session_of(person: User | None) -> Any:
    """The id of the session that the person acts with, as the database stores it."""
    if person is None or person.session is None:
        return None
    return Activity._meta.get_field("session").get_db_prep_value(person.session.pk, connection)


def begin_epoch() -> None:
    """Starts a new run of the history after a backup was restored. Every cursor handed out before is void."""
    Epoch.objects.update_or_create(pk=1, defaults={"name": secrets.token_hex(8)})


def _in_json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, default=_plain)


def _plain(value: date | time | timedelta) -> Any:
    """The value in a type that JSON has."""
    return value.total_seconds() if isinstance(value, timedelta) else value.isoformat()
