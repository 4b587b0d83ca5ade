"""Sessions and passwords: signing in and out, and changing a password."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts import throttle
from taskbell.accounts.known_browsers import KnownBrowser
from taskbell.accounts.lockout import count_sign_in
from taskbell.accounts.models import AddressChange, Session, User
from taskbell.accounts.validation import check_password_strength
from taskbell.common.errors import Invalid, NotSignedIn, invalid
from taskbell.common.networks import network_of
from taskbell.common.text import folded, forms_of, printable

WRONG_SIGN_IN = gettext_noop("Wrong username or password.")
REQUIRED = gettext_noop("Send your current password, too: it is needed to change your email address or password.")


@dataclass(frozen=True)
class Client:
    """The browser or program that a person signs in with."""

    address: str = ""
    user_agent: str = ""
    browser: KnownBrowser | None = None


def sign_in(identifier: str, password: str, *, client: Client, now: datetime) -> Session:
    """Opens a session for a username or email address and its password.

    Raises NotSignedIn or TooMany. An unknown name, a deactivated account and a wrong password give the same error after
    the same work.
    """
    person = _find(identifier)
    attempts = count_sign_in(identifier, person, address=client.address, browser=client.browser, now=now)
    person = _authenticate(person, password)
    with transaction.atomic():
        _check_unchanged(person)
        session = open_session(person, client=client, now=now)
    throttle.forget(attempts)  # only failures count
    return session


def _find(identifier: str) -> User | None:
    key = folded(identifier)
    return User.objects.filter(**{"email" if "@" in key else "username_key": key}).first()


def _authenticate(person: User | None, password: str) -> User:
    if person is None:
        for form in forms_of(password):
            make_password(form)  # takes as long as checking the password of a known name
    if person is None or not person.check_password(password) or not person.is_active:
        raise NotSignedIn(_(WRONG_SIGN_IN))
    return person


def _check_unchanged(person: User) -> None:
    """Locks the person until the session is open, so that a later change of the password ends this session as well."""
    same = User.objects.filter(pk=person.pk, password=person.password, is_active=True)
    if not same.select_for_update(no_key=True).values_list("pk").first():
        raise NotSignedIn(_(WRONG_SIGN_IN))


def open_session(person: User, *, client: Client, now: datetime) -> Session:
    """Opens a session for a person who has just been authenticated. Over the quota, the longest unused end."""
    most = settings.TASKBELL_QUOTAS["sessions"]
    spare = Session.objects.filter(user=person, ended_at=None).order_by("-last_used_at").values_list("pk", flat=True)
    if unused := list(spare[most - 1 :]):
        Session.objects.filter(pk__in=unused).update(ended_at=now, ended_because="too many sessions")
    return Session.objects.create(
        user=person,
        created_at=now,
        last_used_at=now,
        refreshed_at=now,
        expires_at=now + session_lifetime(),
        address=printable(client.address),
        network=network_of(client.address),
        user_agent=printable(client.user_agent)[:200],
    )


def session_lifetime() -> timedelta:
    """How long a session lasts after its last refresh."""
    return timedelta(days=settings.TASKBELL_SESSION_DAYS)


def check_current_password(
    person: User, password: str, *, field: str = "current_password", refusal: Invalid | None = None, now: datetime
) -> None:
    """Raises `refusal`, by default Invalid naming the field, for a wrong password, and TooMany after ten of them.

    Call it outside a transaction: a rollback would forget the wrong ones.
    """
    attempts = throttle.count(throttle.CURRENT_PASSWORD.of(str(person.pk)), now=now)
    if not person.check_password(password):
        raise refusal or invalid(field, "wrong", _("Wrong password."))
    throttle.forget(attempts)


def password_required() -> Invalid:
    """The refusal of a change without the current password."""
    return invalid("current_password", "required", _(REQUIRED))


def set_password(person: User, new: str, *, field: str, keep: Session | None = None, now: datetime) -> None:
    """Sets the password and ends the person's sessions except `keep`. Raises Invalid naming `field`.

    Of concurrent changes that start from the same password or reset token, exactly one succeeds, and none if the
    address changes meanwhile.
    """
    check_password_strength(new, person=person, field=field)
    old_hash = person.password
    person.set_password(new)
    with transaction.atomic():
        if not User.objects.filter(pk=person.pk, email=person.email, password=old_hash).update(
            password=person.password
        ):
            raise invalid(
                field, "changed", _("Can't set the password, because it was changed a moment ago. Try again.")
            )
        end_what_the_old_password_opened(person, keep=keep, now=now)


def end_what_the_old_password_opened(person: User, *, keep: Session | None = None, now: datetime) -> None:
    """Ends the sessions except `keep`, and withdraws a new address that was requested with the old password."""
    end_sessions(person, now=now, because="password changed", keep=keep)
    requested = AddressChange.objects.filter(user=person, is_confirmed=False, closed_at=None)
    requested.exclude(new=person.email).update(closed_at=now)


def end_sessions(
    person: User, *, now: datetime, because: str, only: UUID | None = None, keep: Session | None = None
) -> int:
    """Ends all sessions of the person, or only one, or all except one. Returns how many ended."""
    sessions = Session.objects.filter(user=person, ended_at=None)
    if only is not None:
        sessions = sessions.filter(pk=only)
    if keep is not None:
        sessions = sessions.exclude(pk=keep.pk)
    return sessions.update(ended_at=now, ended_because=because)
