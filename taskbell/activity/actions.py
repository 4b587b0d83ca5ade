"""The one way a line of history comes to be."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from taskbell.accounts.models import User
from taskbell.activity.models import Activity

Change = tuple[Any, Any]


@dataclass(frozen=True)
class Line:
    """What a line of history says; `by` is None where the clock did it."""

    task_id: int
    action: str
    by: User | None
    at: datetime
    field: str = ""
    old: Any = None
    new: Any = None


def record(
    task_id: int, action: str, *, by: User | None, at: datetime, field: str = "", old: Any = None, new: Any = None
) -> None:
    """Writes one line. Call it in the transaction of the change it tells of."""
    record_lines([Line(task_id, action, by, at, field, old, new)])


def record_changes(task_id: int, action: str, changes: Mapping[str, Change], *, by: User | None, at: datetime) -> None:
    """Writes one line for every field that changed."""
    record_lines(Line(task_id, action, by, at, field, old, new) for field, (old, new) in changes.items())


def record_lines(lines: Iterable[Line]) -> None:
    """Writes many lines at once."""
    Activity.objects.bulk_create(
        (
            Activity(
                task_id=line.task_id,
                action=line.action,
                user=line.by,
                timestamp=line.at,
                field=line.field,
                old_value=_plain(line.old),
                new_value=_plain(line.new),
            )
            for line in lines
        ),
        batch_size=1000,
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
