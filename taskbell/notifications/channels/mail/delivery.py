"""Sending what waits in the outbox: claim, ask again, render, mark, final dot, write down the answer.

Each step is committed before the next begins, so that a crash anywhere loses nothing, and nothing
but a crash between the final dot and the commit of its answer can repeat a mail.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F

from taskbell.common.compiled_query import AnyOf, CompiledModelQuery, IdArray
from taskbell.notifications.channels.mail import outbox, rendering
from taskbell.notifications.channels.mail.outbox import DATABASE_AWAY
from taskbell.notifications.channels.mail.smtp import SMTP
from taskbell.notifications.channels.mail.transport import (
    Answer,
    DeliveryProblem,
    Envelope,
    Folder,
    NoAnswer,
    Refused,
    Transport,
    Unavailable,
)
from taskbell.notifications.models import Notification, State
from taskbell.notifications.policy import quiet_until, reason_not_to_send

log = logging.getLogger(__name__)

# A sender that is killed keeps others from its batch for the length of a lease: both are small.
BATCH = 200
LEASE = timedelta(minutes=1)
# For how long it counts that a mail should be sent; then it is asked again, and the lease begins anew.
ASKED_FOR = timedelta(seconds=1)
BACK_OFF = [timedelta(seconds=30), *(timedelta(minutes=m) for m in (1, 2, 5, 10, 30, 60))]
ATTEMPTS = len(BACK_OFF) + 72  # the pauses are three days then, however long Taskbell itself was away
# A doubt weighs as much as so many attempts: nobody gets one mail more often than five times.
DOUBT = ATTEMPTS // 5 + 1
HELD = "The mail server never answered the final dot. It may have the mail; sending it again is up to you."
# What is asked about a mail before it is sent, and what ours say. What else a template asks for is read then.
ASKED = {
    "": (
        *("id", "recipient_id", "task_id", "kind", "data", "address", "due_at", "not_before", "attempt"),
        *("message_id", "mime", "lease_token", "ambiguous"),
    ),
    "recipient": ("id", "email", "is_active", "role", "first_name", "last_name"),
    "recipient__profile": (
        *("user_id", "timezone", "mail_preferences", "quiet_from", "quiet_until", "quiet_reminders"),
    ),
    "task": (
        *("id", "title", "description", "priority", "created_by_id", "assigned_to_id", "stage"),
        *("deleted_at", "due_at", "due_date", "due_time", "timezone"),
    ),
}

Clock = Callable[[], datetime]


def open_transport() -> Transport:
    """The transport the settings ask for; it connects with the first message."""
    mail = settings.MAIL
    return SMTP(most=mail["connections"]) if mail["host"] else Folder(Path(mail["folder"]))


def send_waiting(*, clock: Clock, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Sends what is due until nothing is; says how many mails were accepted.

    Any number may run at once. When told to stop, it finishes the mails in flight and hands the rest back.
    """
    sender = Sender(open_transport(), clock)
    try:
        while not should_stop() and (batch := claim(clock(), limit=BATCH)):
            if not sender.send(batch, should_stop=should_stop):
                break
    finally:
        sender.transport.close()
    return sender.accepted


def claim(now: datetime, *, limit: int) -> list[Notification]:
    """Takes mails for this sender alone: whatever competes, each goes to exactly one."""
    return _take(now, limit) if Notification.objects.unsent().filter(not_before__lte=now).exists() else []


@transaction.atomic
def _take(now: datetime, limit: int) -> list[Notification]:
    """PostgreSQL skips the rows that another sender is taking; SQLite lets one writer in at a time."""
    _settle_doubts(now)
    rows = Notification.objects.claimable(now).select_for_update(skip_locked=True).values("pk")[:limit]
    return mails_of(ids=outbox.lease(rows, until=now + LEASE))


def _settle_doubts(now: datetime) -> None:
    """Where no answer can arrive any more, a mail waits for another attempt, or for an administrator."""
    most = 0 if settings.TASKBELL_AMBIGUOUS == "hold" else ATTEMPTS - DOUBT
    doubted = Notification.objects.unanswered(now)
    doubted.filter(attempt__gte=most).end(State.FAILED, ambiguous=True, reason=HELD)
    doubted.update(ambiguous=True, attempt=F("attempt") + DOUBT, dot_at=None)


@transaction.atomic
def renew(batch: list[Notification], now: datetime) -> list[Notification]:
    """The mails that are still ours, read anew, for another lease."""
    ours = Notification.objects.filter(
        pk__in=[waiting.pk for waiting in batch], lease_token=batch[0].lease_token, state=State.LEASED, dot_at=None
    )
    ours.update(lease_until=now + LEASE)
    return mails_of(ids=list(ours.values_list("pk", flat=True)))


mails_of = CompiledModelQuery(
    lambda: Notification.objects.filter(AnyOf("id", IdArray("ids"))).order_by("not_before", "id"), ASKED
)


@dataclass
class Sender:
    """Sends batches by one transport, some mails side by side; `accepted` counts those that were accepted."""

    transport: Transport
    clock: Clock
    accepted: int = 0
    _asked_at: datetime = field(init=False)  # by `_wanted`, before anything else
    _server_is_silent: bool = False

    def send(self, batch: list[Notification], *, should_stop: Callable[[], bool] = lambda: False) -> bool:
        """Sends what it claimed; False where that came to an end before the batch did, and others may have the rest."""
        waiting = self._wanted(batch)
        while waiting:
            if should_stop() or self._server_is_silent:
                self._hand_back(waiting)
                return False
            try:
                waiting = self._round(waiting)
            except Unavailable as problem:
                for each in waiting:
                    self._postpone(each, str(problem))
                return False
            except DATABASE_AWAY as error:  # before the final dots: after them, the ledger waits for the database
                log.warning("%s mails are handed back: %s", len(waiting), error)
                self.transport.close()
                self._hand_back(waiting)
                return False
            waiting = self._asked_again(waiting)
        return not self._server_is_silent

    def _asked_again(self, mails: list[Notification]) -> list[Notification]:
        """Those that are still to be sent, where it is long ago that this was asked. Their leases begin anew.

        Whatever is not rendered yet is as it was read just now.
        """
        if not mails or self.clock() - self._asked_at <= ASKED_FOR:
            return mails
        fresh = {mail.pk: mail for mail in self._wanted(renew(mails, self.clock()))}
        return [fresh[mail.pk] if mail.mime is None else mail for mail in mails if mail.pk in fresh]

    def _wanted(self, batch: list[Notification]) -> list[Notification]:
        """Those of a batch read just now that are to be sent; what becomes of the others is written down."""
        self._asked_at = self.clock()
        return [notification for notification in batch if self._is_wanted(notification)]

    def _is_wanted(self, notification: Notification) -> bool:
        reason = reason_not_to_send(notification)
        if reason:
            outbox.write(notification, state=State.CANCELLED, reason=reason)
            return False
        quiet_end = quiet_until(notification, now=self.clock())
        if quiet_end:
            # What the mail is about keeps its own moment.
            data = {"moment": notification.due_at.isoformat()} | notification.data
            outbox.write(notification, state=State.PENDING, not_before=quiet_end, due_at=quiet_end, data=data)
        return quiet_end is None

    def _hand_back(self, batch: list[Notification]) -> None:
        """Lets other senders have what this one claimed and will not send."""
        for notification in batch:
            outbox.write(notification, state=State.PENDING)

    def _round(self, waiting: list[Notification]) -> list[Notification]:
        """Sends the first of these side by side and writes down what becomes of them; returns those that still wait.

        Raises Unavailable, or that the database is away.
        """
        room = self.transport.room
        envelopes = dict(self._sealed(waiting[:room]))
        mails = {mail.message_id: mail for mail in envelopes}
        problems = self.transport.bring(list(envelopes.values())) if envelopes else {}
        brought = self._asked_again([mail for key, mail in mails.items() if key not in problems])
        marked = outbox.mark(brought, now=self.clock())
        for mail in brought:
            if mail.pk not in marked:
                log.warning("mail %s: another sender has taken it over", mail.message_id)
        for answers in self.transport.finish([mail.message_id for mail in brought if mail.pk in marked]):
            # Of many, one answer can get lost: the next mail goes alone.
            self._server_is_silent = room == 1 and any(isinstance(answer, NoAnswer) for answer in answers.values())
            self._write_down({mails[key]: answer for key, answer in answers.items()})
        no_room = [mails[key] for key, problem in problems.items() if isinstance(problem, Unavailable)]
        self._write_down({mails[key]: problem for key, problem in problems.items() if mails[key] not in no_room})
        return no_room + waiting[room:]

    def _sealed(self, mails: Sequence[Notification]) -> Iterator[tuple[Notification, Envelope]]:
        """The mails as they go out. One that cannot be made keeps no other waiting."""
        for mail in mails:
            try:
                yield mail, _envelope(mail, now=self.clock())
            except DATABASE_AWAY:
                raise
            except Exception as error:
                log.exception("mail %s cannot be made", mail.message_id)
                self._postpone(mail, f"It cannot be made: {error!r}")

    def _write_down(self, answers: Mapping[Notification, Answer]) -> None:
        """What was said to the mails, the acceptances first and together."""
        replies = {mail: answer for mail, answer in answers.items() if isinstance(answer, str)}
        outbox.accepted(replies, now=self.clock())
        self.accepted += len(replies)
        for mail, problem in answers.items():
            match problem:
                case NoAnswer():
                    log.warning("mail %s: %s", mail.message_id, problem)
                case Refused():
                    self._fail(mail, str(problem), reason="The mail server refused it.")
                case DeliveryProblem():
                    self._postpone(mail, str(problem))

    def _postpone(self, notification: Notification, problem: str) -> None:
        """Tries again later, at growing distances, for three days.

        Nobody has the mail, unless an earlier attempt is in doubt: it may say what is so by then, and that it is late.
        """
        now = self.clock()
        if notification.attempt + 1 >= ATTEMPTS:
            self._fail(notification, problem, reason="No success within three days.")
            return
        pause = BACK_OFF[min(notification.attempt, len(BACK_OFF) - 1)]
        log.warning("mail %s waits %s: %s", notification.message_id, pause, problem)
        outbox.write(
            notification,
            state=State.PENDING,
            attempt=notification.attempt + 1,
            not_before=now + pause,
            smtp_reply=problem[:500],
            mime=notification.mime if notification.ambiguous else None,
        )

    def _fail(self, notification: Notification, problem: str, *, reason: str) -> None:
        log.error("mail %s will not be sent. %s %s", notification.message_id, reason, problem)
        outbox.write(notification, state=State.FAILED, smtp_reply=problem[:500], reason=reason)


def _envelope(notification: Notification, *, now: datetime) -> Envelope:
    """The mail as it went out the first time, or as it will."""
    if notification.mime is None:
        notification.mime = rendering.render(notification, now=now)
    return Envelope(
        sender=rendering.sender_address(),
        recipient=rendering.recipient_address(notification),
        message_id=notification.message_id,
        mime=bytes(notification.mime),
    )


def retry(pk: int, *, now: datetime) -> bool:
    """Sends a mail that failed or was cancelled once more; False where it is neither."""
    over = Notification.objects.filter(pk=pk, state__in=[State.FAILED, State.CANCELLED])
    return over.wait(not_before=now, attempt=0, reason="") == 1


def forget_sent_until(moment: datetime) -> int:
    """After a backup was restored: takes the mails that were due by then for sent. Says how many those are."""
    due = Notification.objects.unsent().filter(due_at__lte=moment)
    return due.end(State.CANCELLED, reason="Sent before the backup was restored.")
