"""What people have read."""

from datetime import datetime

from django.db import transaction

from taskbell.accounts.models import User
from taskbell.activity.actions import record_private
from taskbell.common.errors import NotFound
from taskbell.notifications.models import Notification


@transaction.atomic
def mark_read(pk: int, *, read: bool, by: User, now: datetime) -> None:
    """Marks one of the person's notifications read or unread; their other screens hear of it. Raises NotFound."""
    mine = Notification.objects.in_app(by).filter(pk=pk)
    if mine.filter(read_at__isnull=read).update(read_at=now if read else None):
        record_private(by.pk, "notification.updated", at=now, new={"id": pk, "read": read})
    elif not mine.exists():
        raise NotFound


@transaction.atomic
def mark_all_read(*, by: User, now: datetime) -> int:
    """Marks all of the person's notifications read; says how many were not."""
    changed = Notification.objects.in_app(by).filter(read_at=None).update(read_at=now)
    if changed:
        record_private(by.pk, "notification.updated", at=now, new={"id": None, "read": True})
    return changed
