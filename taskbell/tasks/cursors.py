"""How far somebody has followed the history, as a text that they keep and show again."""

import re
from dataclasses import dataclass

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.common.errors import invalid

FORM = re.compile(r"([0-9a-f]{16})\.([1-9]\d{0,17}[ao])\.(\d{1,18})(?:\.(\d{1,18}))?", re.ASCII)


@dataclass(frozen=True)
class Cursor:
    """Up to which line of which epoch, and for whom; `task_id`: how far they have come with their first look."""

    epoch: str
    scope: str
    position: int
    task_id: int | None = None

    def __str__(self) -> str:
        first = "" if self.task_id is None else f".{self.task_id}"
        return f"{self.epoch}.{self.scope}.{self.position}{first}"


def scope_of(person: User) -> str:
    """Who it is and whether they see everything. Where that changes, what they have is not what they may have."""
    return f"{person.pk}{'a' if person.can(Capability.SEE_EVERYTHING) else 'o'}"


def read_cursor(text: str, *, field: str = "since") -> Cursor:
    """The cursor that was given out. Raises Invalid."""
    match = FORM.fullmatch(text)
    if match is None:
        raise invalid(field, "invalid", "This is not a cursor that was given out here.")
    epoch, scope, position, task_id = match.groups()
    return Cursor(epoch, scope, int(position), None if task_id is None else int(task_id))
