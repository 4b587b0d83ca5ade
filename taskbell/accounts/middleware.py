"""Finds the person behind the browser's session cookie."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.utils.functional import SimpleLazyObject

from taskbell.accounts import known_browsers
from taskbell.accounts.actions import Client, session_lifetime
from taskbell.accounts.models import Session, User
from taskbell.accounts.queries import living_session
from taskbell.common.clock import utc_now
from taskbell.common.middleware import client_address

SESSION_KEY = "taskbell_session"
TOUCH_EVERY = timedelta(hours=1)


class BrowserSession(AuthenticationMiddleware):
    """Sets `request.user` from our own session row, which the signed cookie names.

    A subclass, because Django's admin requires that middleware. Django's own session rows, and its own record of
    who is signed in, are not used.
    """

    def process_request(self, request: HttpRequest) -> None:
        request.user = SimpleLazyObject(lambda: _person(request))  # type: ignore[assignment]

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        person_id = getattr(request, "known_to", None)
        if person_id is not None:
            response.set_cookie(
                known_browsers.COOKIE,
                known_browsers.cookie_of(_browser(request), person_id=person_id),
                max_age=known_browsers.LIFETIME,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response


def _person(request: HttpRequest) -> User | AnonymousUser:
    session = _session(request)
    return session.user if session else AnonymousUser()


def _session(request: HttpRequest) -> Session | None:
    raw = request.session.get(SESSION_KEY)
    if not raw:
        return None
    now = utc_now()
    session = living_session(UUID(raw), now=now)
    if session and now - session.last_used_at > TOUCH_EVERY:
        lifetime = session_lifetime()
        Session.objects.filter(pk=session.pk).update(last_used_at=now, expires_at=now + lifetime)
        request.session.set_expiry(lifetime)
        know_browser(request, session.user_id)
    return session


def client_of(request: HttpRequest) -> Client:
    """The browser or program that sent the request."""
    address = client_address(request)
    return Client(address=address, user_agent=request.headers.get("User-Agent", ""), browser=_browser(request))


def _browser(request: HttpRequest) -> known_browsers.KnownBrowser | None:
    return known_browsers.read_cookie(request.COOKIES.get(known_browsers.COOKIE, ""))


def session_of_cookie(raw: str) -> UUID | None:
    """The session ID in our cookie; None for any other cookie."""
    session_id = SessionStore(raw).get(SESSION_KEY)
    return UUID(session_id) if session_id else None


def remember(request: HttpRequest, session: Session) -> None:
    """Sets the cookie of this session, and the one by which this browser is known from now on.

    Forms opened before stop working, against session fixation.
    """
    know_browser(request, session.user_id)
    request.session.cycle_key()
    request.session[SESSION_KEY] = session.pk.hex
    request.session.set_expiry(session.expires_at - session.created_at)
    rotate_token(request)


def know_browser(request: HttpRequest, person_id: int) -> None:
    """From now on, attempts of this browser to sign in as this person are not counted with those of strangers."""
    request.known_to = person_id  # type: ignore[attr-defined]
