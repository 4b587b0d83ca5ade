"""The one way a line of history comes to be."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from taskbell.accounts.models import User
from taskbell.activity.models import Activity

Change = tuple[Any, Any]


def record(
    task_id: int, action: str, *, by: User | None, at: datetime, field: str = "", old: Any = None, new: Any = None
) -> None:
    """Writes one line. Call it in the transaction of the change it tells of."""
    record_changes(task_id, action, {field: (old, new)}, by=by, at=at)


def record_changes(task_id: int, action: str, changes: Mapping[str, Change], *, by: User | None, at: datetime) -> None:
    """Writes one line for every field that changed."""
    Activity.objects.bulk_create(
        Activity(
            task_id=task_id,
            action=action,
            user=by,
            timestamp=at,
            field=field,
            old_value=_plain(old),
            new_value=_plain(new),
        )
        for field, (old, new) in changes.items()
    )


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
