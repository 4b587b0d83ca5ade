"""What people do about themselves: register, sign in and out, change their password."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from taskbell.accounts import throttle
from taskbell.accounts.models import Session, User
from taskbell.accounts.validation import check_password_strength
from taskbell.common.errors import NotSignedIn, invalid
from taskbell.common.text import folded, printable

WRONG_SIGN_IN = "The name or the password is not right."


@dataclass(frozen=True)
class Client:
    """The program or browser that somebody signs in with."""

    address: str = ""
    user_agent: str = ""


def sign_in(identifier: str, password: str, *, client: Client, now: datetime) -> Session:
    """A new session for a username or e-mail address with its password.

    Raises NotSignedIn, with the same words and after the same work for an unknown name and for a
    wrong password, or TooMany.
    """
    attempts = (
        throttle.SIGN_IN_PER_ACCOUNT.count(identifier, now=now),
        throttle.SIGN_IN_PER_ADDRESS.count(client.address, now=now),
    )
    with throttle.only_failures_count(*attempts):
        return open_session(_authenticate(identifier, password), client=client, now=now)


def _authenticate(identifier: str, password: str) -> User:
    key = folded(identifier)
    column = "email" if "@" in key else "username_key"
    person = User.objects.filter(**{column: key}, is_active=True).first()
    if person is None:
        make_password(password)  # the work that a known name would have cost
    if person is None or not check_password(password, person.password, setter=None):
        raise NotSignedIn(WRONG_SIGN_IN)
    return person


def open_session(person: User, *, client: Client, now: datetime) -> Session:
    """A session for somebody who has just proven who they are."""
    return Session.objects.create(
        user=person,
        created_at=now,
        last_used_at=now,
        refreshed_at=now,
        expires_at=now + session_lifetime(),
        address=printable(client.address),
        user_agent=printable(client.user_agent)[:200],
    )


def session_lifetime() -> timedelta:
    """How long a session lasts after its last refresh."""
    return timedelta(days=settings.TASKBELL_SESSION_DAYS)


def change_password(person: User, *, old: str, new: str, client: Client, now: datetime) -> Session:
    """Sets a new password and signs the person out everywhere; returns the one new session.

    Raises Invalid naming `old_password` or `new_password`, or TooMany.
    """
    attempt = throttle.SIGN_IN_PER_ACCOUNT.count(person.email, now=now)
    with throttle.only_failures_count(attempt):
        if not person.check_password(old):
            raise invalid("old_password", "wrong", "This is not your password.")
        set_password(person, new, field="new_password", now=now)
    return open_session(person, client=client, now=now)


def set_password(person: User, new: str, *, field: str, keep: Session | None = None, now: datetime) -> None:
    """Sets the password and ends the person's sessions, all but `keep`. Raises Invalid naming `field`.

    Of competing changes that knew the same password or code, one counts.
    """
    check_password_strength(new, person=person, field=field)
    known = person.password
    person.set_password(new)
    with transaction.atomic():
        if not User.objects.filter(pk=person.pk, password=known).update(password=person.password):
            raise invalid(field, "changed", "The password was changed a moment ago.")
        end_sessions(person, now=now, because="password changed", keep=keep)


def end_sessions(
    person: User, *, now: datetime, because: str, only: UUID | None = None, keep: Session | None = None
) -> int:
    """Signs the person out everywhere, of one session only, or of all but one; says how many sessions ended."""
    sessions = Session.objects.filter(user=person, ended_at=None)
    if only is not None:
        sessions = sessions.filter(pk=only)
    if keep is not None:
        sessions = sessions.exclude(pk=keep.pk)
    return sessions.update(ended_at=now, ended_because=because)
