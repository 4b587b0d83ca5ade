"""The values that a task can have: stage, status and priority."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class Priority(models.IntegerChoices):
    """Stored as a rank, so that the column sorts; read and written by name."""

    LOW = 1, _("Low")
    MEDIUM = 2, _("Medium")
    HIGH = 3, _("High")
    URGENT = 4, _("Urgent")


class Stage(models.TextChoices):
    """The progress of the work, as people set it."""

    PENDING = "PENDING", _("To do")
    IN_PROGRESS = "IN_PROGRESS", _("In progress")
    COMPLETED = "COMPLETED", _("Done")
    ARCHIVED = "ARCHIVED", _("Archived")


class Basis(models.TextChoices):
    """The date from which the next occurrence of a recurring task is computed."""

    DUE = "due"
    COMPLETION = "completion"


OVERDUE = "OVERDUE"
STAGES = Stage.values
STATUSES = [*STAGES, OVERDUE]
PRIORITY_NAMES = Priority.names
# In words, in the language of the page or email.
PRIORITIES: dict[str, Any] = {one.name: one.label for one in Priority}
STATUS_WORDS: dict[str, Any] = {**dict(Stage.choices), OVERDUE: _("Overdue")}
OPEN_STAGES = (Stage.PENDING, Stage.IN_PROGRESS)


def status_of(stage: str, is_overdue: bool) -> str:
    """The status of a task in this stage: OVERDUE if it is open and marked as overdue, otherwise the stage."""
    return OVERDUE if is_overdue and stage in OPEN_STAGES else stage
