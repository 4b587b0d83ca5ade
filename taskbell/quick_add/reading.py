"""What was read in a line: the task, what each word became, and what there is to say about it."""

from dataclasses import dataclass
from datetime import date, time

from taskbell.common.durations import Duration
from taskbell.quick_add.known import Thing
from taskbell.quick_add.lines import Span

CATEGORY, PROJECT, LABEL, ASSIGNEE, BLOCKED_BY = "category", "project", "label", "assignee", "blocked_by"
DUE, REPEATS, REMINDER, PRIORITY, TITLE = "due", "repeats", "reminder", "priority", "title"
KINDS = (DUE, REPEATS, REMINDER, PRIORITY, CATEGORY, PROJECT, LABEL, ASSIGNEE, BLOCKED_BY)


@dataclass(frozen=True)
class TypedReminder:
    """A reminder some time before the task is due, or at a wall time."""

    before: Duration | None = None
    day: date | None = None
    at: time | None = None


@dataclass(frozen=True)
class Chip:
    """Words that became part of the task: where they are, as typed, and what they mean."""

    kind: str
    span: Span
    text: str
    value: str
    id: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Note:
    """Something about words that stay in the title, or about the whole line."""

    kind: str
    span: Span
    text: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The task that a line describes."""

    title: str
    due_date: date | None = None
    due_time: time | None = None
    recurrence: str = ""
    from_completion: bool = False
    reminder: TypedReminder | None = None
    priority: str | None = None
    category: Thing | None = None
    project: Thing | None = None
    assignee: Thing | None = None
    labels: tuple[Thing, ...] = ()
    blocked_by: tuple[Thing, ...] = ()
    chips: tuple[Chip, ...] = ()
    notes: tuple[Note, ...] = ()
