"""The sender of a request, read from its head."""

from asgiref.typing import HTTPScope
from django.urls import Resolver404, resolve

from taskbell.accounts.heads import RequestHead
from taskbell.accounts.middleware import session_of_cookie
from taskbell.accounts.models import User
from taskbell.accounts.queries import session_by_id, session_of_token
from taskbell.accounts.tokens import person_named_in
from taskbell.common.clock import utc_now
from taskbell.common.errors import NotSignedIn
from taskbell.common.networks import network_of


class Head(RequestHead):
    """The head of a request over HTTP."""

    def __init__(self, scope: HTTPScope) -> None:
        super().__init__(scope)
        self.path = scope["path"]

    def asker(self) -> str:
        """A name for the sender, without a query: a person, a browser's session, or else a network.

        The token or session was issued to this person, but may have expired.
        """
        token, cookie = self.token, self.cookie
        if token and (person := person_named_in(token)):
            return f"person {person}"
        if cookie and not token and (session := session_of_cookie(cookie)):
            return f"session {session.hex}"
        return network_of(self.address)

    def person(self) -> User | None:
        """The person who is signed in, by the rules of the API, in one query."""
        now = utc_now()
        try:
            if token := self.token:
                return session_of_token(token, now=now).user
            session_id = session_of_cookie(self.cookie) if self.cookie else None
            return session_by_id(session_id, now=now).user if session_id else None
        except NotSignedIn:
            return None

    def is_for_signed_in_people(self) -> bool:
        """True for paths of the API that answer 401 to everybody else."""
        try:
            view = resolve(f"{self.path.rstrip('/')}/").func
        except Resolver404:
            return False
        return bool(getattr(getattr(view, "cls", None), "permission_classes", ()))
