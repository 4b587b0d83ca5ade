"""Writing the outcome of emails, if they are still leased to this sender, and until the database accepts it.

Emails that are sent side by side are written together, and share a commit.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import InterfaceError, InternalError, OperationalError, close_old_connections, connection, transaction

from taskbell.common import leases
from taskbell.common.measures import MAIL_LATENESS, MAILS
from taskbell.common.redaction import summary
from taskbell.notifications.models import Delivery, DeliveryState

log = logging.getLogger(__name__)

# InternalError: after a failover, a database may be read-only.
DATABASE_AWAY = (OperationalError, InterfaceError, InternalError)

# No other sender has claimed it since. A row with a token is leased; asked for that as well, PostgreSQL reads the whole
# outbox for each round if its statistics say that the outbox is empty.
OURS = "lease_token = %s AND final_dot_at IS NULL"
# Ours, or claimed by another sender that takes the answer for lost, and has not sent it again yet.
ANSWERED = "(lease_token = %s OR (ambiguous AND state = 'leased' AND final_dot_at IS NULL))"
SENT = (
    "state = 'sent', not_before = NULL, mime = NULL, lease_token = NULL, lease_until = NULL, sent_at = %s, server_reply"
)

# By hand, because building them costs Django more than the database needs to run them. PostgreSQL takes many at once.
MARK = f"UPDATE notifications_delivery SET final_dot_at = %s, mime = %s WHERE id = %s AND {OURS}"  # noqa: S608
MARK_MANY = f"""
UPDATE notifications_delivery AS mail SET final_dot_at = %s, mime = given.mime
FROM unnest(%b::bigint[], %b::bytea[]) AS given (id, mime) WHERE mail.id = given.id AND {OURS} RETURNING mail.id
"""  # noqa: S608
ACCEPT = f"UPDATE notifications_delivery SET {SENT} = %s WHERE id = %s AND {ANSWERED}"  # noqa: S608
ACCEPT_MANY = f"""
UPDATE notifications_delivery AS mail SET {SENT} = given.reply
FROM unnest(%b::bigint[], %b::text[]) AS given (id, reply) WHERE mail.id = given.id AND {ANSWERED} RETURNING mail.id
"""  # noqa: S608


def mark(batch: Sequence[Delivery], *, now: datetime) -> set[int]:
    """Writes that the final dots of these emails are sent now, and after which bytes. Returns which are still ours.

    Both in one commit: an email that has not reached this point was accepted by no server, and may be rendered again.
    The emails were claimed together.
    """
    if not batch:
        return set()
    token = batch[0].lease_token
    if connection.vendor == "postgresql":
        keys, mimes = [mail.pk for mail in batch], [bytes(mail.mime or b"") for mail in batch]
        with _cursor() as cursor:
            cursor.execute(MARK_MANY, [now, keys, mimes, token])
            return {pk for (pk,) in cursor.fetchall()}
    with transaction.atomic(), connection.cursor() as cursor:
        marked = set()
        for mail in batch:
            cursor.execute(MARK, _stored(final_dot_at=now, mime=mail.mime, id=mail.pk, lease_token=token))
            if cursor.rowcount:
                marked.add(mail.pk)
    return marked


def accepted(replies: Mapping[Delivery, str], *, now: datetime) -> None:
    """The mail server has accepted these emails, with these replies. Returns once that is committed.

    If the database was away for so long that another sender has claimed one in doubt, this ends the doubt, unless it
    has been sent again. Their bytes were kept for that and are not needed any more; some contain a link that signs its
    reader in.
    """
    if not replies:
        return
    written = _persistently(lambda: _accept(list(replies), list(replies.values()), now))
    for mail in (mail for mail in replies if mail.pk in written):
        MAILS.add(mail.notification.kind, DeliveryState.SENT)
        MAIL_LATENESS.observe((now - mail.due_at).total_seconds(), mail.notification.kind)


def _accept(mails: Sequence[Delivery], replies: Sequence[str], now: datetime) -> set[int]:
    """Returns which of them this has written."""
    token = mails[0].lease_token
    if connection.vendor == "postgresql":
        with _cursor() as cursor:
            cursor.execute(ACCEPT_MANY, [now, [mail.pk for mail in mails], replies, token])
            return {pk for (pk,) in cursor.fetchall()}
    with transaction.atomic(), connection.cursor() as cursor:
        written = set()
        for mail, reply in zip(mails, replies, strict=True):
            cursor.execute(ACCEPT, _stored(sent_at=now, server_reply=reply, id=mail.pk, lease_token=token))
            if cursor.rowcount:
                written.add(mail.pk)
    return written


def requeue(mail: Delivery, **outcome: Any) -> None:
    """Commits that the email waits for another attempt, leased to nobody."""
    _persistently(lambda: leases.owned([mail]).requeue(**outcome))  # type: ignore[attr-defined]


def finish(mail: Delivery, state: DeliveryState, **outcome: Any) -> None:
    """Commits that no attempt follows."""
    if _persistently(lambda: leases.owned([mail]).finish(state, **outcome)):  # type: ignore[attr-defined]
        MAILS.add(mail.notification.kind, state)


def _cursor() -> Any:
    return getattr(connection, "cursor_for_statements", connection.cursor)()


def _stored(**values: Any) -> list[Any]:
    """The values as the columns of these names take them."""
    fields = Delivery._meta
    return [fields.get_field(name).get_db_prep_value(value, connection) for name, value in values.items()]  # type: ignore[union-attr]


def _persistently(write: Callable[[], Any]) -> Any:
    """Retries until the database is back. Returns what was written."""
    pause = 0.2
    while True:
        try:
            return write()
        except DATABASE_AWAY as error:
            log.warning("can't reach the database, trying again in %s s: %s", pause, summary(error))
            close_old_connections()
            time.sleep(pause)
            pause = min(pause * 2, 1)
