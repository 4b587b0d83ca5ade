"""Resetting a forgotten password by a link in an email."""

from datetime import datetime
from uuid import uuid4

from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.utils.http import urlsafe_base64_decode

from taskbell.accounts import throttle
from taskbell.accounts.actions import Client, set_password
from taskbell.accounts.lockout import forgive
from taskbell.accounts.models import User
from taskbell.common.errors import invalid
from taskbell.common.text import folded
from taskbell.notifications.actions import Message, notify
from taskbell.notifications.models import Notification
from taskbell.people.notifications import PASSWORD_RESET

WRONG_RESET = "This link is no longer valid. Request a new one."


def mail_password_reset(email: str, *, client: Client, now: datetime) -> None:
    """Emails a reset link if there is such a person; the caller can't tell. Raises TooMany."""
    throttle.count(*throttle.RESET_PER_ADDRESS.of_address(client.address), now=now)
    throttle.RESET_PER_ACCOUNT.count(email, now=now)
    person = User.objects.filter(email=folded(email), is_active=True).first()
    if person is None:
        _mail_nobody(now=now)
    else:
        key = f"password_reset:{person.pk}:{now.isoformat()}"
        notify([Message(person.pk, PASSWORD_RESET, key=key, due_at=now)], now=now)


@transaction.atomic
def _mail_nobody(*, now: datetime) -> None:
    """Takes as long as the email to somebody."""
    key = f"password_reset:{uuid4()}"
    notify([Message(None, PASSWORD_RESET, key=key, due_at=now)], now=now)
    Notification.objects.filter(dedupe_key=key).delete()


def reset_password(uid: str, token: str, new: str, *, now: datetime) -> User:
    """Sets a new password with the emailed token, which works once. Raises Invalid."""
    person = person_of_reset_token(uid, token)
    if person is None:
        raise invalid("token", "invalid", WRONG_RESET)
    set_password(person, new, field="new_password", now=now)
    forgive(person)
    return person


def person_of_reset_token(uid: str, token: str) -> User | None:
    """The active person that the emailed token belongs to, or None once it is used or expired."""
    try:
        pk = int(urlsafe_base64_decode(uid).decode("ascii"))
    except (ValueError, UnicodeDecodeError):
        return None
    person = User.objects.filter(pk=pk, is_active=True).first() if 0 < pk < 2**63 else None
    return person if person and default_token_generator.check_token(person, token) else None
