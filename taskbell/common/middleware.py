"""What every request passes through before a door sees it."""

from collections.abc import Callable
from ipaddress import ip_address

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

Handler = Callable[[HttpRequest], HttpResponse]


class OptionalSlash:
    """Takes an API path with and without its final slash for the same, without a redirect that would lose the body."""

    def __init__(self, next_handler: Handler) -> None:
        self.next_handler = next_handler

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/api/") and not request.path_info.endswith("/"):
            request.path_info += "/"
        return self.next_handler(request)


class DatabaseAway:
    """Answers 503 with the seconds to wait while the database is away; the API says it in its own form."""

    def __init__(self, next_handler: Handler) -> None:
        self.next_handler = next_handler

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.next_handler(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return database_away(request) if isinstance(error, OperationalError | InterfaceError) else None


def database_away(request: HttpRequest) -> HttpResponse:
    """503, as a page for browsers and as a line for everybody else. Neither asks the database who is there."""
    headers = {"Retry-After": "5", "Cache-Control": "no-store"}
    if "text/html" in request.headers.get("Accept", ""):
        return HttpResponse(render_to_string("503.html"), status=503, headers=headers)
    return HttpResponse("The database is away. Please try again.", "text/plain", 503, headers=headers)


def client_address(request: HttpRequest, *, proxies: int) -> str:
    """The address of the client, taking the word of as many proxies as there are, and of no others."""
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    trusted = [*hops, request.META.get("REMOTE_ADDR", "")]
    return _without_port(str(trusted[-1 - min(proxies, len(trusted) - 1)]))[:64]


def _without_port(hop: str) -> str:
    """One spelling for each address: some proxies add a port, and a socket for IPv6 shows IPv4 as `::ffff:…`."""
    bare = hop[1:].partition("]")[0] if hop.startswith("[") else hop.partition(":")[0] if hop.count(":") == 1 else hop
    try:
        address = ip_address(bare)
    except ValueError:
        return hop
    return str(getattr(address, "ipv4_mapped", None) or address)
