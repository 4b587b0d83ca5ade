"""What a client shows when it knocks: a token, a cookie, or nothing yet."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from django.conf import settings
from django.http import parse_cookie
from django.http.request import split_domain_port, validate_host

from taskbell.accounts.middleware import session_of_cookie
from taskbell.accounts.models import Session
from taskbell.accounts.queries import living_session, session_of_token
from taskbell.common.errors import NotSignedIn
from taskbell.realtime.closing import ForeignPage, SignedOut

BEARER = "bearer"
NAMES_OF_TOKENS = {"token", "access", "access_token", "auth", "authorization", "bearer", "jwt"}


@dataclass(frozen=True)
class Token:
    """An access token, however it came."""

    access: str


@dataclass(frozen=True)
class Cookie:
    """The session that the cookie of a browser names."""

    session_id: UUID


Credential = Token | Cookie


class Handshake:
    """The request for a WebSocket."""

    def __init__(self, scope: dict[str, Any]) -> None:
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        self.subprotocols: list[str] = scope["subprotocols"]
        self.query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        self.is_secure = scope["scheme"] == "wss" or self._proxy_says_secure()

    @property
    def subprotocol(self) -> str | None:
        """What to answer to the subprotocols on offer: `bearer`, never the token beside it."""
        return BEARER if BEARER in self.subprotocols else None

    def credential(self) -> Credential | None:
        """What the client shows of itself; None if it is going to say so in its first frame. Raises Closed."""
        if NAMES_OF_TOKENS & {name.lower() for name in self.query}:
            raise SignedOut("A token in an address ends up in logs. Send it by header, subprotocol or first frame.")
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() == BEARER:
            return Token(token.strip())
        if self.subprotocol:
            return Token(next((offer for offer in self.subprotocols if offer != BEARER), ""))
        return self._cookie()

    def _cookie(self) -> Cookie | None:
        raw = parse_cookie(self.headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME, "")
        session_id = session_of_cookie(raw)
        if session_id is None:
            return None
        # A browser sends its cookie along whichever page asks; only the Origin tells whose page it is (RFC 6455 §10.2).
        if not self._is_from_our_page():
            raise ForeignPage
        return Cookie(session_id)

    def _is_from_our_page(self) -> bool:
        origin, host = self.headers.get("origin", ""), self.headers.get("host", "")
        own = f"{'https' if self.is_secure else 'http'}://{host}"
        name, _ = split_domain_port(host)
        return origin == settings.URL or (origin == own and validate_host(name, settings.ALLOWED_HOSTS))

    def _proxy_says_secure(self) -> bool:
        return settings.TASKBELL_PROXIES > 0 and self.headers.get("x-forwarded-proto") == "https"


def session_behind(credential: Credential, *, now: datetime) -> Session:
    """The living session, in one query. Raises SignedOut."""
    match credential:
        case Token(access):
            try:
                return session_of_token(access, now=now)
            except NotSignedIn as error:
                raise SignedOut(error.detail) from error
        case Cookie(session_id):
            session = living_session(session_id, now=now)
            if session is None:
                raise SignedOut
            return session
