"""Changing a password, and resetting a forgotten one by a link in an email."""

from datetime import datetime
from uuid import uuid4

from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.utils.http import urlsafe_base64_decode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts import throttle
from taskbell.accounts.actions import (
    Client,
    check_current_password,
    end_what_the_old_password_opened,
    open_session,
    set_password,
)
from taskbell.accounts.lockout import forgive
from taskbell.accounts.models import Session, User
from taskbell.common.errors import invalid
from taskbell.common.text import folded
from taskbell.notifications.messages import Message, notify
from taskbell.notifications.models import Notification
from taskbell.people.addresses import mark_confirmed
from taskbell.people.notifications import PASSWORD_RESET, mail_password_link, notify_owner

WRONG_RESET = gettext_noop("This link is no longer valid. Request a new one.")


def mail_password_reset(email: str, *, client: Client, now: datetime) -> None:
    """Emails a reset link if there is such a person; the caller can't tell. Raises TooMany."""
    throttle.count(*throttle.RESET_PER_ADDRESS.of_address(client.address), now=now)
    throttle.count(throttle.RESET_PER_ACCOUNT.of_text(email), throttle.RESET_PER_ACCOUNT_A_DAY.of_text(email), now=now)
    person = User.objects.filter(email=folded(email), is_active=True).first()
    if person is None:
        _mail_nobody(now=now)
    else:
        mail_password_link(person, now=now)


@transaction.atomic
def _mail_nobody(*, now: datetime) -> None:
    """Takes as long as an email to somebody, so that the response time reveals nothing."""
    key = f"password_reset:{uuid4()}"
    notify([Message(None, PASSWORD_RESET, key=key, due_at=now)], now=now)
    Notification.objects.filter(dedupe_key=key).delete()


def reset_password(uid: str, token: str, new: str, *, now: datetime) -> User:
    """Sets a new password with the emailed token, which works once. Raises Invalid."""
    person = person_of_reset_token(uid, token)
    if person is None:
        raise invalid("token", "invalid", _(WRONG_RESET))
    with transaction.atomic():
        set_password(person, new, field="new_password", now=now)
        notify_owner(person, "password", by=None, now=now)
        mark_confirmed(person, now=now)  # the link came by email
    forgive(person)
    return person


def change_password(person: User, *, old: str, new: str, client: Client, now: datetime) -> Session:
    """Sets a new password, ends every session of the person, and returns a new one.

    Raises Invalid naming `old_password` or `new_password`, or TooMany.
    """
    check_current_password(person, old, field="old_password", now=now)
    with transaction.atomic():
        set_password(person, new, field="new_password", now=now)
        notify_owner(person, "password", by=person, now=now)
        return open_session(person, client=client, now=now)


@transaction.atomic
def password_was_set(person: User, *, by: User | None, now: datetime) -> None:
    """After Django's own form or command has set it: ends what the old one opened, and notifies the owner."""
    end_what_the_old_password_opened(person, now=now)
    notify_owner(person, "password", by=by, now=now)


def person_of_reset_token(uid: str, token: str) -> User | None:
    """The active person that the emailed token belongs to, or None once it is used or expired."""
    try:
        pk = int(urlsafe_base64_decode(uid).decode("ascii"))
    except (ValueError, UnicodeDecodeError):
        return None
    person = User.objects.filter(pk=pk, is_active=True).first() if 0 < pk < 2**63 else None
    return person if person and default_token_generator.check_token(person, token) else None
