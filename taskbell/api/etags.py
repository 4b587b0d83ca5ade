"""ETags: an answer that the client already has is not sent again, and a change can name the version it is for."""

import hashlib
import re
from typing import Any

from django.http import HttpResponse
from django.utils.http import parse_etags
from rest_framework.request import Request

from taskbell.api.wire import as_bytes
from taskbell.common.errors import invalid
from taskbell.payloads.tasks import WITHOUT_VERSION, TaskOut
from taskbell.tasks.versions import StaleVersion

# No browser keeps personal data on its disk. A program that keeps an answer itself can still ask by its ETag.
HEADERS = {"Cache-Control": "private, no-cache, no-store", "Vary": "Authorization, Cookie"}
MAX_HEADER_CHARACTERS = 8192
TAG = re.compile(r'"?([0-9]{1,9})(?:-[0-9a-f]{12})?"?')  # of a task
# Proxies that compress an answer change its tag: they make it weak (RFC 9110 §8.8.3) or, like Apache, add a suffix.
BY_PROXY = re.compile(r'^W/|-(?:gzip|br|zstd)(?="$)')


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]


def known_tags(request: Request) -> set[str]:
    """The ETags of the answers that the client has; * stands for any."""
    return {BY_PROXY.sub("", tag) for tag in parse_etags(_header(request, "If-None-Match"))}


def _header(request: Request, name: str, default: str = "") -> str:
    """The header. Raises Invalid for one that takes long to read."""
    header = request.headers.get(name, default)
    if len(header) > MAX_HEADER_CHARACTERS:
        raise invalid(name, "too_long", f"Must have at most {MAX_HEADER_CHARACTERS:,} characters.")
    return header


def etag_response(request: Request, data: Any, etag: str = "") -> HttpResponse:
    """The data with an ETag, or 304 where the client has exactly that (RFC 9110 §13.1.2)."""
    body = as_bytes(data)
    etag = etag or f'"{digest(body)}"'
    headers = HEADERS | {"ETag": etag}
    if not known_tags(request).isdisjoint({etag, "*"}):
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(body, content_type="application/json", headers=headers)


def tag_of(task: TaskOut) -> str:
    """The tag of a task: its version, then a hash of the parts that can change without a new version, if it has any."""
    return versioned_tag(task["version"], [task[name] for name in WITHOUT_VERSION])  # type: ignore[literal-required]


def versioned_tag(version: int, more: list[Any]) -> str:
    """The version, then a hash of what can change without a new one, if there is any of it."""
    return f'"{version}-{digest(as_bytes(more))[:12]}"' if any(more) else f'"{version}"'


def expected_versions(request: Request, current: int, *, of: str = "task") -> set[int] | None:
    """The versions that `If-Match` asks for (RFC 9110 §13.1.1); None if any will do.

    Raises Invalid if it names none, and StaleVersion if `If-None-Match` has the current one (§13.1.2).
    """
    if "*" in (tags := known_tags(request)) or current in _versions_in(",".join(tags)):
        raise StaleVersion(f"The {of} exists in version {current}, which If-None-Match rules out.")
    header = _header(request, "If-Match", "*").strip()
    if header == "*":
        return None
    versions = _versions_in(header)
    if not versions:
        raise invalid("If-Match", "invalid", f'Must be the ETag of the {of}, such as "5", or several.')
    return versions


def _versions_in(header: str) -> set[int]:
    found = (TAG.fullmatch(BY_PROXY.sub("", tag.strip())) for tag in header.split(","))
    return {int(tag[1]) for tag in found if tag}
