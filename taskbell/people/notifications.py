"""The emails about an account. People can't switch them off, and quiet hours don't delay them."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from taskbell.accounts.invites import token_of
from taskbell.notifications.actions import Message, notify
from taskbell.notifications.kinds import Kind
from taskbell.notifications.models import Notification


def _reset_link(reset: Notification) -> dict[str, Any]:
    """Made when the email is rendered, so that the token is nowhere else."""
    person = reset.recipient
    assert person is not None  # noqa: S101 - a reset is for a person
    uid = urlsafe_base64_encode(force_bytes(person.pk))
    return {"link": f"{settings.URL}/password/reset/{uid}/{default_token_generator.make_token(person)}/"}


def _invite_link(invite: Notification) -> dict[str, Any]:
    return {"link": f"{settings.URL}/invite/{token_of(invite.data['invite'])}/"}


INVITE = Kind("invite", shows_in_app=False, ignores_quiet_hours=lambda _: True, context=_invite_link)
PASSWORD_RESET = Kind("password_reset", shows_in_app=False, ignores_quiet_hours=lambda _: True, context=_reset_link)
SESSION_ENDED = Kind("session_ended", ignores_quiet_hours=lambda _: True)
SIGN_IN_LOCKED = Kind("sign_in_locked", ignores_quiet_hours=lambda _: True)
ACCOUNT_EXISTS = Kind("account_exists", shows_in_app=False, ignores_quiet_hours=lambda _: True)
KINDS = (INVITE, PASSWORD_RESET, SESSION_ENDED, SIGN_IN_LOCKED, ACCOUNT_EXISTS)


def mail_account_exists(email: str, *, now: datetime) -> None:
    """Notifies the owner of an address that somebody tried to create an account with it, at most once a day."""
    key = f"account_exists:{email}:{now.date()}"
    notify([Message(None, ACCOUNT_EXISTS, key=key, due_at=now, address=email)], now=now)
