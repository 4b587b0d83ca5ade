"""Writing down what became of mails: where the lease is still ours, and until the database takes it.

An acceptance waits for the mark of the next mail and is committed with it, so that a mail costs one commit.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import InterfaceError, OperationalError, close_old_connections, connection, transaction

from taskbell.notifications.models import Kind, Notification, State

log = logging.getLogger(__name__)

SECRET_KINDS = {Kind.PASSWORD_RESET, Kind.INVITE}
DATABASE_AWAY = (OperationalError, InterfaceError)

# By hand, because building them costs Django more than the database needs to do them.
ACCEPT = """
UPDATE notifications_notification
SET state = 'sent', sent_at = %s, smtp_reply = %s, lease_token = NULL, lease_until = NULL
WHERE id = %s AND lease_token = %s
"""
MARK_ALONE = """
UPDATE notifications_notification SET dot_at = %s, mime = %s
WHERE id = %s AND state = 'leased' AND lease_token = %s AND lease_until > %s AND dot_at IS NULL
"""
MARK = f"WITH accepted AS ({ACCEPT}) {MARK_ALONE}"  # of PostgreSQL, which takes both in one statement
Values = list[Any]


class Ledger:
    """What one sender writes down; it holds at most one acceptance back, for as long as the next mail takes."""

    def __init__(self) -> None:
        self._acceptance: Values | None = None

    def accepted(self, notification: Notification, reply: str, *, now: datetime) -> None:
        """The mail server has taken the mail; to be committed with the next mark, or by `flush`."""
        if notification.kind in SECRET_KINDS:
            self.write(notification, state=State.SENT, sent_at=now, smtp_reply=reply, mime=None)
            return
        self.flush()
        row = notification
        self._acceptance = _stored(sent_at=now, smtp_reply=reply, id=row.pk, lease_token=row.lease_token)

    def mark(self, notification: Notification, *, now: datetime) -> bool:
        """Writes down that the final dot goes out now, and after which bytes; False where the mail is not ours.

        Both in one commit: a mail that has not reached this point was accepted by nobody, and may be rendered anew.
        """
        row = notification
        mark = _stored(dot_at=now, mime=row.mime, id=row.pk, lease_token=row.lease_token, lease_until=now)
        try:
            marked = _commit(self._acceptance, mark)
        except DATABASE_AWAY:
            self.flush()
            raise
        self._acceptance = None
        return marked == 1

    def flush(self) -> None:
        """Commits the acceptance that was held back, if there is one."""
        acceptance = self._acceptance
        if acceptance is not None:
            _persistently(lambda: _execute(ACCEPT, acceptance))
            self._acceptance = None

    def write(self, notification: Notification, **outcome: Any) -> None:
        """Commits another outcome; the mail is nobody's then."""
        self.flush()
        if outcome["state"] == State.PENDING:
            outcome["dot_at"] = None
        ours = Notification.objects.filter(pk=notification.pk, lease_token=notification.lease_token)
        _persistently(lambda: ours.update(lease_token=None, lease_until=None, **outcome))


def _stored(**values: Any) -> Values:
    """The values as the columns of these names take them."""
    if connection.vendor == "postgresql":
        return list(values.values())
    fields = Notification._meta
    return [fields.get_field(name).get_db_prep_value(value, connection) for name, value in values.items()]  # type: ignore[union-attr]


def _commit(acceptance: Values | None, mark: Values) -> int:
    """One commit for both; how many rows were marked."""
    if acceptance is None:
        return _execute(MARK_ALONE, mark)
    if connection.vendor == "postgresql":
        return _execute(MARK, acceptance + mark)
    with transaction.atomic():
        _execute(ACCEPT, acceptance)
        return _execute(MARK_ALONE, mark)


def _execute(statement: str, values: Values) -> int:
    with getattr(connection, "cursor_for_statements", connection.cursor)() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


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
            pause = min(pause * 2, 5)
