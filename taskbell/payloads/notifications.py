"""Notifications as JSON."""

from datetime import datetime
from typing import Annotated, Any, TypedDict

from taskbell.notifications.models import DeliveryState
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
    return {
        "id": notification.pk,
        "kind": notification.kind,
        "task": notification.task_id,
        "task_title": notification.task_title,
        "created_at": notification.created_at,
        "read": notification.read_at is not None,
        "read_at": notification.read_at,
        "state": notification.state,
        "sent_at": notification.sent_at,
        "reason": notification.reason,
        "server_said": notification.server_reply,
    }
