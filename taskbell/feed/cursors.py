"""How far somebody has followed the history, as a text that they keep and show again.

The same for those who ask and for those who listen, so that a client can go from one to the other.
"""

import re
from dataclasses import dataclass, replace

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.common.errors import invalid

FORM = re.compile(r"([0-9a-f]{16})\.([1-9]\d{0,17}[ao])\.(\d{1,18})(?:\.(?:(\d{1,18})\.)?(\d{1,18}))?", re.ASCII)


@dataclass(frozen=True)
class Cursor:
    """Up to which line of which epoch, and for whom.

    With `task_id`, they are in the midst of something that is told by the ids of tasks: their first look; or, with
    `until`, the tasks that wait for those of the lines up to there.
    """

    epoch: str
    scope: str
    position: int
    until: int | None = None
    task_id: int | None = None

    def __str__(self) -> str:
        rest = (part for part in (self.until, self.task_id) if part is not None)
        return ".".join([plain_cursor(self.epoch, self.scope, self.position), *map(str, rest)])

    def at(self, position: int) -> "Cursor":
        """The same, with nothing left of what lies before this position."""
        return replace(self, position=max(position, self.position), until=None, task_id=None)


def plain_cursor(epoch: str, scope: str, position: int) -> str:
    """The text of a cursor after a whole line; live connections make one for every message."""
    return f"{epoch}.{scope}.{position}"


def scope_of(person: User) -> str:
    """Who it is and whether they see everything. Where that changes, what they have is not what they may have."""
    return f"{person.pk}{'a' if person.can(Capability.SEE_EVERYTHING) else 'o'}"


def read_cursor(text: str, *, field: str = "since") -> Cursor:
    """The cursor that was given out. Raises Invalid."""
    match = FORM.fullmatch(text)
    if match is None:
        raise invalid(field, "invalid", "This is not a cursor that was given out here.")
    epoch, scope, *numbers = match.groups()
    position, until, task_id = (None if number is None else int(number) for number in numbers)
    return Cursor(epoch, scope, position or 0, until, task_id)
