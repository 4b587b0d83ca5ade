"""Reminders: when each fires, and for whom."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from taskbell.accounts.models import User
from taskbell.common.durations import MAX_CHARACTERS, Duration, parse_duration


class ReminderState(models.TextChoices):
    """Whether the reminder is still to fire."""

    ARMED = "armed", _("waiting")
    FIRED = "fired", _("sent")
    SKIPPED = "skipped", _("skipped")


class DurationColumn(models.CharField):  # type: ignore[type-arg]
    """A duration, stored as it was written."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Duration | None:
        return None if value is None else parse_duration(value)

    def to_python(self, value: Any) -> Any:
        return parse_duration(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else str(value)

    def deconstruct(self) -> Any:
        """As plain text, so that migrations don't depend on this class."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


class ReminderQuerySet(models.QuerySet["Reminder"]):
    """Named reads of reminders."""

    def due(self, now: datetime) -> "ReminderQuerySet":
        """Reminders to fire now. There is no lower bound, so an outage loses nothing."""
        return self.filter(next_at__lte=now).order_by("next_at", "id")

    def visible_to(self, person: User) -> "ReminderQuerySet":
        """The shared reminders and the person's own."""
        return self.filter(Q(recipient=None) | Q(recipient=person))


class Reminder(models.Model):
    """Reminds the people on a task, or one person, at an instant."""

    task = models.ForeignKey("tasks.Task", on_delete=models.CASCADE, related_name="reminders")
    created_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    recipient = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Empty: everybody on the task."),
    )
    at = models.DateTimeField(
        null=True, blank=True, help_text=_("When it first fires; empty until the task has a due date.")
    )
    wall_date = models.DateField(null=True, blank=True, help_text=_("The local date at that instant."))
    wall_time = models.TimeField(
        null=True, blank=True, help_text=_("The local time at that instant, even if a clock change skips it.")
    )
    before_due: "models.Field[Any, Duration | None]" = DurationColumn(
        max_length=MAX_CHARACTERS, null=True, blank=True, help_text=_("How long before the task is due (ISO 8601).")
    )
    repeat = models.CharField(max_length=512, blank=True, help_text=_("The rule it repeats by (RRULE)."))
    timezone = models.CharField(max_length=64, help_text=_("The time zone of local date, time and rule."))
    next_at = models.DateTimeField(null=True, blank=True, help_text=_("When it fires next; empty: never."))
    state = models.CharField(max_length=10, choices=ReminderState.choices, default=ReminderState.ARMED)
    fired_at = models.DateTimeField(null=True, blank=True)  # or was skipped
    is_snooze = models.BooleanField(
        default=False, help_text=_("Set by snoozing; not copied to the next task of a series.")
    )

    objects = ReminderQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("reminder"), _("reminders")
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["next_at", "id"], name="clock", condition=Q(next_at__isnull=False))]

    def __str__(self) -> str:
        return f"at {self.at:%Y-%m-%d %H:%M} UTC" if self.at else "when the task is due"

    @property
    def wall(self) -> datetime | None:
        """The local wall time, without a zone; `at` is its instant."""
        if self.wall_date is None or self.wall_time is None:
            return None
        return datetime.combine(self.wall_date, self.wall_time)

    @wall.setter
    def wall(self, local: datetime | None) -> None:
        self.wall_date, self.wall_time = (None, None) if local is None else (local.date(), local.time())

    @property
    def recipient_may_see_task(self) -> bool:
        """False for a private reminder of a person who can no longer see the task."""
        return self.recipient is None or self.task.is_visible_to(self.recipient)

    def recipient_ids(self) -> set[int]:
        """The one person, or assignee and creator."""
        if self.recipient_id is not None:
            return {self.recipient_id}
        return set(self.task.people)
