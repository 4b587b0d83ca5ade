"""Whole answers, kept in the cache for as long as nothing changes.

The key names the moment of the history, read from the database before any row (docs/decisions/0021). A moment that is
over is never asked for again, so nothing has to be thrown away, and a cache that is away or has forgotten is a miss.
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
from taskbell.tasks.audience import access_of

KEEP_SECONDS = 300
# A slow cache gives answers later than they are made.
PATIENCE_SECONDS = 0.2
LARGEST = 512 * 1024
PAUSE_SECONDS = 10.0  # after a failure, so that a cache that is away does not hold up every request


class ResponseCache:
    """The cache, which is left alone for a while when it has failed.

    Not Django's, which makes a client and a pickle for every answer.
    """

    def __init__(self) -> None:
        self.rests_until = 0.0

    def get(self, key: str) -> Any:
        """What is kept under the key; None if there is nothing, or the cache does not answer."""
        return self._ask(lambda: self._cache.get(f"answer:{key}"))

    def put(self, key: str, body: bytes) -> None:
        """Keeps it, if the cache can."""
        if len(body) <= LARGEST:
            self._ask(lambda: self._cache.set(f"answer:{key}", body, ex=KEEP_SECONDS))

    @cached_property
    def _cache(self) -> Redis:
        return Redis.from_url(
            settings.REDIS_URL,
            socket_connect_timeout=PATIENCE_SECONDS,
            socket_timeout=PATIENCE_SECONDS,
            retry=Retry(NoBackoff(), retries=1),  # on a new connection: the cache may have been started anew
        )

    def _ask(self, act: Callable[[], Any]) -> Any:
        if monotonic() < self.rests_until:
            return None
        try:
            return act()
        except (RedisError, OSError):
            self.rests_until = monotonic() + PAUSE_SECONDS
            return None


kept = ResponseCache()


def cached_response(request: Request, make: Callable[[], Any], *, also: str = "") -> HttpResponse:
    """The answer to this person at this moment: 304 where the client has it, from the cache, or made.

    `also` is what else it depends on, as the clock. The ETag has two parts: for which moment, and of what content. By
    the first a client that has the answer of now is told so without looking; by the second one that has the same
    content from earlier.
    """
    key = _key(request, also)
    known = known_tags(request)
    if current := next((tag for tag in known if tag.startswith(f'"{key}-')), None):
        return HttpResponse(status=304, headers=HEADERS | {"ETag": current})
    body = kept.get(key)
    if body is None:
        body = as_bytes(make())
        kept.put(key, body)
    content = digest(body)
    same = next((tag for tag in known if tag.endswith(f'-{content}"')), None)
    if same or "*" in known:
        return HttpResponse(status=304, headers=HEADERS | {"ETag": same or f'"{key}-{content}"'})
    return HttpResponse(body, content_type="application/json", headers=HEADERS | {"ETag": f'"{key}-{content}"'})


def _key(request: Request, also: str) -> str:
    """Who asks what, and when: all that the answer can depend on."""
    person = person_of(request)
    said = (
        access_of(person),
        person.role,
        person.profile.timezone,
        request.build_absolute_uri(),
        also,
        *checkpoint_of(request),
    )
    return hashlib.sha256(repr(said).encode(errors="replace")).hexdigest()[:32]
