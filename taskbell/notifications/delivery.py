"""Sending what waits in the outbox: claim, ask again, render once, mark, final dot, write down the answer.

Each step is committed before the next begins, so that a crash anywhere loses nothing, and nothing
but a crash between the final dot and the commit of its answer can repeat a mail.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import transaction

from taskbell.notifications import letters
from taskbell.notifications.ledger import DATABASE_AWAY, Ledger
from taskbell.notifications.models import Notification, NotificationQuerySet, State
from taskbell.notifications.policy import quiet_until, reason_not_to_send
from taskbell.notifications.transport import (
    Envelope,
    Fenced,
    NoAnswer,
    Refused,
    Transport,
    TryLater,
    Unavailable,
    open_transport,
)

log = logging.getLogger(__name__)

# A sender that is killed keeps others from its batch for the length of a lease: both are small.
BATCH = 50
LEASE = timedelta(minutes=1)
# For how long it counts that a mail should be sent; then it is asked again, and the lease begins anew.
ASKED_FOR = timedelta(seconds=1)
BACK_OFF = [timedelta(seconds=30), *(timedelta(minutes=m) for m in (1, 2, 5, 10, 30, 60))]
GIVE_UP_AFTER = timedelta(hours=72)
HELD = "The mail server never answered the final dot. It may have the mail; sending it again is up to you."
# What is asked about a mail before it is sent, and what ours say. What else a template asks for is read then.
ASKED = (
    *("recipient_id", "task_id", "kind", "data", "address", "due_at", "not_before", "attempt"),
    *("message_id", "mime", "lease_token"),
    *(f"recipient__{name}" for name in ("email", "is_active", "role", "first_name", "last_name")),
    *(f"recipient__profile__{name}" for name in ("user_id", "timezone", "mail_preferences")),
    *(f"recipient__profile__{name}" for name in ("quiet_from", "quiet_until", "quiet_reminders")),
    *(f"task__{name}" for name in ("title", "description", "priority", "created_by_id", "assigned_to_id", "stage")),
    *(f"task__{name}" for name in ("deleted_at", "due_at", "due_date", "due_time", "timezone")),
)

Clock = Callable[[], datetime]


def send_waiting(*, clock: Clock, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Sends what is due until nothing is, over one connection; says how many mails were accepted.

    Any number may run at once. When told to stop, it finishes the mail in flight and hands the rest back.
    """
    sender = Sender(open_transport(), clock)
    try:
        while not should_stop() and (batch := claim(clock(), limit=BATCH)):
            if not sender.send(batch, should_stop=should_stop):
                break
    finally:
        sender.close()
    return sender.accepted


@transaction.atomic
def claim(now: datetime, *, limit: int) -> list[Notification]:
    """Takes mails for this sender alone: whatever competes, each goes to exactly one.

    PostgreSQL skips the rows that another sender is taking; SQLite lets one writer in at a time.
    """
    if settings.TASKBELL_AMBIGUOUS == "hold":
        held = Notification.objects.unanswered(now)
        held.update(state=State.FAILED, ambiguous=True, lease_token=None, reason=HELD)
    rows = Notification.objects.claimable(now).select_for_update(skip_locked=True)
    found = dict(rows.values_list("pk", "dot_at")[:limit])
    if not found:
        return []
    in_doubt = [pk for pk, dot_at in found.items() if dot_at is not None]
    if in_doubt:
        Notification.objects.filter(pk__in=in_doubt).update(ambiguous=True)
    chosen = Notification.objects.filter(pk__in=found)
    chosen.update(state=State.LEASED, lease_token=uuid4(), lease_until=now + LEASE, dot_at=None)
    return _read(chosen)


@transaction.atomic
def renew(batch: list[Notification], now: datetime) -> list[Notification]:
    """The mails that are still ours, read anew, for another lease."""
    ours = Notification.objects.filter(
        pk__in=[waiting.pk for waiting in batch], lease_token=batch[0].lease_token, state=State.LEASED, dot_at=None
    )
    ours.update(lease_until=now + LEASE)
    return _read(ours)


def _read(rows: NotificationQuerySet) -> list[Notification]:
    """With everything that is asked about a mail before it is sent."""
    return list(rows.select_related("recipient__profile", "task").only(*ASKED).order_by("not_before", "id"))


@dataclass
class Sender:
    """Sends batches over one connection, one mail after the other; `accepted` counts those that were accepted."""

    transport: Transport
    clock: Clock
    ledger: Ledger = field(default_factory=Ledger)
    accepted: int = 0

    def close(self) -> None:
        """Writes down what is still to be, and hangs up."""
        self.ledger.flush()
        self.transport.close()

    def send(self, batch: list[Notification], *, should_stop: Callable[[], bool] = lambda: False) -> bool:
        """Sends what it claimed; False where that came to an end before the batch did, and others may have the rest."""
        asked_at = self.clock()
        waiting = self._wanted(batch)
        while waiting:
            if should_stop():
                self._hand_back(waiting)
                return False
            try:
                self._send_one(waiting[0])
            except Unavailable as problem:
                for each in waiting:
                    self._postpone(each, str(problem))
                return False
            except DATABASE_AWAY as error:  # before the final dot: after it, the ledger waits for the database
                log.warning("mail %s: %s", waiting[0].message_id, error)
                self._hand_back(waiting)
                return False
            del waiting[0]
            if waiting and self.clock() - asked_at > ASKED_FOR:
                self.ledger.flush()
                asked_at = self.clock()
                waiting = self._wanted(renew(waiting, asked_at))
        self.ledger.flush()
        return True

    def _wanted(self, batch: list[Notification]) -> list[Notification]:
        """Those of a batch read just now that are to be sent; what becomes of the others is written down."""
        return [notification for notification in batch if self._is_wanted(notification)]

    def _is_wanted(self, notification: Notification) -> bool:
        reason = reason_not_to_send(notification)
        if reason:
            self.ledger.write(notification, state=State.CANCELLED, reason=reason)
            return False
        quiet_end = quiet_until(notification, now=self.clock())
        if quiet_end:
            # What the mail is about keeps its own moment.
            data = {"moment": notification.due_at.isoformat()} | notification.data
            self.ledger.write(notification, state=State.PENDING, not_before=quiet_end, due_at=quiet_end, data=data)
        return quiet_end is None

    def _hand_back(self, batch: list[Notification]) -> None:
        """Lets other senders have what this one claimed and will not send."""
        for notification in batch:
            self.ledger.write(notification, state=State.PENDING)

    def _send_one(self, notification: Notification) -> None:
        """Sends a mail and writes down what became of it. Raises Unavailable, or that the database is away."""
        envelope = _sealed(notification, now=self.clock())
        try:
            reply = self.transport.deliver(
                envelope,
                before_dot=lambda: self.ledger.mark(notification, now=self.clock()),
                if_slow=self.ledger.flush,
            )
        except (Fenced, NoAnswer) as problem:
            log.warning("mail %s: %s", notification.message_id, problem)
        except TryLater as problem:
            self._postpone(notification, str(problem))
        except Refused as problem:
            self._fail(notification, str(problem), reason="The mail server refused it.")
        else:
            self.ledger.accepted(notification, reply, now=self.clock())
            self.accepted += 1

    def _postpone(self, notification: Notification, problem: str) -> None:
        """Tries again later, at growing distances, until three days have passed."""
        now = self.clock()
        if now - notification.due_at > GIVE_UP_AFTER:
            self._fail(notification, problem, reason="No success within three days.")
            return
        pause = BACK_OFF[min(notification.attempt, len(BACK_OFF) - 1)]
        log.warning("mail %s waits %s: %s", notification.message_id, pause, problem)
        self.ledger.write(
            notification,
            state=State.PENDING,
            attempt=notification.attempt + 1,
            not_before=now + pause,
            smtp_reply=problem[:500],
            mime=notification.mime,
        )

    def _fail(self, notification: Notification, problem: str, *, reason: str) -> None:
        log.error("mail %s will not be sent. %s %s", notification.message_id, reason, problem)
        self.ledger.write(notification, state=State.FAILED, smtp_reply=problem[:500], reason=reason)


def _sealed(notification: Notification, *, now: datetime) -> Envelope:
    """The mail as it went out the first time, or as it will."""
    if notification.mime is None:
        notification.mime = letters.render(notification, now=now)
    return Envelope(
        sender=letters.sender_address(),
        recipient=letters.recipient_address(notification),
        message_id=notification.message_id,
        mime=bytes(notification.mime),
    )


def retry(pk: int, *, now: datetime) -> bool:
    """Sends a mail that failed or was cancelled once more; False where it is neither."""
    over = Notification.objects.filter(pk=pk, state__in=[State.FAILED, State.CANCELLED])
    again = {"state": State.PENDING, "not_before": now, "attempt": 0, "reason": "", "dot_at": None}
    return over.update(**again) == 1


def forget_sent_until(moment: datetime) -> int:
    """After a backup was restored: takes the mails that were due by then for sent. Says how many those are."""
    due = Notification.objects.unsent().filter(due_at__lte=moment)
    return due.update(state=State.CANCELLED, lease_token=None, reason="Sent before the backup was restored.")
