"""The history as frames for live connections."""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from taskbell.feed.events import events_after
from taskbell.projects.audience import Access, Audience, changed_access


@dataclass(frozen=True, slots=True)
class Frame:
    """One event as JSON, its position in the history, and who may see it.

    `text` is the same for all clients; the cursor that goes with it is each client's own.
    """

    position: int
    text: str
    audience: Audience

    def with_cursor(self, cursor: str) -> str:
        """The whole message."""
        return f'{{"cursor":"{cursor}",{self.text[1:]}'


@dataclass(frozen=True, slots=True)
class Frames:
    """The next frames in the order of commits, up to and including a position, and whose access has changed."""

    frames: list[Frame]
    position: int
    changed: Mapping[int, Access]


def frames_after(position: int, known: Mapping[int, str]) -> Frames:
    """The frames after this position. If its position is not higher, there are no more.

    `known` is what each person who may get them could see before.
    """
    events = events_after(position)
    frames = [
        Frame(event.position, orjson.dumps(event.payload, option=orjson.OPT_UTC_Z).decode(), event.audience)
        for event in events.events
    ]
    # Read after the tasks: a person who has lost a role or a project sees nothing that was written later.
    return Frames(frames, events.position, changed_access(known))
