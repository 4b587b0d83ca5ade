"""Entries of the history as JSON."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, TypedDict
from zoneinfo import ZoneInfo

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.payloads import payload_of
from taskbell.payloads.sentences import sentence_of
from taskbell.tasks.history_words import Wording
from taskbell.tasks.names import Names, names_in


class ActivityOut(TypedDict):
    """A change of a task."""

    id: int
    task: int
    user: Annotated[int | None, "Null: the clock made the change."]
    action: str
    field: str
    old_value: Any
    new_value: Any
    timestamp: datetime
    old_text: Annotated[str, "The old value in words, with times in your time zone."]
    new_text: Annotated[str, "The new value in words."]
    summary: Annotated[str, "What happened, as a sentence."]


def activity_as_json(entries: Sequence[Activity], person: User, *, names: Names | None = None) -> list[ActivityOut]:
    """The entries as the person sees them: without prerequisites that they can't see. At most one query."""
    names = names or names_of_entries(entries, person)
    wording = Wording(names, ZoneInfo(person.profile.timezone))
    return [_entry_as_json(entry, wording) for entry in entries]


def names_of_entries(
    entries: Sequence[Activity], person: User, *, people: Iterable[int | None] = (), everybody: bool = False
) -> Names:
    """The names in the entries and of further people; with `everybody`, of all active people. At most one query."""
    values = [(entry.field, value) for entry in entries for value in (entry.old_value, entry.new_value)]
    return names_in(values, person, people=[*(entry.user_id for entry in entries), *people], everybody=everybody)


def _entry_as_json(entry: Activity, wording: Wording) -> ActivityOut:
    old, new = (wording.names.visible_part(entry.field, value) for value in (entry.old_value, entry.new_value))
    old_text, new_text = (wording.words(entry.field, value) for value in (old, new))
    return payload_of(
        ActivityOut,
        entry,
        old_value=old,
        new_value=new,
        old_text=old_text,
        new_text=new_text,
        summary=sentence_of(entry, old_text, new_text, wording),
    )
