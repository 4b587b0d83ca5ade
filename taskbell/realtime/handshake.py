"""How a client signs in: with a token, a cookie, or a later first frame."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from taskbell.accounts.middleware import session_of_cookie
from taskbell.accounts.models import Session
from taskbell.accounts.queries import living_session, session_of_token
from taskbell.common.cookies import cookies_of
from taskbell.common.errors import NotSignedIn
from taskbell.common.middleware import address_behind
from taskbell.realtime.closing import Closed, Closing

BEARER = "bearer"
MAX_UNFINISHED = 50  # handshakes of one address at a time
NAMES_OF_TOKENS = {"token", "access", "access_token", "auth", "authorization", "bearer", "jwt"}


@dataclass(frozen=True)
class AccessToken:
    """An access token, from a header, a subprotocol or a frame."""

    access: str


@dataclass(frozen=True)
class SessionCookie:
    """The session that a browser's cookie names."""

    session_id: UUID


Credential = AccessToken | SessionCookie


class Handshake:
    """The request for a WebSocket."""

    def __init__(self, scope: dict[str, Any]) -> None:
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        self.subprotocols: list[str] = scope["subprotocols"]
        self.query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        proxy_says_secure = settings.TASKBELL_PROXIES > 0 and self.headers.get("x-forwarded-proto") == "https"
        self.is_secure = scope["scheme"] == "wss" or proxy_says_secure

        remote = (scope.get("client") or ("",))[0]
        forwarded_for = self.headers.get("x-forwarded-for", "")
        self.address = address_behind(forwarded_for, remote)

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol to accept: `bearer`, never the token beside it."""
        return BEARER if BEARER in self.subprotocols else None

    def credential(self) -> Credential | None:
        """The client's credential; None if it comes in the first frame. Raises Closed."""
        if NAMES_OF_TOKENS & {name.lower() for name in self.query}:
            raise Closed(
                Closing.SIGNED_OUT,
                "Can't take a token from an address: it ends up in logs. Use a header, subprotocol or first frame.",
            )
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() == BEARER:
            return AccessToken(token.strip())
        if self.subprotocol:
            return AccessToken(next((offer for offer in self.subprotocols if offer != BEARER), ""))
        return self._cookie()

    def _cookie(self) -> SessionCookie | None:
        raw = cookies_of(self.headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME, "")
        session_id = session_of_cookie(raw)
        if session_id is None:
            return None
        # A browser sends its cookie from any page; only the Origin says which page it is (RFC 6455 §10.2).
        if not self._is_from_our_page():
            raise Closed(Closing.FOREIGN_PAGE)
        return SessionCookie(session_id)

    def _is_from_our_page(self) -> bool:
        origin, host = self.headers.get("origin", ""), self.headers.get("host", "")
        own = f"{'https' if self.is_secure else 'http'}://{host}"
        name, _ = split_domain_port(host)
        return origin == settings.URL or (origin == own and validate_host(name, settings.ALLOWED_HOSTS))


class Unfinished:
    """Counts the clients of each address that have connected and not signed in yet."""

    def __init__(self) -> None:
        self._by_address: Counter[str] = Counter()

    def enter(self, address: str) -> None:
        """Counts one more. Raises Closed if there are too many."""
        if self._by_address[address] >= MAX_UNFINISHED:
            raise Closed(Closing.TOO_MANY_CONNECTIONS, "Too many connections from your address have not signed in yet.")
        self._by_address[address] += 1

    def leave(self, address: str) -> None:
        """Counts one less."""
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]


def session_behind(credential: Credential, *, now: datetime) -> Session:
    """The active session of a credential, in one query. Raises Closed."""
    match credential:
        case AccessToken(access):
            try:
                return session_of_token(access, now=now)
            except NotSignedIn as error:
                raise Closed(Closing.SIGNED_OUT, error.detail) from error
        case SessionCookie(session_id):
            session = living_session(session_id, now=now)
            if session is None:
                raise Closed(Closing.SIGNED_OUT)
            return session
