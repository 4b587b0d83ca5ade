"""Telling somebody something, exactly once."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from taskbell.accounts import throttle
from taskbell.accounts.actions import Client, RefreshReused, rotate_refresh_token
from taskbell.accounts.invites import make_invite
from taskbell.accounts.models import Invite, User
from taskbell.accounts.tokens import TokenPair
from taskbell.activity.actions import Entry, record_entries
from taskbell.common.loading import insert_rows
from taskbell.common.text import folded
from taskbell.notifications.channels.mail.rendering import message_id_for
from taskbell.notifications.models import NOT_IN_APP, Kind, Notification


@dataclass(frozen=True)
class Message:
    """Something to tell one person. Two messages with the same key are one."""

    recipient_id: int | None
    kind: Kind
    key: str
    due_at: datetime
    task_id: int | None = None
    address: str = ""
    data: dict[str, Any] = field(default_factory=dict)


@transaction.atomic(savepoint=False)
def notify(messages: Iterable[Message], *, now: datetime) -> None:
    """Puts the messages where people read them and into the outbox, in the caller's transaction."""
    told = insert_rows(
        Notification,
        (
            {
                "recipient_id": message.recipient_id,
                "address": message.address,
                "kind": message.kind,
                "dedupe_key": message.key,
                "message_id": message_id_for(message.key),
                "task_id": message.task_id,
                "data": json.dumps(message.data),
                "due_at": message.due_at,
                "not_before": message.due_at,
            }
            for message in messages
        ),
        given={"created_at": now},
        returning=("recipient_id", "task_id", "id", "kind"),
    )
    record_entries(
        Entry(task_id, "notification.created", by=None, at=now, new={"id": pk, "kind": kind}, person_id=recipient_id)
        for recipient_id, task_id, pk, kind in told
        if kind not in NOT_IN_APP
    )


def mail_password_reset(email: str, *, client: Client, now: datetime) -> None:
    """Mails a link to choose a new password, if there is such a person. The caller cannot tell. Raises TooMany."""
    throttle.RESET_PER_ADDRESS.count(client.address, now=now)
    throttle.RESET_PER_ACCOUNT.count(email, now=now)
    for person in User.objects.filter(email=folded(email), is_active=True):
        key = f"password_reset:{person.pk}:{now.isoformat()}"
        notify([Message(person.pk, Kind.PASSWORD_RESET, key=key, due_at=now)], now=now)


def invite(email: str, role: str, *, by: User, now: datetime) -> Invite:
    """Mails a link that lets one person in, with this role. Raises NotAllowed, Invalid, Conflict."""
    with transaction.atomic():
        made = make_invite(email, role, by=by, now=now)
        data = {"invite": made.pk, "inviter": by.name, "role": made.get_role_display()}
        key = f"invite:{made.pk}"
        notify([Message(None, Kind.INVITE, key=key, due_at=now, address=made.email, data=data)], now=now)
    return made


def renew_session(refresh: str, *, now: datetime) -> TokenPair:
    """The next token pair. Where a refresh token is used twice, the person is told that the session has ended.

    Raises NotSignedIn.
    """
    try:
        return rotate_refresh_token(refresh, now=now)
    except RefreshReused as reuse:
        if reuse.session is not None:
            key = f"session_ended:{reuse.session.pk}"
            notify([Message(reuse.session.user_id, Kind.SESSION_ENDED, key=key, due_at=now)], now=now)
        raise
