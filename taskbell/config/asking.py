"""The sender of a request, read from its head."""

from asgiref.typing import HTTPScope
from django.conf import settings
from django.urls import Resolver404, resolve

from taskbell.accounts.middleware import session_of_cookie
from taskbell.accounts.models import User
from taskbell.accounts.queries import living_session, session_of_token
from taskbell.accounts.tokens import person_named_in
from taskbell.common.clock import utc_now
from taskbell.common.cookies import cookies_of
from taskbell.common.errors import NotSignedIn
from taskbell.common.middleware import address_behind
from taskbell.common.networks import network_of

BEARER = "bearer"


class Head:
    """The head of a request."""

    def __init__(self, scope: HTTPScope) -> None:
        self.headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        self.method, self.path = scope["method"], scope["path"]
        self.client = scope["client"]

    @property
    def token(self) -> str:
        """The bearer token, or an empty text."""
        scheme, _, token = self.headers.get(b"authorization", "").partition(" ")
        return token.strip() if scheme.lower() == BEARER else ""

    @property
    def cookie(self) -> str:
        """The session cookie, or an empty text."""
        return cookies_of(self.headers.get(b"cookie", "")).get(settings.SESSION_COOKIE_NAME, "")

    def asker(self) -> str:
        """A name for the sender, without a query: a person, a browser's session, or else a network.

        The token or session was issued to this person, but may have expired.
        """
        token, cookie = self.token, self.cookie
        if token and (person := person_named_in(token)):
            return f"person {person}"
        if cookie and not token and (session := session_of_cookie(cookie)):
            return f"session {session.hex}"
        forwarded, remote = self.headers.get(b"x-forwarded-for", ""), self.client[0] if self.client else ""
        return network_of(address_behind(forwarded, remote))

    def person(self) -> User | None:
        """The person who is signed in, by the rules of the API, in one query."""
        now = utc_now()
        try:
            if token := self.token:
                return session_of_token(token, now=now).user
            session_id = session_of_cookie(self.cookie) if self.cookie else None
            session = living_session(session_id, now=now) if session_id else None
        except NotSignedIn:
            return None
        return session.user if session else None

    def is_for_signed_in_people(self) -> bool:
        """True for paths of the API that answer 401 to everybody else."""
        try:
            view = resolve(f"{self.path.rstrip('/')}/").func
        except Resolver404:
            return False
        return bool(getattr(getattr(view, "cls", None), "permission_classes", ()))
