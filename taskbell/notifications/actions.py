"""Telling somebody something, exactly once."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from taskbell.activity.actions import Entry, record_entries
from taskbell.activity.models import Subject, SubjectType
from taskbell.common.loading import insert_rows
from taskbell.notifications.channels.mail.rendering import message_id_for
from taskbell.notifications.kinds import Kind, hidden_in_app
from taskbell.notifications.models import Notification


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
                "kind": message.kind.name,
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
    hidden = hidden_in_app()
    record_entries(
        Entry(
            task_id,
            "created",
            by=None,
            at=now,
            new={"id": pk, "kind": kind},
            person_id=recipient_id,
            about=Subject(SubjectType.NOTIFICATION, pk),
        )
        for recipient_id, task_id, pk, kind in told
        if kind not in hidden
    )
