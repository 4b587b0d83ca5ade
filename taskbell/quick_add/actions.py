"""The verb of quick add: a line becomes a task."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from taskbell.accounts.models import User
from taskbell.common.clock import instant
from taskbell.common.errors import invalid
from taskbell.common.values import read_field, read_line
from taskbell.quick_add.lines import Span
from taskbell.quick_add.queries import known_to
from taskbell.quick_add.reader import names_to_look_up, read
from taskbell.quick_add.reading import Reading, TypedReminder
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import create_task
from taskbell.tasks.categories import create_category
from taskbell.tasks.kinds import Basis, Priority
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.policy import check_may_create

MAX_TEXT = 1000  # characters
NO_DEFAULTS: Mapping[str, Any] = MappingProxyType({})


def read_for(person: User, text: str, *, zone: str, now: datetime, refused: Iterable[Span] = ()) -> Reading:
    """The task that the line describes to this person. Changes nothing. Raises NotAllowed, Invalid."""
    check_may_create(person)
    read_field("text", partial(read_line, most=MAX_TEXT), text)
    spans = list(refused)
    known = known_to(person, names_to_look_up(text, spans))
    return read(text, now=now, zone=zone, known=known, refused=spans)


@transaction.atomic
def create_from_line(
    text: str,
    *,
    zone: str,
    refused: Iterable[Span] = (),
    defaults: Mapping[str, Any] = NO_DEFAULTS,
    by: User,
    now: datetime,
) -> tuple[Task, Reading]:
    """Creates the task that the line describes, with its new category and labels.

    `defaults` are fields of the task for which the line says nothing. Raises the same as `create_task`.
    """
    reading = read_for(by, text, zone=zone, now=now, refused=refused)
    if not reading.title:
        raise invalid("text", "blank", _("Must have a title. What needs to be done?"))
    category = reading.category.id if reading.category else None
    if reading.category and category is None:
        category = create_category(reading.category.name, by=by, now=now).pk
    patch = TaskPatch(timezone=zone, **{**defaults, **_columns(reading, category, zone)})
    return create_task(patch, by=by, now=now), reading


def _columns(reading: Reading, category: int | None, zone: str) -> dict[str, Any]:
    """The fields of the task that were read."""
    columns = {
        "title": reading.title,
        "due_date": reading.due_date,
        "due_time": reading.due_time,
        "priority": Priority[reading.priority].value if reading.priority else None,
        "category_id": category,
        "project_id": reading.project and reading.project.id,
        "assigned_to_id": reading.assignee and reading.assignee.id,
        "recurrence": reading.recurrence or None,
        "recurrence_from": Basis.COMPLETION.value if reading.from_completion else None,
        "labels": [label.name for label in reading.labels] or None,
        "pre_tasks": [task.id for task in reading.blocked_by] or None,
        "reminders": [plan_of_reminder(reading.reminder, zone)] if reading.reminder else None,
    }
    return {name: value for name, value in columns.items() if value is not None}


def plan_of_reminder(reminder: TypedReminder, zone: str) -> ReminderPlan:
    """The reminder for everybody on the task."""
    if reminder.day is None or reminder.at is None:
        return ReminderPlan(before_due=reminder.before)
    wall = datetime.combine(reminder.day, reminder.at)
    return ReminderPlan(at=instant(reminder.day, reminder.at, zone), wall=wall)
