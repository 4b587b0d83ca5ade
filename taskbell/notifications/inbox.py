"""The notifications that a person sees in the app, and which of them they have read."""

from datetime import datetime

from django.db import transaction

from taskbell.accounts.models import User
from taskbell.activity.actions import record
from taskbell.activity.models import Subject, SubjectType
from taskbell.common.errors import NotFound
from taskbell.notifications.kinds import hidden_in_app
from taskbell.notifications.models import Notification, NotificationQuerySet


def inbox_of(person: User) -> NotificationQuerySet:
    """The person's notifications, without those that are of no use to a person who is signed in."""
    return Notification.objects.filter(recipient=person).exclude(kind__in=hidden_in_app())


@transaction.atomic
def mark_read(pk: int, *, read: bool, by: User, now: datetime) -> None:
    """Marks one of the person's notifications read or unread; their other screens are notified. Raises NotFound."""
    mine = inbox_of(by).filter(pk=pk)
    if mine.filter(read_at__isnull=read).update(read_at=now if read else None):
        _record(pk, read=read, by=by, now=now)
    elif not mine.exists():
        raise NotFound


@transaction.atomic
def mark_all_read(*, by: User, now: datetime) -> int:
    """Marks all of the person's notifications read. Returns how many were not."""
    changed = inbox_of(by).filter(read_at=None).update(read_at=now)
    if changed:
        _record(None, read=True, by=by, now=now)
    return changed


def _record(pk: int | None, *, read: bool, by: User, now: datetime) -> None:
    subject, new = Subject(SubjectType.NOTIFICATION, pk), {"id": pk, "read": read}
    record(subject, "updated", by=None, at=now, new=new, person_id=by.pk)
