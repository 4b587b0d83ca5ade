"""Middleware that every request passes through before it reaches a door."""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from taskbell.common.deadline import database_refusal, deadline
from taskbell.common.errors import Busy, TooMany
from taskbell.common.fair_reads import begin_read, end_read

Handler = Callable[[HttpRequest], HttpResponse]


class Middleware:
    """A middleware that calls the next one itself."""

    def __init__(self, next_handler: Handler) -> None:
        self.next_handler = next_handler


class OptionalSlash(Middleware):
    """Accepts API paths without their trailing slash; a redirect would lose the request body."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/api/") and not request.path_info.endswith("/"):
            request.path_info += "/"
        return self.next_handler(request)


class Deadline(Middleware):
    """Stops a request after some seconds, and gives back the place of a read."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            with deadline():
                return self.next_handler(request)
        finally:
            end_read(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        """The admin's reads take places as those of the API do (api/authentication.py)."""
        if not request.path_info.startswith("/admin/"):
            return None
        try:
            begin_read(request.user.pk or 0, request)
        except TooMany as refusal:
            return unavailable(request, refusal)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answers 503 with Retry-After while the database is away or too slow. The API has its own form of this."""
        match error:
            case OperationalError() | InterfaceError():
                return unavailable(request, database_refusal(error))
            case TooMany() | Busy():
                return unavailable(request, error)
            case _:
                return None


def unavailable(request: HttpRequest, refusal: Busy | TooMany) -> HttpResponse:
    """The refusal as a page for browsers, and as plain text for other clients. Neither needs the database."""
    headers = {"Retry-After": str(refusal.retry_after), "Cache-Control": "no-store"}
    if "text/html" in request.headers.get("Accept", ""):
        page = render_to_string("503.html", {"refusal": refusal})
        return HttpResponse(page, status=refusal.status, headers=headers)
    return HttpResponse(refusal.detail, "text/plain", refusal.status, headers=headers)


def client_address(request: HttpRequest) -> str:
    """The client's address, trusting as many entries of X-Forwarded-For as there are proxies."""
    return address_behind(request.META.get("HTTP_X_FORWARDED_FOR", ""), request.META.get("REMOTE_ADDR", ""))


def address_behind(forwarded_for: str, remote: str) -> str:
    """The same, from the header and the address of the other end of the connection."""
    trusted = [*(hop.strip() for hop in forwarded_for.split(",") if hop.strip()), remote]
    return _without_port(trusted[-1 - min(settings.TASKBELL_PROXIES, len(trusted) - 1)])[:64]


def _without_port(hop: str) -> str:
    """The canonical form of an address: some proxies add a port, and IPv6 sockets show IPv4 as `::ffff:…`."""
    bare = hop[1:].partition("]")[0] if hop.startswith("[") else hop.partition(":")[0] if hop.count(":") == 1 else hop
    try:
        address = ip_address(bare)
    except ValueError:
        return hop
    return str(getattr(address, "ipv4_mapped", None) or address)
