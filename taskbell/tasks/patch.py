"""What somebody wants a task to be: what people can set, each field a value or left as it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from enum import Enum
from typing import Any, Final, NamedTuple

from taskbell.reminders.schedule import ReminderPlan


class Unset(Enum):
    """The type of UNSET, so that type checkers can tell it from every value."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET


class SeriesDates(NamedTuple):
    """From when the rule counts, and when the occurrence would be due by it, if only this one was moved."""

    anchor_date: date
    planned_date: date | None
    planned_time: time | None


@dataclass(frozen=True, kw_only=True)
class TaskPatch:
    """The fields of a task by the names of the model. UNSET leaves a field as it is; None empties it.

    `only_this_one` goes with a new due date: the task moves, and the later ones of its series stay where they are.
    `series_dates` goes with one as well, if an exported task is updated from a file.
    """

    title: str | Unset = UNSET
    description: str | Unset = UNSET
    stage: str | Unset = UNSET
    priority: int | Unset = UNSET
    project_id: int | Unset = UNSET
    category_id: int | Unset | None = UNSET
    due_date: date | Unset | None = UNSET
    due_time: time | Unset | None = UNSET
    timezone: str | Unset = UNSET
    assigned_to_id: int | Unset | None = UNSET
    recurrence: str | Unset = UNSET
    recurrence_from: str | Unset = UNSET
    reminders: Sequence[ReminderPlan] | Unset = UNSET
    pre_tasks: Sequence[int] | Unset = UNSET
    labels: Sequence[str] | Unset = UNSET
    only_this_one: bool = False
    series_dates: SeriesDates | Unset = UNSET

    def columns(self) -> dict[str, Any]:
        """The fields that are set and are columns of the task; reminders, prerequisites and labels are other rows."""
        others = ("reminders", "pre_tasks", "labels", "only_this_one", "series_dates")
        return {name: value for name, value in vars(self).items() if value is not UNSET and name not in others}
