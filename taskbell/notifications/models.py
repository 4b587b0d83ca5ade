"""Notifications, and their deliveries: what a person is notified of, and by which channel."""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import F, FilteredRelation, Q
from django.utils.translation import gettext_lazy as _

from taskbell.accounts.models import User
from taskbell.notifications.kinds import choices

# RFC 5321 §4.5.3.2.6: a client waits ten minutes for the answer to the final dot. After that,
# and one minute of grace, no answer to the first attempt can arrive any more.
DOT_LEASE = timedelta(minutes=11)


class Channel(models.TextChoices):
    """How a notification reaches its recipient outside the app."""

    MAIL = "mail", _("Email")


class DeliveryState(models.TextChoices):
    """How far a delivery is."""

    PENDING = "pending", _("waiting")
    LEASED = "leased", _("being sent")
    SENT = "sent", _("sent")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("not sent")
    GATHERED = "gathered", _("sent in a summary")  # its text is in the summary of another delivery


class NotificationQuerySet(models.QuerySet["Notification"]):
    """Named reads of notifications."""

    def with_mail(self) -> "NotificationQuerySet":
        """Each with the outcome of its email, in attributes of the same names as the delivery's."""
        mail = FilteredRelation("deliveries", condition=Q(deliveries__channel=Channel.MAIL))
        names = ("state", "sent_at", "reason", "server_reply", "attempt", "ambiguous")
        return self.annotate(mail=mail).annotate(**{name: F(f"mail__{name}") for name in names})


class Notification(models.Model):
    """Notifies one person of one thing."""

    dedupe_key = models.CharField(max_length=200)
    recipient = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        db_index=False,
        related_name="notifications",
        help_text=_("Empty: a person without an account."),
    )
    address = models.EmailField(blank=True, help_text=_("Where it is sent. Empty: to the person's own address."))
    kind = models.CharField(max_length=30, choices=choices)
    task = models.ForeignKey(
        "tasks.Task", on_delete=models.CASCADE, null=True, blank=True, related_name="notifications"
    )
    data = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text=_("The moment that it is about."))
    read_at = models.DateTimeField(null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("email or notification"), _("emails and notifications")
        ordering = ["-id"]
        # Not by `unique` on the field, which brings PostgreSQL a second index for text that begins so.
        constraints = [models.UniqueConstraint(fields=["dedupe_key"], name="one_message_a_key")]
        indexes = [models.Index(fields=["recipient", "-id"])]

    def __str__(self) -> str:
        return self.dedupe_key


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Named reads and writes of the outbox."""

    def mails(self) -> "DeliveryQuerySet":
        return self.filter(channel=Channel.MAIL)

    def unsent(self) -> "DeliveryQuerySet":
        """Deliveries that are still to be sent."""
        return self.filter(state__in=[DeliveryState.PENDING, DeliveryState.LEASED], not_before__isnull=False)

    def lateness(self, now: datetime) -> timedelta:
        """For how long the oldest unsent delivery has been due."""
        oldest = self.unsent().filter(due_at__lte=now).order_by("due_at").first()
        return now - oldest.due_at if oldest else timedelta()

    def claimable(self, now: datetime) -> "DeliveryQuerySet":
        """Deliveries to be sent now, the oldest first.

        These are the pending ones whose time has come, and those of a sender that crashed before the final dot, which
        is safe to repeat. For those that crashed after it, see `unanswered`.
        """
        pending = Q(state=DeliveryState.PENDING) & (Q(caused_by=None) | Q(admitted_at__isnull=False))
        crashed_before_dot = Q(state=DeliveryState.LEASED, final_dot_at=None, lease_until__lt=now)
        return self.filter(pending | crashed_before_dot, not_before__lte=now).order_by("not_before", "id")

    def gathering(self, kind: str, task_id: int, now: datetime) -> set[int | None]:
        """The recipients with a waiting email of this kind about the task. It includes all that happens until then."""
        mails = self.filter(state=DeliveryState.PENDING, mime=None, not_before__gt=now)
        about_it = mails.filter(notification__task=task_id, notification__kind=kind)
        return set(about_it.values_list("notification__recipient_id", flat=True))

    def to_admit(self, now: datetime) -> "DeliveryQuerySet":
        """Deliveries that another person caused, due now; `channels/mail/gathering.py` lets them into the outbox."""
        return self.filter(caused_by__isnull=False, admitted_at=None, not_before__lte=now, state=DeliveryState.PENDING)

    def unanswered(self, now: datetime) -> "DeliveryQuerySet":
        """Deliveries whose final dot was sent so long ago that no answer can arrive any more."""
        long_ago = now - DOT_LEASE
        return self.filter(not_before__lt=long_ago, state=DeliveryState.LEASED, final_dot_at__lt=long_ago)

    def requeue(self, **outcome: Any) -> int:
        """Puts these back into the outbox, leased to nobody. Returns how many."""
        return self.update(
            state=DeliveryState.PENDING, final_dot_at=None, lease_token=None, lease_until=None, **outcome
        )

    def finish(self, state: DeliveryState, **outcome: Any) -> int:
        """Takes these out of the outbox: no attempt follows. Returns how many."""
        return self.update(state=state, not_before=None, lease_token=None, lease_until=None, **outcome)


class Delivery(models.Model):
    """A notification on its way by one channel; the rows still to be sent are the outbox."""

    notification = models.ForeignKey(Notification, on_delete=models.CASCADE, db_index=False, related_name="deliveries")
    channel = models.CharField(max_length=10, choices=Channel.choices)
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.PENDING)
    due_at = models.DateTimeField(
        help_text=_("When it should be sent: later than the moment, if quiet hours delay it.")
    )
    not_before = models.DateTimeField(null=True, blank=True, help_text=_("When the next attempt may start, if any."))
    attempt = models.PositiveIntegerField(default=0)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    message_id = models.CharField(max_length=200)
    mime = models.BinaryField(null=True)
    final_dot_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the final dot of the last attempt was sent.")
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    server_reply = models.TextField(blank=True)
    reason = models.CharField(max_length=200, blank=True, help_text=_("Why it was not sent."))
    ambiguous = models.BooleanField(
        default=False, help_text=_("Sent again, because an earlier final dot was never answered.")
    )

    caused_by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        help_text=_("The other person whose action caused it."),
    )
    admitted_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When it counted towards the limit of the person who caused it.")
    )
    gathered_into = models.ForeignKey(
        Notification,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="gathered",
        help_text=_("The summary that was sent instead."),
    )

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("delivery"), _("deliveries")
        constraints = [models.UniqueConstraint(fields=["notification", "channel"], name="one_delivery_a_channel")]
        indexes = [
            # Not by state: PostgreSQL writes a row to all its indexes where a column of one of them changes.
            models.Index(fields=["channel", "not_before", "id"], name="outbox", condition=Q(not_before__isnull=False)),
            models.Index(
                fields=["not_before"],
                name="mails_to_admit",
                condition=Q(caused_by__isnull=False, admitted_at=None, not_before__isnull=False),
            ),
            models.Index(
                fields=["caused_by", "admitted_at"], name="mails_caused", condition=Q(admitted_at__isnull=False)
            ),
            models.Index(fields=["gathered_into"], name="mails_gathered", condition=Q(gathered_into__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.channel} of {self.notification_id}"
