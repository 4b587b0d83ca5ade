"""Whole answers, cached for as long as nothing changes.

The key contains the position of the history, read from the database before any row (docs/decisions/0021). A past
position is never asked for again, so no entry has to be deleted, and an unreachable or emptied cache is just a miss.
"""

import hashlib
from collections.abc import Callable
from functools import cached_property
from time import monotonic
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry
from rest_framework.request import Request

from taskbell.api.authentication import checkpoint_of, person_of
from taskbell.api.etags import HEADERS, digest, known_tags
from taskbell.api.wire import as_bytes
from taskbell.projects.audience import access_of

CACHE_SECONDS = 300
TIMEOUT_SECONDS = 0.2  # building an answer is faster than waiting longer for the cache
MAX_CACHED_BYTES = 512 * 1024
PAUSE_SECONDS = 10.0  # after a failure, so that an unreachable cache does not delay every request


class ResponseCache:
    """The cache, which is not asked for a while after a failure.

    Not Django's cache, which makes a client and a pickle for every answer.
    """

    def __init__(self) -> None:
        self._paused_until = 0.0

    def get(self, key: str) -> Any:
        """The cached body; None where there is none, or the cache does not answer."""
        return self._ask(lambda: self._cache.get(f"answer:{key}"))

    def put(self, key: str, body: bytes) -> None:
        """Caches the body, if possible."""
        if len(body) <= MAX_CACHED_BYTES:
            self._ask(lambda: self._cache.set(f"answer:{key}", body, ex=CACHE_SECONDS))

    @cached_property
    def _cache(self) -> Redis:
        return Redis.from_url(
            settings.REDIS_URL,
            socket_connect_timeout=TIMEOUT_SECONDS,
            socket_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), retries=1),  # on a new connection, in case the cache was restarted
        )

    def _ask(self, act: Callable[[], Any]) -> Any:
        if monotonic() < self._paused_until:
            return None
        try:
            return act()
        except (RedisError, OSError):
            self._paused_until = monotonic() + PAUSE_SECONDS
            return None


cache = ResponseCache()


def cached_response(request: Request, make: Callable[[], Any], *, also: str = "") -> HttpResponse:
    """The answer to this request: 304 where the client has it already, else from the cache, else from `make`.

    `also` is anything else that the answer depends on, such as the clock. The ETag has two parts: the key, which shows
    without any query that the client has the current answer, and a digest of the content, which may be the same as
    that of an older answer.
    """
    key = _key(request, also)
    known = known_tags(request)
    if current := next((tag for tag in known if tag.startswith(f'"{key}-')), None):
        return HttpResponse(status=304, headers=HEADERS | {"ETag": current})
    body = cache.get(key)
    if body is None:
        body = as_bytes(make())
        cache.put(key, body)
    content = digest(body)
    same = next((tag for tag in known if tag.endswith(f'-{content}"')), None)
    if same or "*" in known:
        return HttpResponse(status=304, headers=HEADERS | {"ETag": same or f'"{key}-{content}"'})
    return HttpResponse(body, content_type="application/json", headers=HEADERS | {"ETag": f'"{key}-{content}"'})


def _key(request: Request, also: str) -> str:
    """A hash of everything that the answer depends on: the person's access, the request, the history's position."""
    person = person_of(request)
    parts = (
        access_of(person),
        person.role,
        person.profile.timezone,
        request.build_absolute_uri(),
        also,
        *checkpoint_of(request),
    )
    return hashlib.sha256(repr(parts).encode(errors="replace")).hexdigest()[:32]
