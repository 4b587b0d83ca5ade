"""The one way a line of history comes to be."""

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction

from taskbell.accounts.models import User
from taskbell.activity.models import Activity, Epoch
from taskbell.activity.wakeups import announce
from taskbell.common.loading import insert_from, insert_rows

Change = tuple[Any, Any]
AT_ONCE = 1000


@dataclass(frozen=True)
class Entry:
    """What a line of history says.

    `by` is None where the clock did it, `task_id` where it is about no single task. With `person_id`, it is for that
    person alone.
    """

    task_id: int | None
    action: str
    by: User | None
    at: datetime
    field: str = ""
    old: Any = None
    new: Any = None
    person_id: int | None = None


def record(
    task_id: int | None,
    action: str,
    *,
    by: User | None,
    at: datetime,
    field: str = "",
    old: Any = None,
    new: Any = None,
) -> None:
    """Writes one line. Call it in the transaction of the change it tells of."""
    record_entries([Entry(task_id, action, by, at, field, old, new)])


def record_changes(task_id: int, action: str, changes: Mapping[str, Change], *, by: User | None, at: datetime) -> None:
    """Writes one line for every field that changed."""
    record_entries(Entry(task_id, action, by, at, field, old, new) for field, (old, new) in changes.items())


def record_private(person_id: int, action: str, *, at: datetime, task_id: int | None = None, new: Any = None) -> None:
    """Writes a line that only this person hears of; it is in nobody's log."""
    record_entries([Entry(task_id, action, by=None, at=at, new=new, person_id=person_id)])


def record_entries(lines: Iterable[Entry]) -> None:
    """Writes many lines at once, and has open screens told when they are committed."""
    rows = [
        {
            "task_id": line.task_id,
            "action": line.action,
            "user_id": line.by.pk if line.by else None,
            "person_id": line.person_id,
            "timestamp": line.at,
            "field": line.field,
            "old_value": _in_json(line.old),
            "new_value": _in_json(line.new),
        }
        for line in lines
    ]
    for begin in range(0, len(rows), AT_ONCE):
        insert_rows(Activity, rows[begin : begin + AT_ONCE], given={})
    if rows:
        transaction.on_commit(announce)


def record_from(
    source: str, values: Mapping[str, str], action: str, *, by: User, at: datetime, field: str = ""
) -> None:
    """Writes a line for each row of a query: `values` are its expressions for task_id, old_value and new_value."""
    given = {"action": action, "user_id": by.pk, "timestamp": at, "field": field}
    if insert_from(Activity, values, source, given=given):
        transaction.on_commit(announce)


def begin_epoch() -> None:
    """After a backup was restored: no cursor of before means anything any more."""
    Epoch.objects.update_or_create(pk=1, defaults={"name": secrets.token_hex(8)})


def _in_json(value: Any) -> str | None:
    return None if value is None else json.dumps(_plain(value))


def _plain(value: Any) -> Any:
    """The value as JSON knows it."""
    match value:
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case list() | tuple():
            return [_plain(item) for item in value]
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case _:
            return value
