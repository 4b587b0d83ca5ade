"""Reading the history."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Subquery

from taskbell.accounts.models import User
from taskbell.activity.models import Activity, Epoch, Position


@dataclass
class FieldChange:
    """The value of one field before several changes, and after them."""

    field: str
    old: Any
    new: Any
    by: str


def changes_since(task_id: int, since: datetime, *, but: User) -> list[FieldChange]:
    """What people other than `but` have changed on the task: each field once, from its first value to its last."""
    entries = Activity.objects.of_tasks().filter(task_id=task_id, timestamp__gte=since, user__isnull=False)
    entries = entries.exclude(field="").exclude(user=but)
    changes: dict[str, FieldChange] = {}
    for entry in entries.select_related("user").order_by("id"):
        assert entry.user is not None  # noqa: S101 - asked for
        first = changes.get(entry.field)
        old = first.old if first else entry.old_value
        changes[entry.field] = FieldChange(entry.field, old, entry.new_value, entry.user.name)
    return [change for change in changes.values() if change.old != change.new]


class Checkpoint(NamedTuple):
    """A point in the history: the run, the position of the last entry, and the one up to which entries were removed."""

    epoch: str
    position: int
    removed_to: int = 0

    def has_all_after(self, position: int) -> bool:
        """True if the history reaches from this position to this point."""
        return self.removed_to <= position <= self.position


# The two parts of the current checkpoint, to be read beside something else in one query.
EPOCH = Subquery(Epoch.objects.filter(pk=1).values("name"))
POSITION = Subquery(Position.objects.order_by("-position").values("position")[:1])


def current_checkpoint() -> Checkpoint:
    """The end of the history, in one query. While it stays the same, nothing that tasks show has changed."""
    row = Epoch.objects.filter(pk=1).values_list("name", POSITION, "removed_to").first()
    if row is None:  # the first call in this installation
        Epoch.objects.get_or_create(pk=1, defaults={"name": secrets.token_hex(8)})
        return current_checkpoint()
    return Checkpoint(row[0], row[1] or 0, row[2])


def entries_after(position: int, limit: int) -> list[Position]:
    """The next entries in the order of commits, each with its position. No entry is ever added before one of them."""
    return _with_entries(Position.objects.filter(position__gt=position).order_by("position")[:limit])


def _with_entries(rows: Iterable[Position]) -> list[Position]:
    """Read by their IDs, and not by a join, for which PostgreSQL may read the tables of all months."""
    positions = list(rows)
    entries = Activity.objects.in_bulk([row.entry_id for row in positions])
    found = [row for row in positions if row.entry_id in entries]  # the last position stays when its entry goes
    for row in found:
        row.entry = entries[row.entry_id]
    return found


def position_after(position: int, passed: int) -> int | None:
    """The position of the entry that has so many entries between it and this position; None if there are fewer."""
    later = Position.objects.filter(position__gt=position).order_by("position")
    return later.values_list("position", flat=True)[passed : passed + 1].first()


def entries_for(person: User, position: int, *, until: int, limit: int) -> list[Position]:
    """The same, up to a position and without what only other people may know of."""
    rest = Position.objects.filter(position__lte=until).order_by("position")
    found: list[Position] = []
    while len(found) < limit:
        rows = list(rest.filter(position__gt=position)[:limit])
        found += [row for row in _with_entries(rows) if row.entry.person_id in {None, person.pk}]
        if len(rows) < limit:
            break
        position = rows[-1].position
    return found[:limit]
