"""How a client signs in: with a token, a cookie, or a later first frame."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from taskbell.accounts.heads import BEARER, RequestHead
from taskbell.accounts.middleware import session_of_cookie
from taskbell.accounts.models import Session
from taskbell.accounts.queries import session_by_id, session_of_token
from taskbell.realtime.closing import Closed, Closing

MAX_UNFINISHED = 50  # handshakes of one address at a time
NAMES_OF_TOKENS = {"token", "access", "access_token", "auth", "authorization", "bearer", "jwt"}
Credential = Callable[..., Session]  # finds the session at an instant `now`, in one query. Raises NotSignedIn


class Handshake(RequestHead):
    """The request for a WebSocket."""

    def __init__(self, scope: dict[str, Any]) -> None:
        super().__init__(scope)
        self.subprotocols: list[str] = scope["subprotocols"]
        self.query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        proxy_says_secure = settings.TASKBELL_PROXIES > 0 and self.headers.get("x-forwarded-proto") == "https"
        self.is_secure = scope["scheme"] == "wss" or proxy_says_secure

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol to accept: `bearer`, never the token beside it."""
        return BEARER if BEARER in self.subprotocols else None

    def credential(self) -> Credential | None:
        """What finds the client's session; None if its token comes in the first frame. Raises Closed."""
        if NAMES_OF_TOKENS & {name.lower() for name in self.query}:
            raise Closed(
                Closing.SIGNED_OUT,
                "Can't take a token from an address: it ends up in logs. Use a header, subprotocol or first frame.",
            )
        if self.token is not None:
            return partial(session_of_token, self.token)
        if self.subprotocol:
            return partial(session_of_token, next((offer for offer in self.subprotocols if offer != BEARER), ""))
        session_id = session_of_cookie(self.cookie)
        if session_id is None:
            return None
        # A browser sends its cookie from any page; only the Origin says which page it is (RFC 6455 §10.2).
        if not self._is_from_our_page():
            raise Closed(Closing.FOREIGN_PAGE)
        return partial(session_by_id, session_id)

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
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]
