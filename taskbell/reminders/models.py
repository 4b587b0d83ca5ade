"""Promises bound to the clock."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from taskbell.accounts.models import User


class ReminderState(models.TextChoices):
    """What has become of the promise."""

    ARMED = "armed"
    FIRED = "fired"
    SKIPPED = "skipped"


class ReminderQuerySet(models.QuerySet["Reminder"]):
    """Named reads of reminders."""

    def due(self, now: datetime) -> "ReminderQuerySet":
        """Those whose time has come. No lower edge: an outage loses nothing."""
        return self.filter(next_at__lte=now).order_by("next_at", "id")

    def visible_to(self, person: User) -> "ReminderQuerySet":
        """The shared ones and the person's own."""
        return self.filter(Q(recipient=None) | Q(recipient=person))

    def snoozes(self) -> "ReminderQuerySet":
        """Those that only put another one off."""
        return self.filter(is_snooze=True)


class Reminder(models.Model):
    """Tells the people on a task, or one of them, at an instant."""

    task = models.ForeignKey("tasks.Task", on_delete=models.CASCADE, related_name="reminders")
    created_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    recipient = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="Nobody: everybody on the task.",
    )
    at = models.DateTimeField(null=True, blank=True, help_text="When it fires first; empty while nothing is due.")
    wall_date = models.DateField(null=True, blank=True, help_text="The local day that was meant by it,")
    wall_time = models.TimeField(null=True, blank=True, help_text="and the local time, also where a clock skips it.")
    before_due = models.DurationField(null=True, blank=True, help_text="How long before the due moment.")
    repeat = models.CharField(max_length=512, blank=True, help_text="The rule by which it fires again (RRULE).")
    timezone = models.CharField(max_length=64, help_text="In whose wall time the rule is read.")
    next_at = models.DateTimeField(null=True, blank=True, help_text="When it fires next; empty: never again.")
    state = models.CharField(max_length=10, choices=ReminderState.choices, default=ReminderState.ARMED)
    fired_at = models.DateTimeField(null=True, blank=True)  # or was let pass by the clock
    is_snooze = models.BooleanField(default=False, help_text="Only puts another one off; not for later occurrences.")

    objects = ReminderQuerySet.as_manager()

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["next_at", "id"], name="clock", condition=Q(next_at__isnull=False))]

    def __str__(self) -> str:
        return f"at {self.at:%Y-%m-%d %H:%M} UTC" if self.at else "when the task is due"

    @property
    def wall(self) -> datetime | None:
        """The local wall time that was meant, without a zone. `at` is the instant that it came to."""
        if self.wall_date is None or self.wall_time is None:
            return None
        return datetime.combine(self.wall_date, self.wall_time)

    @wall.setter
    def wall(self, local: datetime | None) -> None:
        self.wall_date, self.wall_time = (None, None) if local is None else (local.date(), local.time())

    @property
    def is_to_be_told(self) -> bool:
        """False for one that is somebody's own who may not see the task (any more)."""
        return self.recipient is None or self.task.is_visible_to(self.recipient)

    def recipients(self) -> set[int]:
        """Who is to be told: the one person, or assignee and creator, each once."""
        if self.recipient_id is not None:
            return {self.recipient_id}
        return {person for person in (self.task.created_by_id, self.task.assigned_to_id) if person is not None}
