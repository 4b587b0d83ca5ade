"""The person of a request: programs send an access token, browsers a cookie."""

from typing import Any, cast

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.request import Request

from taskbell.accounts.models import Session, User
from taskbell.accounts.queries import SessionLookup, session_of_token
from taskbell.activity.queries import EPOCH, POSITION, Checkpoint, current_checkpoint
from taskbell.common.clock import utc_now
from taskbell.common.errors import NotSignedIn
from taskbell.common.fair_reads import begin_read

# One query for the session and the position of the history: everything read after it is as of then, or later.
session_and_checkpoint = SessionLookup(checkpoint_epoch=EPOCH, checkpoint_position=POSITION)


def checkpoint_of(request: Request) -> Checkpoint:
    """The position of the history when the request was authenticated."""
    session: Any = session_of(request)
    if not hasattr(session, "checkpoint_position"):  # of a browser's cookie
        return current_checkpoint()
    return Checkpoint(session.checkpoint_epoch or "", session.checkpoint_position or 0)


def person_of(request: Request) -> User:
    """The person who sent the request. The view's permission has checked that there is one."""
    return cast(User, request.user)


def session_of(request: Request) -> Session:
    return cast(Session, request.auth)


class BearerToken(BaseAuthentication):
    """`Authorization: Bearer <access token>` (RFC 6750 §2.1)."""

    def authenticate(self, request: Request) -> tuple[User, Session] | None:
        scheme, _, token = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        try:
            session = session_of_token(token.strip().decode("ascii"), now=utc_now(), find=session_and_checkpoint)
        except UnicodeDecodeError as error:
            raise NotSignedIn("The access token is not valid or has expired.") from error
        session.user.session = session
        begin_read(session.user.pk, request)
        return session.user, session

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="taskbell"'


class BrowserCookie(SessionAuthentication):
    """The cookie of the web pages, with Django's CSRF protection."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        found = super().authenticate(request)
        if not found:
            return None
        begin_read(found[0].pk, request)
        return found[0], found[0].session


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The access token in the OpenAPI document."""

    target_class = BearerToken
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class CookieScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The cookie in the OpenAPI document."""

    target_class = BrowserCookie
    name = "cookie"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
