"""Writing down what becomes of mails: where the lease is still ours, and until the database takes it.

Mails that go out side by side are written down together, and share a commit.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import InterfaceError, InternalError, OperationalError, close_old_connections, connection, transaction
from django.db.models import QuerySet

from taskbell.notifications.models import Notification, State

log = logging.getLogger(__name__)

# InternalError: after a failover, a database may be there to read alone.
DATABASE_AWAY = (OperationalError, InterfaceError, InternalError)

# Nobody else has claimed it since. A lease that is merely over is as good as one that is not. What has a token is
# leased; asked for that as well, PostgreSQL reads the whole outbox for each round where it remembers it as empty.
OURS = "lease_token = %s AND dot_at IS NULL"
# Ours, or claimed by another sender that thinks the answer was lost, and has not sent it again yet.
ANSWERED = "(lease_token = %s OR (ambiguous AND state = 'leased' AND dot_at IS NULL))"
SENT = (
    "state = 'sent', not_before = NULL, mime = NULL, lease_token = NULL, lease_until = NULL, sent_at = %s, smtp_reply"
)

LEASE = "UPDATE notifications_notification SET state = 'leased', dot_at = NULL, lease_token = %s, lease_until = %s"
# By hand, because building them costs Django more than the database needs to do them. PostgreSQL takes many at once.
MARK = f"UPDATE notifications_notification SET dot_at = %s, mime = %s WHERE id = %s AND {OURS}"  # noqa: S608
MARK_MANY = f"""
UPDATE notifications_notification AS mail SET dot_at = %s, mime = given.mime
FROM unnest(%b::bigint[], %b::bytea[]) AS given (id, mime) WHERE mail.id = given.id AND {OURS} RETURNING mail.id
"""  # noqa: S608
ACCEPT = f"UPDATE notifications_notification SET {SENT} = %s WHERE id = %s AND {ANSWERED}"  # noqa: S608
ACCEPT_MANY = f"""
UPDATE notifications_notification AS mail SET {SENT} = given.reply
FROM unnest(%b::bigint[], %b::text[]) AS given (id, reply) WHERE mail.id = given.id AND {ANSWERED}
"""  # noqa: S608


def lease(mails: QuerySet[Notification, Any], *, until: datetime) -> list[int]:
    """Takes these mails, of which only the keys are asked for, for one sender. Says which those are."""
    query, parameters = mails.query.sql_with_params()
    # Asked by IN, PostgreSQL may run the query more than once, and take more than it was told to.
    chosen = f"= ANY (ARRAY({query}))" if connection.vendor == "postgresql" else f"IN ({query})"
    taken = _stored(lease_token=uuid4(), lease_until=until)
    with connection.cursor() as cursor:
        cursor.execute(f"{LEASE} WHERE id {chosen} RETURNING id", [*taken, *parameters])
        return [pk for (pk,) in cursor.fetchall()]


def mark(batch: Sequence[Notification], *, now: datetime) -> set[int]:
    """Writes down that the final dots of these mails go out now, and after which bytes. Says which are still ours.

    Both in one commit: a mail that has not reached this point was accepted by nobody, and may be rendered anew.
    The mails were claimed together.
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
            cursor.execute(MARK, _stored(dot_at=now, mime=mail.mime, id=mail.pk, lease_token=token))
            if cursor.rowcount:
                marked.add(mail.pk)
    return marked


def accepted(replies: Mapping[Notification, str], *, now: datetime) -> None:
    """The mail server has taken these mails, with these words. Returns once that is committed.

    Where the database was away for so long that another sender has claimed one in doubt, this ends the doubt, unless it
    has gone out again. Their bytes were kept for that, and are not needed any more; in some is a link that lets its
    reader in.
    """
    if replies:
        _persistently(lambda: _accept(list(replies), list(replies.values()), now))


def _accept(mails: Sequence[Notification], replies: Sequence[str], now: datetime) -> None:
    token = mails[0].lease_token
    if connection.vendor == "postgresql":
        with _cursor() as cursor:
            cursor.execute(ACCEPT_MANY, [now, [mail.pk for mail in mails], replies, token])
        return
    with transaction.atomic(), connection.cursor() as cursor:
        for mail, reply in zip(mails, replies, strict=True):
            cursor.execute(ACCEPT, _stored(sent_at=now, smtp_reply=reply, id=mail.pk, lease_token=token))


def write(mail: Notification, *, state: State, **outcome: Any) -> None:
    """Commits another outcome; the mail is nobody's then."""
    ours = Notification.objects.filter(pk=mail.pk, lease_token=mail.lease_token)
    _persistently(lambda: ours.wait(**outcome) if state == State.PENDING else ours.end(state, **outcome))


def _cursor() -> Any:
    return getattr(connection, "cursor_for_statements", connection.cursor)()


def _stored(**values: Any) -> list[Any]:
    """The values as the columns of these names take them."""
    fields = Notification._meta
    return [fields.get_field(name).get_db_prep_value(value, connection) for name, value in values.items()]  # type: ignore[union-attr]


def _persistently(write: Callable[[], object]) -> None:
    """Again and again until the database is back."""
    pause = 0.2
    while True:
        try:
            write()
            return
        except DATABASE_AWAY as error:
            log.warning("the database is away, trying again in %s s: %s", pause, error)
            close_old_connections()
            time.sleep(pause)
            pause = min(pause * 2, 1)
