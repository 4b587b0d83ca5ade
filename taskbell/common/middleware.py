"""Middleware that every request passes through before it reaches a door."""

from collections.abc import Callable
from ipaddress import ip_address

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

Handler = Callable[[HttpRequest], HttpResponse]


class OptionalSlash:
    """Accepts API paths without their trailing slash; a redirect would lose the request body."""

    def __init__(self, next_handler: Handler) -> None:
        self.next_handler = next_handler

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/api/") and not request.path_info.endswith("/"):
            request.path_info += "/"
        return self.next_handler(request)


class DatabaseAway:
    """Answers 503 with Retry-After while the database is unreachable. The API sends its own form of this error."""

    def __init__(self, next_handler: Handler) -> None:
        self.next_handler = next_handler

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.next_handler(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return database_away(request) if isinstance(error, OperationalError | InterfaceError) else None


def database_away(request: HttpRequest) -> HttpResponse:
    """503 as a page for browsers, and as plain text for other clients. Neither needs the database."""
    headers = {"Retry-After": "5", "Cache-Control": "no-store"}
    if "text/html" in request.headers.get("Accept", ""):
        return HttpResponse(render_to_string("503.html"), status=503, headers=headers)
    return HttpResponse(
        "Can't reach the database right now. Try again in a few seconds.", "text/plain", 503, headers=headers
    )


def client_address(request: HttpRequest, *, proxies: int) -> str:
    """The client's address, trusting as many entries of X-Forwarded-For as there are proxies."""
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    trusted = [*hops, request.META.get("REMOTE_ADDR", "")]
    return _without_port(str(trusted[-1 - min(proxies, len(trusted) - 1)]))[:64]


def _without_port(hop: str) -> str:
    """The canonical form of an address: some proxies add a port, and IPv6 sockets show IPv4 as `::ffff:…`."""
    bare = hop[1:].partition("]")[0] if hop.startswith("[") else hop.partition(":")[0] if hop.count(":") == 1 else hop
    try:
        address = ip_address(bare)
    except ValueError:
        return hop
    return str(getattr(address, "ipv4_mapped", None) or address)
