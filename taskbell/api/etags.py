"""ETags: an answer that the client has already is not sent again."""

import hashlib
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from taskbell.api.wire import as_bytes

HEADERS = {"Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}


def digest(body: bytes) -> str:
    """A hash of the body."""
    return hashlib.sha256(body).hexdigest()[:32]


def known_tags(request: Request) -> set[str]:
    """The ETags of the answers that the client has; * stands for any."""
    return {tag.strip().removeprefix("W/") for tag in request.headers.get("If-None-Match", "").split(",")}


def etag_response(request: Request, data: Any) -> HttpResponse:
    """The data with an ETag, or 304 where the client has exactly that (RFC 9110 §13.1.2)."""
    body = as_bytes(data)
    etag = f'"{digest(body)}"'
    headers = HEADERS | {"ETag": etag}
    if not known_tags(request).isdisjoint({etag, "*"}):
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(body, content_type="application/json", headers=headers)
