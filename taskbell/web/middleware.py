"""The headers that make browsers careful (Content Security Policy Level 3, OWASP Secure Headers)."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from django.conf import settings
from django.http import HttpRequest, HttpResponse

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
    # Swagger UI sets style attributes.
    "/api/docs/": {"style-src": "'self' 'unsafe-inline'"},
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
