"""The head of a request, read before Django sees the request."""

from typing import Any

from django.conf import settings

from taskbell.common.cookies import cookies_of
from taskbell.common.middleware import address_behind

BEARER = "bearer"


class RequestHead:
    """The credentials and the address in the head of a request."""

    def __init__(self, scope: Any) -> None:
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        self._remote = (scope.get("client") or ("",))[0]

    @property
    def token(self) -> str | None:
        """The bearer token, if there is one."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == BEARER else None

    @property
    def cookie(self) -> str:
        """The session cookie, or an empty text."""
        return cookies_of(self.headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME, "")

    @property
    def address(self) -> str:
        """The client's address, also behind proxies."""
        return address_behind(self.headers.get("x-forwarded-for", ""), self._remote)
