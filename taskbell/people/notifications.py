"""The emails about an account. People can't switch them off, and quiet hours don't delay them."""

from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import get_language, gettext_noop, pgettext_lazy
from django.utils.translation import gettext as _

from taskbell.accounts.addresses import token_of as address_token
from taskbell.accounts.addresses import waiting_change
from taskbell.accounts.invites import token_of
from taskbell.accounts.models import AddressChange, Invite, User
from taskbell.common.quoting import MAX_PROJECT_NAME, name_in_quotes, one_line, without_links
from taskbell.notifications.kinds import Kind
from taskbell.notifications.messages import Message, notify
from taskbell.notifications.models import Notification


def _reset_link(reset: Notification) -> dict[str, Any]:
    """Made when the email is rendered, so that the token is nowhere else."""
    person = reset.recipient
    assert person is not None  # noqa: S101 - a reset is for a person
    uid = urlsafe_base64_encode(force_bytes(person.pk))
    return {"link": f"{settings.URL}/password/reset/{uid}/{default_token_generator.make_token(person)}/"}


def _invite_link(invite: Notification) -> dict[str, Any]:
    return {
        "link": f"{settings.URL}/invite/{token_of(invite.data['invite'])}/",
        "inviter": name_in_quotes(invite.data["inviter"]),
        "role": ROLES.get(invite.data["role"], invite.data["role"]),
        "project": one_line(invite.data.get("project", ""), most=MAX_PROJECT_NAME),
    }


def _confirm_link(confirmation: Notification) -> dict[str, Any]:
    return {"link": f"{settings.URL}/email/confirm/{address_token(confirmation.data['change'], 'confirm')}/"}


def _undo_link(notice: Notification) -> dict[str, Any]:
    person, data = notice.recipient, notice.data
    return {
        "link": f"{settings.URL}/email/undo/{address_token(data['change'], 'undo')}/",
        "username": name_in_quotes(person.username if person else ""),
        "old": without_links(data["old"]),
        "new": without_links(data["new"]),
    }


def _in_words(notice: Notification) -> dict[str, Any]:
    return {"happened": _(CHANGES[notice.data["what"]]), "new": without_links(notice.data["new"])}


def _unless_confirmed(confirmation: Notification) -> str | None:
    person = confirmation.recipient
    change = waiting_change(person, now=confirmation.due_at) if person else None
    is_waiting = change is not None and change.pk == confirmation.data["change"]
    return None if is_waiting else gettext_noop("Cancelled because the address no longer needs to be confirmed.")


ROLES = {
    "Admin": pgettext_lazy("role in a sentence", "admin"),
    "Manager": pgettext_lazy("role in a sentence", "manager"),
    "Member": pgettext_lazy("role in a sentence", "member"),
    "Intern": pgettext_lazy("role in a sentence", "intern"),
}
CHANGES = {
    "password": gettext_noop("your Taskbell password was changed"),
    "email": gettext_noop("your Taskbell email address was changed"),
    "username": gettext_noop("your Taskbell username was changed"),
    "role": gettext_noop("your Taskbell role was changed"),
    "sessions": gettext_noop("you were signed out of Taskbell"),
    "deactivated": gettext_noop("your Taskbell account was deactivated"),
    "reactivated": gettext_noop("your Taskbell account was activated again"),
}
_account = partial(Kind, shows_in_app=False, ignores_quiet_hours=lambda _: True)
INVITE = _account("invite", title=gettext_noop("Invitation"), context=_invite_link)
PASSWORD_RESET = _account(
    "password_reset", title=gettext_noop("New password"), for_unconfirmed=True, context=_reset_link
)
SESSION_ENDED = _account("session_ended", title=gettext_noop("Signed out"), shows_in_app=True)
SIGN_IN_LOCKED = _account("sign_in_locked", title=gettext_noop("Sign-in blocked"), shows_in_app=True)
ACCOUNT_EXISTS = _account("account_exists", title=gettext_noop("Account already exists"))
CONFIRM_EMAIL = _account(
    "confirm_email",
    title=gettext_noop("Confirm email address"),
    for_unconfirmed=True,
    reason_not_to_send=_unless_confirmed,
    context=_confirm_link,
)
EMAIL_CHANGED = _account(
    "email_changed", title=gettext_noop("Email address changed"), for_unconfirmed=True, context=_undo_link
)
ACCOUNT_CHANGED = _account(
    "account_changed", title=gettext_noop("Account changed"), for_unconfirmed=True, context=_in_words
)
KINDS = (
    *(INVITE, PASSWORD_RESET, SESSION_ENDED, SIGN_IN_LOCKED, ACCOUNT_EXISTS),
    *(CONFIRM_EMAIL, EMAIL_CHANGED, ACCOUNT_CHANGED),
)


def mail_account_exists(email: str, *, now: datetime) -> None:
    """Notifies the owner of an address that somebody tried to use it for an account, at most once a day.

    Also if nobody has confirmed it: the owner then learns how to take over an account that a stranger created.
    """
    key, data = f"account_exists:{email}:{now.date()}", {"language": get_language()}
    notify([Message(None, ACCOUNT_EXISTS, key=key, due_at=now, address=email, data=data)], now=now)


def mail_invite(invite: Invite, *, project: str = "", by: User, now: datetime) -> None:
    """Emails the link of an invitation, perhaps to work in a project."""
    data = {"invite": invite.pk, "inviter": by.name, "role": invite.role.capitalize(), "project": project}
    data["language"] = by.profile.language
    key = f"invite:{invite.pk}"
    notify([Message(None, INVITE, key=key, due_at=now, address=invite.email, data=data)], now=now)


def mail_password_link(person: User, *, now: datetime) -> None:
    """Emails a link to choose a new password."""
    key = f"password_reset:{person.pk}:{now.isoformat()}"
    notify([Message(person.pk, PASSWORD_RESET, key=key, due_at=now)], now=now)


def mail_confirmation(change: AddressChange, *, now: datetime) -> None:
    """Emails the link to the new address."""
    key = f"confirm_email:{change.pk}:{now.isoformat()}"
    data = {"change": change.pk, "address": change.new}
    notify([Message(change.user_id, CONFIRM_EMAIL, key=key, due_at=now, address=change.new, data=data)], now=now)


def notify_old_addresses(change: AddressChange, *, replaced: str, is_made: bool = False, now: datetime) -> None:
    """Notifies the address that the change replaces, and the one that comes back if it is undone, with that link."""
    addresses = sorted({change.old, replaced} - {change.new}) if change.old else []
    data = {"change": change.pk, "new": change.new, "old": change.old, "is_made": is_made}
    key = f"email_changed:{change.pk}:{is_made:d}"
    notify(
        [
            Message(change.user_id, EMAIL_CHANGED, f"{key}:{place}", due_at=now, address=address, data=data)
            for place, address in enumerate(addresses)
        ],
        now=now,
    )


def notify_owner(person: User, what: str, *, by: User | None, address: str = "", new: str = "", now: datetime) -> None:
    """Notifies the person, at the previous confirmed address, of a change to their account. `what`: see CHANGES."""
    if not person.email_confirmed:
        return
    data = {"what": what, "by": by.name if by and by.pk != person.pk else "", "new": new}
    key = f"account_changed:{person.pk}:{what}:{now.isoformat()}"
    notify([Message(person.pk, ACCOUNT_CHANGED, key, due_at=now, address=address or person.email, data=data)], now=now)
