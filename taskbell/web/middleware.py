"""What the browser may load and run on our pages (Content Security Policy Level 3)."""

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

# Pages of other makers, and what each cannot do without.
LOOSER: dict[str, Policy] = {
    # Swagger UI starts from an inline script and sets style attributes.
    "/api/docs/": {"script-src": "'self' 'unsafe-inline'", "style-src": "'self' 'unsafe-inline'"},
    # ReDoc writes its style sheet at run time and searches in a worker made from a blob.
    "/api/redoc/": {"style-src": "'self' 'unsafe-inline'", "worker-src": "'self' blob:"},
}


class ContentSecurityPolicy:
    """Tells the browser to take scripts, styles and pictures from this server alone."""

    def __init__(self, next_handler: Handler) -> None:
        self.next_handler = next_handler

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.next_handler(request)
        response.headers.setdefault("Content-Security-Policy", policy_for(request.path_info))
        return response


def policy_for(path: str) -> str:
    """The policy of a page, as the header wants it."""
    policy = STRICT | LOOSER.get(path, {})
    return "; ".join(f"{directive} {sources}" for directive, sources in policy.items())
