"""Reading the history."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Max, Subquery

from taskbell.accounts.models import User
from taskbell.activity.models import Activity, Epoch, Place


@dataclass
class FieldChange:
    """What one field was before several changes, and what it is after them."""

    field: str
    old: Any
    new: Any
    by: str

    @property
    def label(self) -> str:
        """The field's name in words."""
        return self.field.replace("_", " ").capitalize()


def changes_since(task_id: int, since: datetime, *, but: User) -> list[FieldChange]:
    """What other people than `but` have changed on the task, each field once, from its first value to its last."""
    lines = Activity.objects.of_tasks().filter(task_id=task_id, timestamp__gte=since, user__isnull=False)
    lines = lines.exclude(field="").exclude(user=but)
    changes: dict[str, FieldChange] = {}
    for line in lines.select_related("user").order_by("id"):
        assert line.user is not None  # noqa: S101 - asked for
        first = changes.get(line.field)
        old = first.old if first else line.old_value
        changes[line.field] = FieldChange(line.field, old, line.new_value, line.user.name)
    return [change for change in changes.values() if change.old != change.new]


class Moment(NamedTuple):
    """A point in the history: of which run of it, and after which line."""

    epoch: str
    position: int


# The parts of the present moment, to be read beside something else in one query.
EPOCH = Subquery(Epoch.objects.filter(pk=1).values("name"))
POSITION = Subquery(Place.objects.order_by("-position").values("position")[:1])


def latest_position() -> int:
    """The place of the last line that is committed; 0 before the first. All that tasks show is as of it, or later."""
    return Place.objects.aggregate(latest=Max("position"))["latest"] or 0


def present_moment() -> Moment:
    """Where the history stands, in one query. As long as it is the same, so is everything that tasks show."""
    row = Epoch.objects.filter(pk=1).values_list("name", POSITION).first()
    if row is None:  # nobody has asked before
        Epoch.objects.get_or_create(pk=1, defaults={"name": secrets.token_hex(8)})
        return present_moment()
    return Moment(row[0], row[1] or 0)


def lines_after(position: int, limit: int) -> list[Place]:
    """The next lines in the order of commits, each with its place. None ever comes to be before one of these."""
    return list(Place.objects.filter(position__gt=position).select_related("line").order_by("position")[:limit])
