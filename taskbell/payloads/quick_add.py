"""A line as it was read, as JSON."""

from datetime import date, datetime, time
from typing import Annotated, NotRequired, TypedDict
from zoneinfo import ZoneInfo

from taskbell.payloads import payload_of
from taskbell.payloads.tasks import TaskOut
from taskbell.quick_add.actions import plan_of_reminder
from taskbell.quick_add.known import Thing
from taskbell.quick_add.reading import KINDS, Chip, Note, Reading, TypedReminder
from taskbell.tasks.kinds import PRIORITY_NAMES, Basis, Priority


class ChipOut(TypedDict):
    """Words that were read, and what they mean. `start` and `end` count Unicode characters of the text."""

    kind: Annotated[str, {"enum": KINDS}]
    text: Annotated[str, "As typed."]
    start: int
    end: int
    value: Annotated[str, "A date or a date and time, a rule, a duration, a priority or a name."]
    id: Annotated[int | None, "Of what was named; null if it is new."]
    note: Annotated[str, "What there is to say about it, or nothing."]


class LineNoteOut(TypedDict):
    """Something about words that stay in the title, or about the whole line."""

    kind: str
    text: str
    start: int
    end: int
    note: str


class LineReminderOut(TypedDict):
    """A reminder at an instant, or some time before the task is due."""

    at: datetime | None
    before_due: str | None


class NewOut(TypedDict):
    """What is created with the task."""

    category: str | None
    labels: list[str]


class LineFieldsOut(TypedDict):
    """The fields of the task, as `POST /api/tasks/` takes them. A new category has no id yet."""

    title: str
    due_date: date | None
    due_time: time | None
    timezone: str
    recurrence: str | None
    recurrence_from: Annotated[str, {"enum": Basis.values}]
    priority: Annotated[str, {"enum": PRIORITY_NAMES}]
    project: NotRequired[Annotated[int, "Left out for your Inbox."]]
    category: int | None
    labels: list[str]
    assigned_to: int | None
    pre_tasks: list[int]
    reminders: list[LineReminderOut]


class LineOut(TypedDict):
    """What was read in a line, and the task that was created from it."""

    task: Annotated[TaskOut | None, "Null in a dry run."]
    fields: LineFieldsOut
    chips: Annotated[list[ChipOut], "In the order of the line."]
    notes: list[LineNoteOut]
    new: NewOut


def line_as_json(reading: Reading, zone: str, task: TaskOut | None = None) -> LineOut:
    """The reading, with the task if there is one."""
    category = reading.category
    return {
        "task": task,
        "fields": _fields(reading, zone),
        "chips": [_chip(chip) for chip in reading.chips],
        "notes": [_note(note) for note in reading.notes],
        "new": {
            "category": category.name if category and category.id is None else None,
            "labels": [label.name for label in reading.labels if label.id is None],
        },
    }


def _chip(chip: Chip) -> ChipOut:
    start, end = chip.span
    return payload_of(ChipOut, chip, start=start, end=end)


def _note(note: Note) -> LineNoteOut:
    start, end = note.span
    return payload_of(LineNoteOut, note, start=start, end=end)


def _fields(reading: Reading, zone: str) -> LineFieldsOut:
    fields: LineFieldsOut = {
        "title": reading.title,
        "due_date": reading.due_date,
        "due_time": reading.due_time,
        "timezone": zone,
        "recurrence": reading.recurrence or None,
        "recurrence_from": Basis.COMPLETION.value if reading.from_completion else Basis.DUE.value,
        "priority": reading.priority or Priority.MEDIUM.name,
        "category": _id(reading.category),
        "labels": [label.name for label in reading.labels],
        "assigned_to": _id(reading.assignee),
        "pre_tasks": [task.id for task in reading.blocked_by if task.id is not None],
        "reminders": [_reminder(reading.reminder, zone)] if reading.reminder else [],
    }
    if reading.project and reading.project.id is not None:
        fields["project"] = reading.project.id
    return fields


def _reminder(reminder: TypedReminder, zone: str) -> LineReminderOut:
    plan = plan_of_reminder(reminder, zone)
    before_due = None if plan.before_due is None else str(plan.before_due)
    return {"at": plan.at and plan.at.astimezone(ZoneInfo(zone)), "before_due": before_due}


def _id(thing: Thing | None) -> int | None:
    return thing.id if thing else None
