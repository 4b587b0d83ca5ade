"""What the email about a changed task says: the changes of others, in words and in the reader's time zone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from taskbell.accounts.models import User
from taskbell.activity.queries import FieldChange, changes_since
from taskbell.common.quoting import MAX_LINE, name_in_quotes, one_line, quoted_lines, set_apart, without_links
from taskbell.common.wording import shortened
from taskbell.notifications.models import Notification
from taskbell.tasks.history_words import Wording, label_of
from taskbell.tasks.models import Task
from taskbell.tasks.names import Names, names_in

DUE_FIELDS = ("due_date", "due_time", "timezone")
TYPED_FIELDS = ("title", "description")
MAX_CHARACTERS = 1000
MAX_IN_A_LINE = 80


@dataclass(frozen=True)
class ChangeInWords:
    """One row of the email."""

    label: str
    old: str
    new: str
    by: str
    quoted_old: str = ""  # for the text, where the values don't fit into one line
    quoted_new: str = ""

    @property
    def is_long(self) -> bool:
        """True if the values don't fit into one line."""
        return "\n" in self.old + self.new or len(self.old + self.new) > 2 * MAX_IN_A_LINE


def gather_changes(update: Notification) -> list[FieldChange]:
    """What others have changed on the task since the first change that the email is about, as its reader may see it."""
    assert update.recipient is not None  # noqa: S101 - such emails are for people
    assert update.task_id is not None  # noqa: S101 - and about tasks
    changes = changes_since(update.task_id, datetime.fromisoformat(update.data["since"]), but=update.recipient)
    links = [change for change in changes if change.field == "pre_tasks"]
    names = _names_in(links, update.recipient)
    for change in links:
        change.old, change.new = (names.visible_part(change.field, value) for value in (change.old, change.new))
    changed = [change for change in changes if change.old != change.new]
    return changed if any(change.field != "next_task" for change in changed) else []


def changes_in_words(update: Notification) -> list[ChangeInWords]:
    """The rows of the email."""
    assert update.recipient is not None  # noqa: S101 - such emails are for people
    assert update.task is not None  # noqa: S101 - and about tasks
    zone = ZoneInfo(update.recipient.profile.timezone)
    changes = gather_changes(update)
    wording = Wording(_set_apart(_names_in(changes, update.recipient)), zone)
    due = _due_change(changes, update.task, zone)
    rest = [change for change in changes if due is None or change.field not in DUE_FIELDS]
    rows = [_row(change, wording) for change in rest]
    return [due, *rows] if due else rows


def _names_in(changes: Sequence[FieldChange], reader: User) -> Names:
    return names_in(((one.field, value) for one in changes for value in (one.old, one.new)), reader)


def _set_apart(names: Names) -> Names:
    return Names(
        {pk: one_line(title, most=MAX_LINE) for pk, title in names.tasks.items()},  # `Wording` puts them in quotes
        {pk: set_apart(name) for pk, name in names.people.items()},
        {pk: set_apart(name) for pk, name in names.categories.items()},
        {pk: set_apart(name) for pk, name in names.projects.items()},
    )


def _row(change: FieldChange, wording: Wording) -> ChangeInWords:
    old, new = (_in_words(wording, change.field, value) for value in (change.old, change.new))
    quoted = (quoted_lines(words) if value else words for words, value in ((old, change.old), (new, change.new)))
    return ChangeInWords(label_of(change.field), old, new, name_in_quotes(change.by), *quoted)


def _in_words(wording: Wording, field: str, value: Any) -> str:
    if field in TYPED_FIELDS and value and "\n" not in value:
        return set_apart(value, most=MAX_CHARACTERS)
    if field == "labels" and value:
        return shortened(", ".join(map(set_apart, value)), MAX_CHARACTERS)
    words = shortened(wording.words(field, value), MAX_CHARACTERS)
    return words if field and field not in TYPED_FIELDS else without_links(words)


def _due_change(changes: list[FieldChange], task: Task, zone: ZoneInfo) -> ChangeInWords | None:
    """Date, time and zone are one thing to the reader: when the task was due, and when it is."""
    parts = {change.field: change for change in changes if change.field in DUE_FIELDS}
    if not parts:
        return None
    now = {"due_date": task.due_date, "due_time": task.due_time, "timezone": task.timezone}
    before, after = (
        _due({name: getattr(parts[name], side) if name in parts else value for name, value in now.items()}, zone)
        for side in ("old", "new")
    )
    return (
        None
        if before == after
        else ChangeInWords(_("Due"), before, after, name_in_quotes(next(reversed(parts.values())).by))
    )


def _due(fields: dict[str, Any], zone: ZoneInfo) -> str:
    day, at = fields["due_date"], fields["due_time"]
    task = Task(
        due_date=date.fromisoformat(day) if isinstance(day, str) else day,
        due_time=time.fromisoformat(at) if isinstance(at, str) else at,
        timezone=fields["timezone"],
    )
    task.due_at = task.compute_due_at()
    return task.due_in_words(zone) or _("no due date")
