"""Reminders as JSON."""

from datetime import datetime
from typing import Annotated, TypedDict
from zoneinfo import ZoneInfo

from taskbell.reminders.models import Reminder, ReminderState


class ReminderOut(TypedDict):
    """A reminder as you see it."""

    id: int
    at: datetime | None
    before_due: str | None
    repeat: str | None
    for_me: bool
    next_at: datetime | None
    state: Annotated[str, {"enum": ReminderState.values}]


def reminder_as_json(reminder: Reminder, zone: ZoneInfo) -> ReminderOut:
    """The reminder; `at` has the offset of its zone."""
    return {
        "id": reminder.pk,
        "at": reminder.at and reminder.at.astimezone(zone),
        "before_due": None if reminder.before_due is None else str(reminder.before_due),
        "repeat": reminder.repeat or None,
        "for_me": reminder.recipient_id is not None,
        "next_at": reminder.next_at,
        "state": reminder.state,
    }
