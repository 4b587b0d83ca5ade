"""Sessions behind tokens and cookies, people by the beginning of their name, and whether the first account exists."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.db.models import DateTimeField, Q, UUIDField
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from taskbell.accounts import tokens
from taskbell.accounts.models import Installation, Profile, Session, User
from taskbell.common.compiled_query import CompiledModelQuery, Param, names_of
from taskbell.common.errors import NotSignedIn
from taskbell.common.folding import fold

REFRESH = {"previous_refresh_id", "refreshed_at"}
CLIENT = {"address", "network", "user_agent"}
# The columns loaded for every request: those of session, person and profile that most requests need.
LOADED_COLUMNS = {
    "": names_of(Session, but={"created_at", "ended_at", "ended_because"} | CLIENT | REFRESH),
    "user": names_of(User, but={"password", "last_login", "date_joined", "name_sort", "name_folded"}),
    "user__profile": names_of(Profile),
}


class SessionLookup:
    """Finds a living session with its person in one query, along with the annotations in `beside`."""

    def __init__(self, **beside: Any) -> None:
        self._beside = beside
        self._find = CompiledModelQuery(self._living, LOADED_COLUMNS, annotations=tuple(beside))

    def __call__(self, session_id: UUID | str, *, now: datetime) -> Session | None:
        """The session with its person, or None if it is not alive. The annotations in `beside` are its attributes."""
        for session in self._find(id=session_id, now=now):
            session.user.session = session
            return cast(Session, session)
        return None

    def _living(self) -> Any:
        now: Any = Param("now", DateTimeField())
        return Session.objects.alive(now).filter(pk=Param("id", UUIDField())).annotate(**self._beside).order_by()


living_session = SessionLookup()


def session_by_id(session_id: UUID, *, now: datetime, find: SessionLookup = living_session) -> Session:
    """The living session with this id, with its person, in one query. Raises NotSignedIn."""
    session = find(session_id, now=now)
    if session is None:
        raise NotSignedIn(_("This session has ended. Sign in again."))
    return session


def session_of_token(access: str, *, now: datetime, find: SessionLookup = living_session) -> Session:
    """The living session of an access token, with its person, in one query. Raises NotSignedIn.

    The first use of a pair after a refresh costs one more query.
    """
    claims = tokens.read(access, "access", now=now)
    session = session_by_id(claims.session_id, now=now, find=find)
    if session.is_pair_unused and session.refresh_id == claims.token_id:
        _note_first_use(session)
    return session


def _note_first_use(session: Session) -> None:
    """From now on, the previous refresh token works only for a second tab (people/sessions.py)."""
    Session.objects.filter(pk=session.pk, refresh_id=session.refresh_id).update(is_pair_unused=False)


def is_claimed() -> bool:
    """True once the first account has been created."""
    return Installation.objects.exclude(claimed_at=None).exists()


def setup_token() -> str:
    """The token that lets its holder create the first account, regardless of the registration setting."""
    return salted_hmac("taskbell.accounts.setup", "first person", algorithm="sha256").hexdigest()[:32]


def is_setup_token(token: str) -> bool:
    """True for the setup token while there is no account."""
    return constant_time_compare(token, setup_token()) and not is_claimed()


def setup_link() -> str | None:
    """The link for creating the first account; None once it exists."""
    return None if is_claimed() else f"{settings.URL}/setup/{setup_token()}/"


def is_called(beginning: str) -> Q:
    """The condition that one of a person's names begins with this; case and accents don't matter."""
    form = fold(beginning)
    return Q(name_folded__startswith=form) | Q(name_folded__contains=f" {form}")
