"""Stands in for pages that are being built; it goes before this lands."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from taskbell.web.shell import AppRequest


def page(request: HttpRequest, **more: Any) -> HttpResponse:
    """A frame with nothing in it."""
    return AppRequest(request).page(
        "app/placeholder.html", {"here": request.resolver_match and request.resolver_match.url_name}
    )
