"""Sending what waits in the outbox: claim, ask again, render once, mark, final dot, write down the answer.

Each step is committed before the next begins, so that a crash anywhere loses nothing, and nothing
but a crash between the final dot and the commit of its answer can repeat a mail.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import OperationalError, close_old_connections, transaction

from taskbell.notifications import letters
from taskbell.notifications.models import Kind, Notification, State
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
BATCH = 10
LEASE = timedelta(minutes=1)
BACK_OFF = [timedelta(seconds=30), *(timedelta(minutes=m) for m in (1, 2, 5, 10, 30, 60))]
GIVE_UP_AFTER = timedelta(hours=72)
HELD = "The mail server never answered the final dot. It may have the mail; sending it again is up to you."
SECRET_KINDS = {Kind.PASSWORD_RESET, Kind.INVITE}

Clock = Callable[[], datetime]


def send_waiting(*, clock: Clock, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Sends what is due until nothing is, over one connection; says how many mails were accepted.

    Any number may run at once. When told to stop, it finishes the mail in flight and hands the rest back.
    """
    transport = open_transport()
    accepted = 0
    try:
        while batch := claim(clock(), limit=BATCH):
            for position, notification in enumerate(batch):
                if should_stop():
                    hand_back(batch[position:])
                    return accepted
                try:
                    accepted += send_one(notification, transport, clock=clock)
                except Unavailable as problem:
                    for waiting in batch[position:]:
                        _postpone(waiting, str(problem), now=clock())
                    return accepted
    finally:
        transport.close()
    return accepted


@transaction.atomic
def claim(now: datetime, *, limit: int) -> list[Notification]:
    """Takes mails for this sender alone: whatever competes, each goes to exactly one.

    PostgreSQL skips the rows that another sender is taking; SQLite lets one writer in at a time.
    """
    if settings.TASKBELL_AMBIGUOUS == "hold":
        held = Notification.objects.unanswered(now)
        held.update(state=State.FAILED, ambiguous=True, lease_token=None, reason=HELD)
    rows = Notification.objects.claimable(now).select_for_update(skip_locked=True)
    keys = list(rows.values_list("pk", flat=True)[:limit])
    if not keys:
        return []
    chosen = Notification.objects.filter(pk__in=keys)
    chosen.exclude(dot_at=None).update(ambiguous=True)
    chosen.update(state=State.LEASED, lease_token=uuid4(), lease_until=now + LEASE, dot_at=None)
    return list(chosen.select_related("recipient__profile", "task").order_by("not_before", "id"))


def hand_back(batch: list[Notification]) -> None:
    """Lets other senders have what this one claimed and will not send."""
    for notification in batch:
        _write(notification, state=State.PENDING)


def send_one(notification: Notification, transport: Transport, *, clock: Clock) -> bool:
    """Sends one claimed mail and writes down what became of it; True where it was accepted.

    Raises Unavailable where the mail server cannot be worked with at all.
    """
    reason = reason_not_to_send(notification)
    if reason:
        _write(notification, state=State.CANCELLED, reason=reason)
        return False
    quiet_end = quiet_until(notification, now=clock())
    if quiet_end:
        _keep_quiet(notification, until=quiet_end)
        return False
    envelope = _sealed(notification, now=clock())
    try:
        reply = transport.deliver(envelope, before_dot=lambda: _mark(notification, now=clock()))
    except (Fenced, NoAnswer) as problem:
        log.warning("mail %s: %s", notification.message_id, problem)
    except TryLater as problem:
        _postpone(notification, str(problem), now=clock())
    except Refused as problem:
        _fail(notification, str(problem), reason="The mail server refused it.")
    else:
        _accepted(notification, reply, now=clock())
        return True
    return False


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


def _keep_quiet(notification: Notification, *, until: datetime) -> None:
    """Lets the mail be due when the person wants to hear of it; what it is about keeps its own moment."""
    data = {"moment": notification.due_at.isoformat()} | notification.data
    _write(notification, state=State.PENDING, not_before=until, due_at=until, data=data)


def _mark(notification: Notification, *, now: datetime) -> bool:
    """Writes down that the final dot goes out now, and after which bytes; False where the mail is not ours any more.

    Both in one commit: a mail that has not reached this point was accepted by nobody, and may be rendered anew.
    """
    ours = Notification.objects.filter(
        pk=notification.pk, state=State.LEASED, lease_token=notification.lease_token, lease_until__gt=now, dot_at=None
    )
    return ours.update(dot_at=now, mime=notification.mime) == 1


def _accepted(notification: Notification, reply: str, *, now: datetime) -> None:
    secret = {"mime": None} if notification.kind in SECRET_KINDS else {}
    _write(notification, state=State.SENT, sent_at=now, smtp_reply=reply, **secret)


def _postpone(notification: Notification, problem: str, *, now: datetime) -> None:
    """Tries again later, at growing distances, until three days have passed."""
    if now - notification.due_at > GIVE_UP_AFTER:
        _fail(notification, problem, reason="No success within three days.")
        return
    pause = BACK_OFF[min(notification.attempt, len(BACK_OFF) - 1)]
    log.warning("mail %s waits %s: %s", notification.message_id, pause, problem)
    _write(
        notification,
        state=State.PENDING,
        attempt=notification.attempt + 1,
        not_before=now + pause,
        smtp_reply=problem[:500],
        mime=notification.mime,
    )


def _fail(notification: Notification, problem: str, *, reason: str) -> None:
    log.error("mail %s will not be sent. %s %s", notification.message_id, reason, problem)
    _write(notification, state=State.FAILED, smtp_reply=problem[:500], reason=reason)


def retry(pk: int, *, now: datetime) -> bool:
    """Sends a mail that failed or was cancelled once more; False where it is neither."""
    over = Notification.objects.filter(pk=pk, state__in=[State.FAILED, State.CANCELLED])
    again = {"state": State.PENDING, "not_before": now, "attempt": 0, "reason": "", "dot_at": None}
    return over.update(**again) == 1


def forget_sent_until(moment: datetime) -> int:
    """After a backup was restored: takes the mails that were due by then for sent. Says how many those are."""
    due = Notification.objects.unsent().filter(due_at__lte=moment)
    return due.update(state=State.CANCELLED, lease_token=None, reason="Sent before the backup was restored.")


def _write(notification: Notification, **outcome: Any) -> None:
    """Commits an outcome where the lease is still ours, again and again until the database takes it."""
    if outcome["state"] == State.PENDING:
        outcome["dot_at"] = None
    pause = 0.2
    while True:
        try:
            ours = Notification.objects.filter(pk=notification.pk, lease_token=notification.lease_token)
            ours.update(lease_token=None, lease_until=None, **outcome)
            return
        except OperationalError as error:
            log.warning("the database is away, trying again in %s s: %s", pause, error)
            close_old_connections()
            time.sleep(pause)
            pause = min(pause * 2, 5)
