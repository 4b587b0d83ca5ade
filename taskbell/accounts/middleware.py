"""Who the browser belongs to."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from taskbell.accounts.models import Session, User
from taskbell.accounts.queries import living_session
from taskbell.common.clock import utc_now

SESSION_KEY = "taskbell_session"
TOUCH_EVERY = timedelta(hours=1)


class BrowserSession(AuthenticationMiddleware):
    """Sets `request.user` from our own session row, which the signed cookie names.

    A subclass because Django's admin insists on that middleware; the rows of Django's sessions,
    and its separate idea of who is signed in, are not used.
    """

    def process_request(self, request: HttpRequest) -> None:
        request.user = SimpleLazyObject(lambda: _person(request))  # type: ignore[assignment]


def _person(request: HttpRequest) -> User | AnonymousUser:
    session = _session(request)
    if session is None:
        return AnonymousUser()
    session.user.session = session
    return session.user


def _session(request: HttpRequest) -> Session | None:
    raw = request.session.get(SESSION_KEY)
    if not raw:
        return None
    now = utc_now()
    session = living_session(UUID(raw), now=now)
    if session and now - session.last_used_at > TOUCH_EVERY:
        lifetime = timedelta(days=settings.TASKBELL_SESSION_DAYS)
        Session.objects.filter(pk=session.pk).update(last_used_at=now, expires_at=now + lifetime)
        request.session.set_expiry(lifetime)
    return session


def session_of_cookie(raw: str) -> UUID | None:
    """The number of the session that a cookie of ours names; None for any other cookie."""
    named = SessionStore(raw).get(SESSION_KEY)
    return UUID(named) if named else None


def remember(request: HttpRequest, session: Session) -> None:
    """Gives the browser the cookie of this session."""
    request.session.cycle_key()
    request.session[SESSION_KEY] = session.pk.hex
    request.session.set_expiry(session.expires_at - session.created_at)


def forget(request: HttpRequest) -> None:
    """Takes the cookie away."""
    request.session.flush()
