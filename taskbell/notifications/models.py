"""Telling people: one row for one message to one person about one thing."""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Q

from taskbell.accounts.models import User
from taskbell.notifications.kinds import choices

# RFC 5321 §4.5.3.2.6: a client waits ten minutes for the answer to the final dot. After that,
# and one minute of grace, no answer to the first attempt can arrive any more.
DOT_LEASE = timedelta(minutes=11)


class State(models.TextChoices):
    """Where the mail of a notification is."""

    PENDING = "pending"
    LEASED = "leased"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


class NotificationQuerySet(models.QuerySet["Notification"]):
    """Named reads of the outbox, and of what people read in the app."""

    def unanswered(self, now: datetime) -> "NotificationQuerySet":
        """Mails whose final dot went out so long ago that no answer can arrive any more."""
        long_ago = now - DOT_LEASE
        return self.filter(not_before__lt=long_ago, state=State.LEASED, dot_at__lt=long_ago)

    def claimable(self, now: datetime) -> "NotificationQuerySet":
        """Mails to be sent now, the oldest first.

        Waiting ones whose time has come, and those of a sender that crashed before the final dot, which is safe to
        repeat. Of those that crashed after it, see `unanswered`.
        """
        waits = Q(state=State.PENDING)
        crashed_before_dot = Q(state=State.LEASED, dot_at=None, lease_until__lt=now)
        return self.filter(waits | crashed_before_dot, not_before__lte=now).order_by("not_before", "id")

    def unsent(self) -> "NotificationQuerySet":
        """Mails that are still to be sent."""
        return self.filter(state__in=[State.PENDING, State.LEASED], not_before__isnull=False)

    def wait(self, **said: Any) -> int:
        """Puts these mails into the outbox, as nobody's. Says how many those were."""
        return self.update(state=State.PENDING, dot_at=None, lease_token=None, lease_until=None, **said)

    def end(self, state: State, **said: Any) -> int:
        """Takes these mails out of the outbox: no attempt follows. Says how many those were."""
        return self.update(state=state, not_before=None, lease_token=None, lease_until=None, **said)


class Notification(models.Model):
    """A message to a person, and the outbox row that its mail is sent from."""

    dedupe_key = models.CharField(max_length=200)
    recipient = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        db_index=False,
        related_name="notifications",
        help_text="Nobody: see the address.",
    )
    address = models.EmailField(blank=True, help_text="For somebody who is not a person here yet.")
    kind = models.CharField(max_length=30, choices=choices)
    task = models.ForeignKey(
        "tasks.Task", on_delete=models.CASCADE, null=True, blank=True, related_name="notifications"
    )
    data = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="When the person should hear of it.")
    read_at = models.DateTimeField(null=True, blank=True)

    message_id = models.CharField(max_length=200)
    mime = models.BinaryField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    not_before = models.DateTimeField(null=True, blank=True, help_text="When the next attempt may start, if any.")
    attempt = models.PositiveIntegerField(default=0)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    dot_at = models.DateTimeField(null=True, blank=True, help_text="When the final dot of the last attempt went out.")
    sent_at = models.DateTimeField(null=True, blank=True)
    smtp_reply = models.TextField(blank=True)
    reason = models.CharField(max_length=200, blank=True, help_text="Why it was not sent.")
    ambiguous = models.BooleanField(
        default=False, help_text="Sent again, because the answer to an earlier final dot was never heard."
    )

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        # Not by `unique` on the field, which brings PostgreSQL a second index for text that begins so.
        constraints = [models.UniqueConstraint(fields=["dedupe_key"], name="one_message_a_key")]
        indexes = [
            # Not by state: PostgreSQL writes a row to all its indexes where it changes what one of them asks for.
            models.Index(fields=["not_before", "id"], name="outbox", condition=Q(not_before__isnull=False)),
            models.Index(fields=["recipient", "-id"]),
        ]

    def __str__(self) -> str:
        return self.dedupe_key

    @property
    def moment(self) -> datetime:
        """What the mail speaks of. Quiet hours put off when the person should hear of it, and keep this."""
        kept = self.data.get("moment")
        return datetime.fromisoformat(kept) if kept else self.due_at
