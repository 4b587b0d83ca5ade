"""The values that a task can have: stage, status and priority."""

from django.db import models
from django.utils.translation import gettext_noop


class Priority(models.IntegerChoices):
    """Stored as a rank, so that the column sorts; read and written by name."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    URGENT = 4


class Stage(models.TextChoices):
    """The progress of the work, as people set it."""

    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    ARCHIVED = "ARCHIVED"


class Basis(models.TextChoices):
    """The date from which the next occurrence of a recurring task is computed."""

    DUE = "due"
    COMPLETION = "completion"


OVERDUE = "OVERDUE"
STAGES = Stage.values
STATUSES = [*STAGES, OVERDUE]
PRIORITY_NAMES = Priority.names
# In words, to be translated where they are shown.
PRIORITIES = {
    "LOW": gettext_noop("Low"),
    "MEDIUM": gettext_noop("Medium"),
    "HIGH": gettext_noop("High"),
    "URGENT": gettext_noop("Urgent"),
}
OPEN_STAGES = (Stage.PENDING, Stage.IN_PROGRESS)


def status_of(stage: str, is_overdue: bool) -> str:
    """The status of a task in this stage: OVERDUE if it is open and marked as overdue, otherwise the stage."""
    return OVERDUE if is_overdue and stage in OPEN_STAGES else stage
