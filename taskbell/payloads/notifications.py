"""Notifications as JSON."""

from datetime import datetime
from typing import Annotated, Any, TypedDict

from taskbell.notifications.models import DeliveryState
from taskbell.payloads import payload_of
from taskbell.search.notifications import KINDS


class NotificationOut(TypedDict):
    """A notification and the outcome of its email."""

    id: int
    kind: Annotated[str, {"enum": KINDS}]
    task: int | None
    task_title: Annotated[str | None, "Null: there is no task that you can see."]
    created_at: datetime
    read: bool
    read_at: datetime | None
    state: Annotated[str, {"enum": DeliveryState.values}, "The state of the email."]
    sent_at: datetime | None
    reason: Annotated[str, "Why the email was not sent."]
    server_said: Annotated[str, "The last answer of the mail server."]


def notification_as_json(notification: Any) -> NotificationOut:
    """One of `search.notifications.notifications_of`."""
    read, server_said = notification.read_at is not None, notification.server_reply
    return payload_of(NotificationOut, notification, read=read, server_said=server_said)
