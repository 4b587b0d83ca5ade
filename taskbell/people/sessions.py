"""Refreshing tokens: each refresh token has exactly one successor."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from taskbell.accounts import tokens
from taskbell.accounts.actions import end_sessions, session_lifetime
from taskbell.accounts.models import Session, User
from taskbell.accounts.tokens import TokenPair
from taskbell.common.errors import NotSignedIn
from taskbell.notifications.messages import Message, notify
from taskbell.people.notifications import SESSION_ENDED, notify_owner

TWO_TABS = timedelta(seconds=10)  # refresh at the same time
LOST_ANSWER = timedelta(seconds=60)  # until the client tries again


class RefreshReused(NotSignedIn):
    """A refresh token came back after its successor was issued: it may have been stolen."""


def renew_session(refresh: str, *, now: datetime) -> TokenPair:
    """The session's next token pair.

    The same token sent again gets the same pair: within ten seconds (two tabs), or within a minute if nobody has used
    the pair (its answer was lost). Later, it is a sign of theft: the session ends, and the person gets an email.
    Raises NotSignedIn, RefreshReused.
    """
    claims = tokens.read(refresh, "refresh", now=now)
    rotated = Session.objects.filter(
        pk=claims.session_id, refresh_id=claims.token_id, ended_at=None, expires_at__gt=now
    ).update(
        previous_refresh_id=F("refresh_id"),
        refresh_id=uuid4(),
        refreshed_at=now,
        is_pair_unused=True,
        last_used_at=now,
        expires_at=now + session_lifetime(),
    )
    session = Session.objects.alive(now).select_related("user__profile").filter(pk=claims.session_id).first()
    if session is None:
        raise NotSignedIn(_("This session has ended. Sign in again."))
    if rotated or _is_twin(session, claims.token_id, now):
        return tokens.pair_for(session)
    _end_stolen(session, now=now)
    raise RefreshReused(_("This refresh token was used before. The session has ended."))


def _is_twin(session: Session, token_id: UUID, now: datetime) -> bool:
    grace = LOST_ANSWER if session.is_pair_unused else TWO_TABS
    return session.previous_refresh_id == token_id and now - session.refreshed_at <= grace


@transaction.atomic
def end_by_admin(sessions: Iterable[Session], *, by: User, now: datetime) -> int:
    """Signs the people out of these sessions, and notifies them. Returns how many were still open."""
    ended = {
        session: end_sessions(session.user, now=now, because="ended by an admin", only=session.pk)
        for session in sessions
    }
    for person in {session.user for session, was_open in ended.items() if was_open and session.user_id != by.pk}:
        notify_owner(person, "sessions", by=by, now=now)
    return sum(ended.values())


@transaction.atomic
def _end_stolen(session: Session, *, now: datetime) -> None:
    end_sessions(session.user, now=now, because="refresh token reused", only=session.pk)
    key = f"session_ended:{session.pk}"
    notify([Message(session.user_id, SESSION_ENDED, key=key, due_at=now)], now=now)
