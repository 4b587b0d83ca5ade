"""The columns of a row in a file, read from the text of CSV or the values of JSON."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.common import values
from taskbell.common.durations import Duration
from taskbell.common.errors import FieldError
from taskbell.common.values import BadValue
from taskbell.reminders.actions import MAX_REMINDERS
from taskbell.reminders.models import ReminderState
from taskbell.reminders.repeats import read_repeat
from taskbell.reminders.schedule import MAX_BEFORE_DUE
from taskbell.tasks.categories import read_category_name
from taskbell.tasks.kinds import OVERDUE, PRIORITY_NAMES, STAGES, Priority
from taskbell.tasks.models import MAX_SOURCE, MAX_SOURCE_ID
from taskbell.tasks.prerequisites import MAX_PREREQUISITES
from taskbell.tasks.validation import RULES
from taskbell.transfer.comment_cells import read_comments
from taskbell.transfer.label_cells import read_labels
from taskbell.transfer.objects import Readers, read_list
from taskbell.transfer.project_cells import read_project

MAX_OCCURRENCE = 2**31 - 1
REMINDERS = gettext_noop("Must be a JSON list of at most %(most)s reminders.")
CALENDAR_SOURCE = "ical"
FILE_SOURCE = "file"  # of tasks that have no id in their file
OWN_SOURCE = "taskbell"  # of tasks that came from no other program; their id begins with that of the installation
ALL_DAY = (ALWAYS, AT_MIDNIGHT) = ("always", "at midnight")  # when `due_at` is only a date
MAX_PERSON = 254  # characters of a username or address
Reader = Callable[[Any], Any]


def is_of_installation(installation: str, source_id: str) -> bool:
    """True for a copy of a task that this installation exported; the copy is exported by an id of its own."""
    return source_id.startswith(f"{installation}:")


@dataclass(frozen=True)
class ReminderRow:
    """A reminder as a file has it. Without an offset, `at` is in the task's time zone; `wall` is as in ReminderPlan."""

    at: datetime | None = None
    wall: datetime | None = None
    before_due: Duration | None = None
    repeat: str = ""
    for_me: bool = False
    is_snooze: bool = False
    state: str = ReminderState.ARMED
    fired_at: datetime | None = None


def _as_invalid(read: Reader) -> Reader:
    """The reader, with one code for whatever is wrong."""

    def plain(value: Any) -> Any:
        try:
            return read(value)
        except BadValue as error:
            raise BadValue(str(error)) from error

    return plain


def _read_priority(value: Any) -> int:
    return int(Priority[values.read_choice(value, PRIORITY_NAMES)].value)


def _read_wall(value: Any) -> datetime:
    wall = values.read_datetime(value)
    if wall.tzinfo is not None:
        raise BadValue(_("Must be a local time, without an offset."))
    return wall


def _read_instant(value: Any) -> datetime:
    """Instead of date, time and zone: the importer's zone says which day it is."""
    at = values.read_datetime(value)
    if at.tzinfo is None:
        raise BadValue(_("Must have an offset, such as 2027-03-31T09:00:00Z."))
    return at


def _read_prerequisites(value: Any) -> list[int]:
    ids = re.findall(r"[^ ,;]+", value) if isinstance(value, str) else value
    if not isinstance(ids, list) or len(ids) > MAX_PREREQUISITES:
        raise BadValue(
            _("Must be at most %(most)s ids of other rows, separated by spaces.") % {"most": MAX_PREREQUISITES}
        )
    return sorted({READERS["id"](pk) for pk in ids})


def _read_reminders(value: Any) -> list[ReminderRow]:
    return [_read_reminder(members) for members in read_list(value, MAX_REMINDERS, REMINDERS)]


def _read_reminder(members: Any) -> ReminderRow:
    if not isinstance(members, dict) or members.keys() - OF_A_REMINDER.keys() - {"id", "next_at"}:
        raise BadValue(_("A reminder has the fields %(members)s.") % {"members": ", ".join(OF_A_REMINDER)})
    read = {name: reader(members[name]) for name, reader in OF_A_REMINDER.items() if members.get(name) is not None}
    if not read.keys() & {"at", "before_due"}:
        raise BadValue(_("A reminder needs at or before_due."), "required")
    return ReminderRow(**(read | {"at": None} if "before_due" in read else read))


READERS: Readers = {
    "id": _as_invalid(values.read_id),
    "title": RULES["title"],
    "description": RULES["description"],
    "status": partial(values.read_choice, choices=[*STAGES, OVERDUE]),
    "stage": RULES["stage"],
    "priority": _read_priority,
    "category": read_category_name,
    "due_date": _as_invalid(values.read_date),
    "due_time": values.read_time,
    "due_at": _as_invalid(_read_instant),
    "all_day": partial(values.read_choice, choices=ALL_DAY),
    "timezone": RULES["timezone"],
    "assigned_to": partial(values.read_text, most=MAX_PERSON),
    "created_by": partial(values.read_text, most=MAX_PERSON),
    "pre_tasks": _read_prerequisites,
    "reminders": _read_reminders,
    "recurrence": RULES["recurrence"],
    "recurrence_from": RULES["recurrence_from"],
    "series": _as_invalid(values.read_id),
    "occurrence": _as_invalid(partial(values.read_number, most=MAX_OCCURRENCE)),
    "anchor_date": _as_invalid(values.read_date),
    "planned_date": _as_invalid(values.read_date),
    "planned_time": values.read_time,
    "completed_at": _as_invalid(values.read_datetime),
    "created_at": _as_invalid(values.read_datetime),
    "source": partial(values.read_text, most=MAX_SOURCE),
    "source_id": partial(values.read_text, most=MAX_SOURCE_ID),
    "project": _as_invalid(read_project),
    "labels": _as_invalid(read_labels),
    "comments": _as_invalid(read_comments),
}
OF_A_REMINDER: Readers = {
    "at": _as_invalid(values.read_moment),
    "wall": _as_invalid(_read_wall),
    "before_due": partial(values.read_duration, longest=MAX_BEFORE_DUE),
    "repeat": read_repeat,
    "for_me": values.read_boolean,
    "is_snooze": values.read_boolean,
    "state": partial(values.read_choice, choices=ReminderState.values),
    "fired_at": _as_invalid(values.read_datetime),
}
# An export has them; an import sets them itself.
NOT_READ = ("updated_at",)
COLUMNS = (*READERS, *NOT_READ)


def _read(name: str, value: Any) -> Any:
    """The value. Raises BadValue; the reader of the file may have found the error already."""
    if isinstance(value, BadValue):
        raise value
    return READERS[name](value)


def read_cells(cells: Mapping[str, Any]) -> tuple[dict[str, Any], list[FieldError]]:
    """The values of a row by column, without the empty ones; and what is wrong with which."""
    found, errors = {}, []
    for name, value in cells.items():
        if value is None or value == "" or name in NOT_READ:
            continue
        try:
            found[name] = _read(name, value)
        except BadValue as error:
            errors.append(FieldError(name, error.code, str(error)))
    return found, errors
