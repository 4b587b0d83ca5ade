"""Rate limits, counted in the database so that all processes share them."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from taskbell.accounts.models import Attempt
from taskbell.common.errors import TooMany
from taskbell.common.text import folded


@dataclass(frozen=True)
class Limit:
    """At most `max_attempts` within a sliding window."""

    scope: str
    max_attempts: int
    within: timedelta

    def count(self, key: str, *, now: datetime) -> Attempt:
        """Counts one attempt. Raises TooMany, with the seconds to wait, if it exceeds the limit.

        The attempt is written before it is checked, so that concurrent attempts see each other.
        """
        digest = hashlib.sha256(folded(key).encode(errors="replace")).hexdigest()
        attempt = Attempt.objects.create(scope=self.scope, key=digest, at=now)
        recent = Attempt.objects.filter(scope=self.scope, key=digest, at__gt=now - self.within)
        times = list(recent.order_by("at").values_list("at", flat=True)[: self.max_attempts + 1])
        if len(times) > self.max_attempts:
            attempt.delete()
            wait = int((times[0] + self.within - now).total_seconds()) + 1
            raise TooMany(f"Too many attempts. Try again in {wait} seconds.", retry_after=wait)
        return attempt


SIGN_IN_PER_ACCOUNT = Limit("sign-in account", 10, timedelta(minutes=15))
SIGN_IN_PER_ADDRESS = Limit("sign-in address", 100, timedelta(minutes=15))
REGISTER_PER_ADDRESS = Limit("register address", 100, timedelta(hours=1))
RESET_PER_ACCOUNT = Limit("reset account", 5, timedelta(hours=1))
RESET_PER_ADDRESS = Limit("reset address", 50, timedelta(hours=1))
LONGEST_WINDOW = timedelta(hours=1)


@contextmanager
def only_failures_count(*attempts: Attempt) -> Iterator[None]:
    """Deletes the attempts if the block succeeds."""
    yield
    Attempt.objects.filter(pk__in=[attempt.pk for attempt in attempts]).delete()
