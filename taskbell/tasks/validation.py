"""The rules of a task. The verbs check them, so that no door can let anything else in.

Each rule returns a value in the form in which it is stored, or raises BadValue.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from taskbell.common.clock import EARLIEST, LATEST
from taskbell.common.durations import Duration
from taskbell.common.errors import FieldError, invalid, refuse
from taskbell.common.values import (
    BadValue,
    in_bounds,
    read_choice,
    read_fields,
    read_id,
    read_line,
    read_number,
    read_rule,
    read_text,
    read_zone,
)
from taskbell.reminders.repeats import read_repeat
from taskbell.reminders.schedule import MAX_BEFORE_DUE, ReminderPlan
from taskbell.tasks.kinds import STAGES, Basis, Priority
from taskbell.tasks.models import Category
from taskbell.tasks.patch import UNSET, TaskPatch
from taskbell.tasks.prerequisites import MAX_PREREQUISITES

MAX_TITLE, MAX_DESCRIPTION = 255, 20_000  # characters
# A local date may lie a day outside of the bounds in UTC.
EARLIEST_IN_UTC, LATEST_IN_UTC = EARLIEST - timedelta(days=1), LATEST + timedelta(days=1)
Rule = Callable[[Any], Any]


def _or_none(rule: Rule) -> Rule:
    return lambda value: None if value is None else rule(value)


def _without_offset(value: Any) -> time:
    if not isinstance(value, time) or value.tzinfo is not None:
        raise BadValue(_("Must be a time without an offset."))
    return value


RULES: Mapping[str, Rule] = {
    "title": partial(read_line, most=MAX_TITLE),
    "description": partial(read_text, most=MAX_DESCRIPTION),
    "stage": partial(read_choice, choices=STAGES),
    "priority": partial(read_number, least=min(Priority), most=max(Priority)),
    "project_id": read_id,
    "category_id": _or_none(read_id),
    "due_date": _or_none(in_bounds),
    "due_time": _or_none(_without_offset),
    "timezone": read_zone,
    "assigned_to_id": _or_none(read_id),
    "recurrence": read_rule,
    "recurrence_from": partial(read_choice, choices=Basis.values),
}
# What people call a column.
FIELD_NAMES = {"project_id": "project", "category_id": "category", "assigned_to_id": "assigned_to"}
Errors = dict[str, FieldError]


def read_columns(patch: TaskPatch) -> tuple[dict[str, Any], Errors]:
    """The columns that are set, as they are stored, and what is wrong with which."""
    columns, errors = read_fields(patch.columns(), RULES)
    return columns, {name: replace(error, field=FIELD_NAMES.get(name, name)) for name, error in errors.items()}


def check_columns(changing: Mapping[str, Any], errors: Errors, wrong: Iterable[FieldError | None]) -> None:
    """Raises Invalid naming every field that changes to a wrong value, and those that are `wrong` for other reasons.

    A field that stays as it is was accepted before: its error does not count.
    """
    found = {name: error for name, error in errors.items() if name in changing}
    category = changing.get("category_id")
    if "category_id" not in found and category is not None and not Category.objects.filter(pk=category).exists():
        found["category_id"] = FieldError("category", "does_not_exist", _("There is no category with this id."))
    refuse([*found.values(), *filter(None, wrong)])


def check_rows(patch: TaskPatch) -> None:
    """Raises Invalid naming every reminder, and every prerequisite, that breaks a rule."""
    errors: list[FieldError] = []
    if patch.reminders is not UNSET:
        for index, plan in enumerate(_list(patch.reminders, "reminders")):
            errors += _errors_of_reminder(plan, f"reminders.{index}.")
    if patch.pre_tasks is not UNSET:
        errors += _errors_of_prerequisites(_list(patch.pre_tasks, "pre_tasks"))
    refuse(errors)


def check_reminder(plan: ReminderPlan) -> None:
    """Raises Invalid naming every part of the reminder that breaks a rule."""
    refuse(_errors_of_reminder(plan))


def check_dates(due_date: date | None, due_time: time | None, recurrence: str) -> None:
    """Raises Invalid if a due time or a rule has no due date to start from."""
    if due_date is None and due_time is not None:
        raise invalid("due_time", "needs_date", _("A due time needs a due date."))
    if due_date is None and recurrence:
        raise invalid("recurrence", "needs_date", _("A task that repeats needs a due date."))


def _list(value: Any, name: str) -> Sequence[Any]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise invalid(name, "invalid", _("Must be a list."))
    return value


def _is_moment(value: Any, *, has_offset: bool) -> bool:
    return isinstance(value, datetime) and (value.tzinfo is not None) is has_offset


def _errors_of_reminder(plan: ReminderPlan, prefix: str = "") -> Iterator[FieldError]:
    def error(member: str, code: str, message: str) -> FieldError:
        return FieldError(f"{prefix}{member}", code, message)

    if not isinstance(plan, ReminderPlan) or (plan.at is None and plan.before_due is None):
        yield error("at", "required", _("Send at or before_due."))
        return
    if plan.at is not None and not _is_moment(plan.at, has_offset=True):
        yield error("at", "invalid", _("Must be a date and time with an offset."))
    elif plan.at is not None and not EARLIEST_IN_UTC <= plan.at.date() <= LATEST_IN_UTC:
        yield error(
            "at",
            "out_of_range",
            _("Must be between %(earliest)s and %(latest)s.") % {"earliest": EARLIEST, "latest": LATEST},
        )
    if plan.wall is not None and not _is_moment(plan.wall, has_offset=False):
        yield error("wall", "invalid", _("Must be a date and time without an offset."))
    before = plan.before_due
    if before is not None and not (isinstance(before, Duration) and timedelta() <= before.total <= MAX_BEFORE_DUE):
        yield error(
            "before_due", "duration", _("Must be a duration up to %(days)s days.") % {"days": MAX_BEFORE_DUE.days}
        )
    try:
        read_repeat(plan.repeat)
    except BadValue as wrong:
        yield error("repeat", wrong.code, str(wrong))


def _errors_of_prerequisites(ids: Sequence[int]) -> Iterator[FieldError]:
    if len(ids) > MAX_PREREQUISITES:
        yield FieldError(
            "pre_tasks",
            "max_length",
            _("A task has at most %(prerequisites)s prerequisites.") % {"prerequisites": MAX_PREREQUISITES},
        )
    for index, pk in enumerate(ids):
        try:
            read_id(pk)
        except BadValue as error:
            yield FieldError(f"pre_tasks.{index}", error.code, str(error))
