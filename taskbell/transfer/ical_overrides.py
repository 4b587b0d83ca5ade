"""Occurrences of a repeating to-do that a calendar lists on their own (RFC 5545 §3.8.4.4)."""

from dataclasses import dataclass
from datetime import date

from taskbell.common.values import BadValue
from taskbell.transfer.ical_bookkeeping import BOOKKEEPING
from taskbell.transfer.ical_times import Moment, moment_of
from taskbell.transfer.ical_todo import Todo

MAX_DIFFERENCES = 20  # of one occurrence
CLOSED = ("COMPLETED", "CANCELLED")
OF_EVERY_OCCURRENCE = frozenset(
    ("RECURRENCE-ID", "DTSTART", "DUE", "DURATION", "STATUS", "COMPLETED", "PERCENT-COMPLETE")
)


@dataclass
class Override:
    """An occurrence that has been completed, cancelled, moved or changed."""

    occurrence: Moment
    todo: Todo

    @property
    def is_closed(self) -> bool:
        """Whether it is completed or cancelled."""
        lines = self.todo.component
        if status := lines.text_of("STATUS"):
            return status.upper() in CLOSED
        return lines.text_of("COMPLETED") != "" or lines.text_of("PERCENT-COMPLETE") == "100"

    @property
    def is_completed(self) -> bool:
        """Whether it is completed, so that it is part of the history."""
        return self.is_closed and self.todo.component.text_of("STATUS").upper() != "CANCELLED"

    @property
    def state(self) -> str:
        """What the calendar says of it."""
        said = [one for one in self.todo.component.properties if one.name in ("STATUS", "COMPLETED", "DUE", "DTSTART")]
        return ", ".join(f"{one.name} {one.shown}" for one in said)

    def note_differences(self, master: Todo, day: date) -> None:
        """Notes the lines that the others of the series don't have."""
        usual = {(one.name, one.text) for one in master.component.properties}
        others = [
            one
            for one in self.todo.component.properties
            if one.name not in BOOKKEEPING | OF_EVERY_OCCURRENCE and (one.name, one.text) not in usual
        ]
        for one in others[:MAX_DIFFERENCES]:
            master.note(one.name, f"{one.name} of the occurrence of {day} isn't imported: {one.shown}")


def override_of(todo: Todo) -> Override | None:
    """The occurrence that the to-do stands for; None if its RECURRENCE-ID can't be read, which is noted."""
    one = todo.component.take_one("RECURRENCE-ID")
    if one is None:
        return None
    try:
        return Override(moment_of(one, todo.zones), todo)
    except BadValue as error:
        todo.note("RECURRENCE-ID", f"RECURRENCE-ID isn't imported. {error}")
        return None
