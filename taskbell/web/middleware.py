"""The headers that make browsers careful (Content Security Policy Level 3, OWASP Secure Headers); pages' language."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils import translation

from taskbell.accounts.models import User
from taskbell.common.errors import Refusal

Handler = Callable[[HttpRequest], HttpResponse]
Policy = dict[str, str]

# 'self' covers the WebSocket of the same host as well (CSP3 §6.7.2.8).
STRICT: Policy = {
    "default-src": "'self'",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}

# Third-party pages, and the exceptions each one needs.
LOOSER: dict[str, Policy] = {
    # Swagger UI runs an inline script and sets style attributes.
    "/api/docs/": {"script-src": "'self' 'unsafe-inline'", "style-src": "'self' 'unsafe-inline'"},
    # ReDoc creates its style sheet at run time and searches in a worker loaded from a blob.
    "/api/redoc/": {"style-src": "'self' 'unsafe-inline'", "worker-src": "'self' blob:"},
}


def policy_for(path: str) -> str:
    """The policy for a page, as the value of the header."""
    policy = STRICT | LOOSER.get(path, {})
    return "; ".join(f"{directive} {sources}" for directive, sources in policy.items())


# On every answer, also on those that never reach Django.
CAREFUL: Mapping[str, str] = MappingProxyType(
    {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
)
BY_DEFAULT: Mapping[str, str] = MappingProxyType(
    {"Cache-Control": "no-store", "Content-Security-Policy": policy_for("")}  # unless the answer says otherwise
)
ON_EVERY_ANSWER = [(name.lower().encode(), value.encode()) for name, value in {**CAREFUL, **BY_DEFAULT}.items()]


# django-csp would take about as many lines here, and sixty microseconds of every answer.
class SecurityHeaders:
    """Sets the headers. An answer that doesn't say how it may be stored is not stored."""

    def __init__(self, next_handler: Handler) -> None:
        self.next_handler = next_handler

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.next_handler(request)
        for name, value in CAREFUL.items():
            response.headers[name] = value
        if request.path_info in LOOSER:
            response.headers["Content-Security-Policy"] = policy_for(request.path_info)
        for name, value in BY_DEFAULT.items():
            response.headers.setdefault(name, value)
        return response


class CompressedPages(GZipMiddleware):
    """Compresses pages. Django pads them by a random length, against guessing secrets by the size (BREACH)."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        is_page = response.get("Content-Type", "").startswith("text/html")
        return super().process_response(request, response) if is_page else response


class Language:
    """Pages speak the language of the person, or of a stranger's browser. The API speaks English to everybody."""

    def __init__(self, next_handler: Handler) -> None:
        self.next_handler = next_handler

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/api/"):
            return self.next_handler(request)
        with translation.override(language_for(request)):
            return self.next_handler(request)


def language_for(request: HttpRequest) -> str:
    """The language of the page. If the person can't be read now, the view will say so, in the browser's language."""
    try:
        person = request.user if request.user.is_authenticated else None
    except (OperationalError, InterfaceError, Refusal):
        person = None
    return person.profile.language if isinstance(person, User) else translation.get_language_from_request(request)
