"""Sending the emails in the outbox: claim, ask again, render, mark, final dot, write the answer.

Each step is committed before the next begins, so that a crash anywhere loses nothing, and only a crash between the
final dot and the commit of its answer can repeat an email.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from taskbell.common import leases
from taskbell.common.compiled_query import AnyOf, CompiledModelQuery, IdArray
from taskbell.common.redaction import summary
from taskbell.notifications.channels.mail import doubts, gathering, outbox, reasons, rendering
from taskbell.notifications.channels.mail.outbox import DATABASE_AWAY
from taskbell.notifications.channels.mail.smtp import SMTP
from taskbell.notifications.channels.mail.transport import (
    Answer,
    DeliveryProblem,
    Envelope,
    Folder,
    NoAnswer,
    PermanentlyRefused,
    ServerUnavailable,
    Transport,
    without_text,
)
from taskbell.notifications.models import Delivery, DeliveryQuerySet, DeliveryState
from taskbell.notifications.policy import load_recipients, quiet_until, reason_not_to_send

log = logging.getLogger(__name__)

# A sender that is killed keeps others from its batch until the lease ends, so both are small.
CLAIM_BATCH = 200
LEASE = timedelta(minutes=1)
# How long the answer counts that an email should be sent. Then it is asked again, and the lease renewed.
RECHECK_AFTER = timedelta(seconds=1)
BACK_OFF = [timedelta(seconds=30), *(timedelta(minutes=m) for m in (1, 2, 5, 10, 30, 60))]
MAX_ATTEMPTS = len(BACK_OFF) + 72  # the pauses are three days then, however long Taskbell itself was away
# A missing answer counts as this many attempts, so that no email is sent more than five times.
ATTEMPTS_PER_DOUBT = MAX_ATTEMPTS // 5 + 1
# What policy and our templates read. What other templates read is loaded then.
LOADED_COLUMNS = {
    "": (
        *("id", "notification_id", "due_at", "not_before", "attempt", "message_id", "mime", "lease_token"),
        *("ambiguous", "caused_by_id"),
    ),
    "notification": ("id", "recipient_id", "task_id", "kind", "data", "address", "due_at"),
    "notification__recipient": (
        *("id", "email", "email_confirmed", "is_active", "role", "username", "first_name", "last_name"),
    ),
    "notification__recipient__profile": (
        *("user_id", "timezone", "language", "mail_preferences", "quiet_from", "quiet_until", "quiet_reminders"),
    ),
    "notification__task": (
        *("id", "title", "description", "priority", "project_id", "created_by_id", "assigned_to_id", "stage"),
        *("deleted_at", "due_at", "due_date", "due_time", "timezone", "category_id"),
    ),
    "notification__task__project": ("id", "name", "archived_at", "inbox_of_id"),
    "notification__task__category": ("id", "name"),
    "notification__task__created_by": ("id", "username", "first_name", "last_name"),
    "notification__task__assigned_to": ("id", "username", "first_name", "last_name"),
}

Clock = Callable[[], datetime]


def open_transport() -> Transport:
    """The transport that the settings name; it connects with the first message."""
    mail = settings.MAIL
    return SMTP(max_connections=mail["connections"]) if mail["host"] else Folder(Path(mail["folder"]))


def send_waiting(*, clock: Clock, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Sends what is due until nothing is; returns how many emails were accepted.

    Any number may run at once. When asked to stop, it finishes the emails in flight and hands the rest back.
    """
    sender = Sender(open_transport(), clock)
    try:
        while not should_stop() and (batch := claim(clock(), limit=CLAIM_BATCH)):
            if not sender.send(batch, should_stop=should_stop):
                break
    finally:
        sender.transport.close()
    return sender.accepted


def claim(now: datetime, *, limit: int) -> list[Delivery]:
    """Leases emails to this sender: each goes to exactly one of any competing senders."""
    if not Delivery.objects.mails().unsent().filter(not_before__lte=now).exists():
        return []
    gathering.admit(now)
    claimed, doubted = _claim(now, limit)
    doubts.count(doubted)
    return claimed


@transaction.atomic
def _claim(now: datetime, limit: int) -> tuple[list[Delivery], list[doubts.Doubt]]:
    most = 0 if settings.TASKBELL_AMBIGUOUS == "hold" else MAX_ATTEMPTS - ATTEMPTS_PER_DOUBT
    doubted = doubts.settle(now, max_attempts=most, attempts_per_doubt=ATTEMPTS_PER_DOUBT)
    waiting = Delivery.objects.mails().claimable(now)
    state = DeliveryState.LEASED
    ids = leases.claim(waiting, limit=limit, until=now + LEASE, state=state, final_dot_at=None)
    return mails_of(ids=ids), doubted


def hand_back(process: int, *, now: datetime) -> int:
    """Lets others claim at once what a dead process had claimed. Returns how many emails.

    A final dot that was sent still counts: those emails are not claimable, and wait as emails in doubt.
    """
    claimed = Delivery.objects.mails().unsent().filter(not_before__lte=now, state=DeliveryState.LEASED)
    return leases.end(claimed.filter(final_dot_at=None), of=process, now=now)


@transaction.atomic
def renew(batch: list[Delivery], now: datetime) -> list[Delivery]:
    """The emails that are still ours, read again, with a new lease."""
    ours = leases.owned(batch).filter(state=DeliveryState.LEASED, final_dot_at=None)
    ours.update(lease_until=now + LEASE)
    return mails_of(ids=list(ours.values_list("pk", flat=True)))


_mails_of = CompiledModelQuery(
    lambda: Delivery.objects.filter(AnyOf("id", IdArray("ids"))).order_by("not_before", "id"), LOADED_COLUMNS
)


def mails_of(ids: Collection[int]) -> list[Delivery]:
    """These emails with all that sending them asks for, in the order in which they are due."""
    mails: list[Delivery] = _mails_of(ids=ids)
    load_recipients(mails)
    return mails


@dataclass
class Sender:
    """Sends batches by one transport, several emails side by side; `accepted` counts those that were accepted."""

    transport: Transport
    clock: Clock
    accepted: int = 0
    _checked_at: datetime = field(init=False)  # by `_wanted`, before anything else
    _server_is_silent: bool = False

    def send(self, batch: list[Delivery], *, should_stop: Callable[[], bool] = lambda: False) -> bool:
        """Sends a claimed batch; False if it had to stop early and handed the rest back."""
        waiting = self._wanted(batch)
        while waiting:
            if should_stop() or self._server_is_silent:
                self._hand_back(waiting)
                return False
            try:
                waiting = self._send_round(waiting)
            except ServerUnavailable as problem:
                for each in waiting:
                    self._postpone(each, str(problem))
                return False
            except DATABASE_AWAY as error:  # before the final dots: after them, the outbox waits for the database
                log.warning("%s emails are handed back: %s", len(waiting), summary(error))
                self.transport.close()
                self._hand_back(waiting)
                return False
            waiting = self._recheck(waiting)
        return not self._server_is_silent

    def _recheck(self, mails: list[Delivery]) -> list[Delivery]:
        """Those that should still be sent, if the last check is too old. Renews their leases.

        What is not rendered yet has the values of this check.
        """
        if not mails or self.clock() - self._checked_at <= RECHECK_AFTER:
            return mails
        fresh = {mail.pk: mail for mail in self._wanted(renew(mails, self.clock()))}
        return [fresh[mail.pk] if mail.mime is None else mail for mail in mails if mail.pk in fresh]

    def _wanted(self, batch: list[Delivery]) -> list[Delivery]:
        """Those of a batch read just now that should be sent. Writes the outcome of the others."""
        self._checked_at = self.clock()
        return [mail for mail in batch if self._is_wanted(mail)]

    def _is_wanted(self, mail: Delivery) -> bool:
        reason = reason_not_to_send(mail.notification)
        if reason:
            outbox.finish(mail, DeliveryState.CANCELLED, reason=reason)
            return False
        quiet_end = quiet_until(mail.notification, now=self.clock())
        if quiet_end:
            outbox.requeue(mail, not_before=quiet_end, due_at=quiet_end)
        return quiet_end is None

    def _hand_back(self, batch: list[Delivery]) -> None:
        """Lets other senders have what this one claimed and will not send."""
        for mail in batch:
            outbox.requeue(mail)

    def _send_round(self, waiting: list[Delivery]) -> list[Delivery]:
        """Sends the first of these side by side and writes their outcome; returns those that still wait.

        Raises ServerUnavailable, or DATABASE_AWAY.
        """
        capacity = self.transport.capacity
        envelopes = dict(self._rendered(waiting[:capacity]))
        mails = {mail.message_id: mail for mail in envelopes}
        problems = self.transport.prepare(list(envelopes.values())) if envelopes else {}
        prepared = self._recheck([mail for key, mail in mails.items() if key not in problems])
        marked = outbox.mark(prepared, now=self.clock())
        for mail in prepared:
            if mail.pk not in marked:
                log.warning("email %s: another sender has claimed it", mail.message_id)
        for answers in self.transport.commit([mail.message_id for mail in prepared if mail.pk in marked]):
            # Of many, one answer can get lost: the next email goes alone.
            self._server_is_silent = capacity == 1 and any(isinstance(each, NoAnswer) for each in answers.values())
            self._write_answers({mails[key]: answer for key, answer in answers.items()})
        unsent = [mails[key] for key, problem in problems.items() if isinstance(problem, ServerUnavailable)]
        self._write_answers({mails[key]: problem for key, problem in problems.items() if mails[key] not in unsent})
        return unsent + waiting[capacity:]

    def _rendered(self, mails: Sequence[Delivery]) -> Iterator[tuple[Delivery, Envelope]]:
        """The emails with their envelopes. One that can't be rendered doesn't delay the others."""
        for mail in mails:
            try:
                yield mail, _envelope(mail, now=self.clock())
            except DATABASE_AWAY:
                raise
            except Exception as error:
                log.exception("email %s can't be rendered", mail.message_id)
                self._postpone(mail, f"Can't be rendered: {summary(error)}")

    def _write_answers(self, answers: Mapping[Delivery, Answer]) -> None:
        """Writes the answers, the acceptances first and together."""
        replies = {mail: answer for mail, answer in answers.items() if isinstance(answer, str)}
        outbox.accepted(replies, now=self.clock())
        self.accepted += len(replies)
        for mail, problem in answers.items():
            match problem:
                case NoAnswer():
                    log.warning("email %s: %s", mail.message_id, without_text(str(problem)))
                case PermanentlyRefused():
                    self._fail(mail, str(problem), reason=reasons.REFUSED)
                case DeliveryProblem():
                    self._postpone(mail, str(problem))

    def _postpone(self, mail: Delivery, problem: str) -> None:
        """Tries again later, at growing intervals, for three days.

        No server has the email, unless an earlier attempt is in doubt, so it is rendered again: with what is true by
        then, and marked as late.
        """
        now = self.clock()
        if mail.attempt + 1 >= MAX_ATTEMPTS:
            self._fail(mail, problem, reason=reasons.GIVEN_UP)
            return
        pause = BACK_OFF[min(mail.attempt, len(BACK_OFF) - 1)]
        log.warning("email %s waits %s: %s", mail.message_id, pause, without_text(problem))
        outbox.requeue(
            mail,
            attempt=mail.attempt + 1,
            not_before=now + pause,
            server_reply=problem[:500],
            mime=mail.mime if mail.ambiguous else None,
        )

    def _fail(self, mail: Delivery, problem: str, *, reason: str) -> None:
        log.warning("email %s will not be sent. %s %s", mail.message_id, reason, without_text(problem))
        outbox.finish(mail, DeliveryState.FAILED, server_reply=problem[:500], reason=reason)


def _envelope(mail: Delivery, *, now: datetime) -> Envelope:
    """The email as it was sent the first time, or as it will be."""
    if mail.mime is None:
        mail.mime = rendering.render(mail, now=now)
    return Envelope(
        sender=rendering.sender_address(),
        recipient=rendering.recipient_address(mail.notification),
        message_id=mail.message_id,
        mime=bytes(mail.mime),
    )


def retry(mails: DeliveryQuerySet, *, now: datetime) -> int:
    """Sends those of these emails again that failed or were cancelled. Returns how many."""
    ended = mails.filter(state__in=[DeliveryState.FAILED, DeliveryState.CANCELLED])
    return ended.requeue(not_before=now, attempt=0, reason="")


def forget_sent_until(moment: datetime) -> int:
    """After a backup is restored, marks emails due by then as sent. Returns how many."""
    due = Delivery.objects.unsent().filter(due_at__lte=moment)
    return due.finish(DeliveryState.CANCELLED, reason=reasons.RESTORED)
