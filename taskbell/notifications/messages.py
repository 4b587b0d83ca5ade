"""Notifying people, exactly once."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from taskbell.accounts.addresses import CONFIRM_LIFETIME
from taskbell.accounts.models import User
from taskbell.activity.actions import Entry, TaskOfProject, record_entries
from taskbell.activity.models import Subject, SubjectType
from taskbell.common.loading import insert_rows
from taskbell.notifications.channels.mail.rendering import message_id_for
from taskbell.notifications.kinds import Kind, hidden_in_app, registered
from taskbell.notifications.models import Channel, Delivery, DeliveryState, Notification
from taskbell.notifications.policy import UNCONFIRMED

MAX_WAITED = 500


@dataclass(frozen=True)
class Message:
    """A message to one person. Two messages with the same key are one."""

    recipient_id: int | None
    kind: Kind
    key: str
    due_at: datetime
    task_id: int | None = None
    address: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    caused_by: int | None = None  # the person whose action it comes from


@transaction.atomic(savepoint=False)
def notify(messages: Iterable[Message], *, now: datetime, admitted_at: datetime | None = None) -> dict[str, int]:
    """Writes the messages, for people to read in the app and for the outbox, in the caller's transaction.

    Three statements, however many there are. Returns the ids of the new notifications by the keys of their messages.
    """
    listed = list(messages)
    created = insert_rows(
        Notification,
        (
            {
                "recipient_id": message.recipient_id,
                "address": message.address,
                "kind": message.kind.name,
                "dedupe_key": message.key,
                "task_id": message.task_id,
                "data": json.dumps(message.data),
                "due_at": message.due_at,
            }
            for message in listed
        ),
        given={"created_at": now},
        returning=("id", "dedupe_key", "recipient_id", "task_id", "kind"),
    )
    by_key = {message.key: message for message in listed}
    insert_rows(
        Delivery,
        (_delivery(pk, by_key[key]) for pk, key, *_ in created),
        given={"channel": Channel.MAIL, "admitted_at": admitted_at},
    )
    hidden = hidden_in_app()
    record_entries(
        Entry(
            TaskOfProject(task_id, None) if task_id else None,
            "created",
            by=None,
            at=now,
            new={"id": pk, "kind": kind},
            person_id=recipient_id,
            about=Subject(SubjectType.NOTIFICATION, pk),
        )
        for pk, _, recipient_id, task_id, kind in created
        if kind not in hidden
    )
    return {key: pk for pk, key, *_ in created}


@transaction.atomic(savepoint=False)
def send_what_waited(person: User, *, now: datetime) -> None:
    """Once the address is confirmed, emails the changes that waited for that, as one summary for each causer.

    Reminders and digests are left out: they would come too late.
    """
    changes = [kind.name for kind in registered() if kind.is_gathered]
    waited = Delivery.objects.mails().filter(
        state=DeliveryState.CANCELLED,
        reason=UNCONFIRMED,
        notification__recipient=person,
        notification__kind__in=changes,
        notification__created_at__gt=now - CONFIRM_LIFETIME,
    )
    latest = list(waited.order_by("-pk").values_list("pk", flat=True)[:MAX_WAITED])
    Delivery.objects.filter(pk__in=latest).requeue(reason="", due_at=now, not_before=now, admitted_at=None)


def _delivery(notification_id: int, message: Message) -> dict[str, Any]:
    return {
        "notification_id": notification_id,
        "message_id": message_id_for(message.key),
        "due_at": message.due_at,
        "not_before": message.due_at,
        "caused_by_id": None if message.caused_by == message.recipient_id else message.caused_by,
    }
