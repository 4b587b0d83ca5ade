"""What people do about themselves: register, sign in and out, change their password."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.tokens import default_token_generator
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.http import urlsafe_base64_decode

from taskbell.accounts import throttle, tokens
from taskbell.accounts.invites import accept_invite
from taskbell.accounts.models import Installation, Session, User
from taskbell.accounts.policy import Role
from taskbell.accounts.queries import is_setup_token
from taskbell.accounts.tokens import TokenPair
from taskbell.accounts.validation import check_email, check_names, check_password_strength, check_username
from taskbell.common.errors import Conflict, NotAllowed, NotSignedIn, invalid
from taskbell.common.text import folded, printable

REFRESH_GRACE = timedelta(seconds=10)
WRONG_SIGN_IN = "The name or the password is not right."
WRONG_RESET = "This link is not valid any more. Ask for a new one."


@dataclass(frozen=True)
class Client:
    """The program or browser that somebody signs in with."""

    address: str = ""
    user_agent: str = ""


@dataclass(frozen=True)
class Registration:
    """What somebody tells of themselves to get an account."""

    email: str
    password: str
    username: str = ""
    first_name: str = ""
    last_name: str = ""
    setup_token: str = ""
    invite: str = ""


@dataclass
class RefreshReused(NotSignedIn):
    """A refresh token was used again after its successor was: one of the two users is not the owner."""

    session: Session | None = None


def register(form: Registration, *, client: Client, now: datetime) -> User:
    """A new person, ADMIN if the first one. Raises Invalid, NotAllowed, Conflict or TooMany."""
    if not form.invite:
        check_registration_open(form.setup_token)
    email = check_email(form.email)
    username = check_username(form.username or email, email=email)
    names = check_names(first_name=form.first_name, last_name=form.last_name)
    check_password_strength(form.password, person=User(username=username, email=email, **names))
    throttle.REGISTER_PER_ADDRESS.count(client.address, now=now)
    try:
        with transaction.atomic():
            role = _role_of_newcomer(form, email, now)
            return User.objects.create_person(
                username=username, email=email, password=form.password, role=role, **names
            )
    except IntegrityError as error:
        taken = "e-mail address" if User.objects.filter(email=email).exists() else "username"
        raise Conflict(f"There is already an account with this {taken}.") from error


def check_registration_open(setup_token: str = "") -> None:
    """Raises NotAllowed where new accounts need an invitation."""
    if settings.TASKBELL_REGISTRATION != "open" and not is_setup_token(setup_token):
        raise NotAllowed("New accounts are by invitation here.")


def _role_of_newcomer(form: Registration, email: str, now: datetime) -> str:
    if form.invite:
        return accept_invite(form.invite, email=email, now=now)
    return Role.ADMIN if Installation.claim(now) else Role.MEMBER


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
        expires_at=now + _session_lifetime(),
        address=printable(client.address),
        user_agent=printable(client.user_agent)[:200],
    )


def _session_lifetime() -> timedelta:
    return timedelta(days=settings.TASKBELL_SESSION_DAYS)


def rotate_refresh_token(raw: str, *, now: datetime) -> TokenPair:
    """The next pair of the session; each token has exactly one successor.

    Whoever comes with the same token within ten seconds is given that same successor (two tabs).
    Later it is a sign of theft: the session ends. Raises NotSignedIn, RefreshReused.
    """
    claims = tokens.read(raw, "refresh", now=now)
    rotated = Session.objects.filter(
        pk=claims.session_id, refresh_id=claims.token_id, ended_at=None, expires_at__gt=now
    ).update(
        previous_refresh_id=F("refresh_id"),
        refresh_id=uuid4(),
        refreshed_at=now,
        last_used_at=now,
        expires_at=now + _session_lifetime(),
    )
    session = Session.objects.alive(now).with_person().filter(pk=claims.session_id).first()
    if session is None:
        raise NotSignedIn("This session has ended. Sign in again.")
    if rotated or _is_twin(session, claims.token_id, now):
        return tokens.pair_for(session)
    end_sessions(session.user, now=now, because="refresh token reused", only=session.pk)
    raise RefreshReused("This refresh token was used before. The session has ended.", session=session)


def _is_twin(session: Session, token_id: UUID, now: datetime) -> bool:
    return session.previous_refresh_id == token_id and now - session.refreshed_at <= REFRESH_GRACE


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


def reset_password(uid: str, token: str, new: str, *, now: datetime) -> User:
    """Sets a new password by the code that was mailed; the code works once. Raises Invalid."""
    person = person_of_reset_code(uid, token)
    if person is None:
        raise invalid("token", "invalid", WRONG_RESET)
    set_password(person, new, field="new_password", now=now)
    return person


def person_of_reset_code(uid: str, token: str) -> User | None:
    """The active person whom the mailed code still lets choose a password."""
    try:
        pk = int(urlsafe_base64_decode(uid).decode("ascii"))
    except (ValueError, UnicodeDecodeError):
        return None
    person = User.objects.filter(pk=pk, is_active=True).first() if 0 < pk < 2**63 else None
    return person if person and default_token_generator.check_token(person, token) else None


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
