"""Scheduled work on accounts that needs email."""

from datetime import datetime, timedelta

from taskbell.accounts.lockout import people_under_attack
from taskbell.accounts.models import User
from taskbell.notifications.messages import Message, notify
from taskbell.notifications.models import Notification
from taskbell.people.notifications import SIGN_IN_LOCKED

ONE_NOTICE_PER = timedelta(days=1)


def notify_locked(now: datetime) -> None:
    """Notifies people whose password somebody is guessing: once, and once a day while it goes on.

    Not done by the request, which would then take longer than one for an unknown name.
    """
    under_attack = people_under_attack(now=now)
    if not under_attack:
        return
    notified = Notification.objects.filter(
        recipient__in=under_attack, kind=SIGN_IN_LOCKED.name, created_at__gt=now - ONE_NOTICE_PER
    ).values("recipient")
    people = User.objects.filter(pk__in=under_attack, is_active=True).exclude(pk__in=notified)
    notify(
        [
            Message(pk, SIGN_IN_LOCKED, key=f"sign_in_locked:{pk}:{now.date()}", due_at=now)
            for pk in people.values_list("pk", flat=True)
        ],
        now=now,
    )
