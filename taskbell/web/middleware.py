"""What browsers may load and run on our pages (Content Security Policy Level 3)."""

from collections.abc import Callable

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
    # Swagger UI runs an inline script and sets style attributes.
    "/api/docs/": {"script-src": "'self' 'unsafe-inline'", "style-src": "'self' 'unsafe-inline'"},
    # ReDoc creates its style sheet at run time and searches in a worker loaded from a blob.
    "/api/redoc/": {"style-src": "'self' 'unsafe-inline'", "worker-src": "'self' blob:"},
}


# django-csp would take about as many lines here, and sixty microseconds of every answer.
class ContentSecurityPolicy:
    """Tells the browser to load scripts, styles and images from this server only."""

    def __init__(self, next_handler: Handler) -> None:
        self.next_handler = next_handler

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.next_handler(request)
        # Swagger UI opens its page to other windows for OAuth, which we don't have; Django then sets its own policy.
        response.headers.pop("Cross-Origin-Opener-Policy", None)
        response.headers.setdefault("Content-Security-Policy", policy_for(request.path_info))
        return response


def policy_for(path: str) -> str:
    """The policy for a page, as the value of the header."""
    policy = STRICT | LOOSER.get(path, {})
    return "; ".join(f"{directive} {sources}" for directive, sources in policy.items())
