"""Rate limits, counted in the database so that all processes share them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

from django.db.models import Count, Min, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from taskbell.accounts.models import Attempt
from taskbell.common.errors import TooMany
from taskbell.common.networks import networks_of
from taskbell.common.text import folded


@dataclass(frozen=True)
class Limit:
    """At most `max_attempts` within a sliding window."""

    scope: str
    max_attempts: int
    within: timedelta

    def of(self, key: str) -> "Counted":
        """The counter of a key, such as a person's id or a network."""
        return Counted(self, key)

    def of_text(self, text: str) -> "Counted":
        """The counter of a text that people type; only its hash is stored."""
        return Counted(self, hashlib.sha256(folded(text).encode(errors="replace")).hexdigest())

    def of_address(self, address: str) -> "list[Counted]":
        """The counters of a client's network and of those around it, which may try twice and four times as often.

        Addresses that can't be read share one counter.
        """
        return [
            Counted(replace(self, max_attempts=self.max_attempts * 2**step), network)
            for step, network in enumerate(networks_of(address) or ("unknown",))
        ]


@dataclass(frozen=True)
class Counted:
    """A counter: a limit, and the key of the attempts that it counts together."""

    limit: Limit
    key: str


def count(*counted: Counted, now: datetime) -> list[Attempt]:
    """Counts one attempt against each limit. Raises TooMany, with the seconds to wait, and then counts none.

    The attempts are written before they are checked, so that concurrent attempts see each other. Where a limit has
    been reached, nothing is written.
    """
    _check(counted, now=now, more=1)
    attempts = Attempt.objects.bulk_create(Attempt(scope=one.limit.scope, key=one.key, at=now) for one in counted)
    try:
        _check(counted, now=now)
    except TooMany:
        forget(attempts)
        raise
    return attempts


def _check(counted: Sequence[Counted], *, now: datetime, more: int = 0) -> None:
    """Raises TooMany if `more` attempts would exceed a limit. One query, however many limits."""
    limits = {(one.limit.scope, one.key): one.limit for one in counted}
    recent = Q()
    for (scope, key), limit in limits.items():
        recent |= Q(scope=scope, key=key, at__gt=now - limit.within)
    found = Attempt.objects.filter(recent).values_list("scope", "key").annotate(Count("pk"), Min("at"))
    waits = [
        first + limits[scope, key].within - now
        for scope, key, number, first in found
        if number + more > limits[scope, key].max_attempts
    ]
    if waits:
        wait = int(max(waits).total_seconds()) + 1
        raise TooMany(_try_again(wait), retry_after=wait)


def _try_again(seconds: int) -> str:
    if seconds < 120:
        again = ngettext(
            "Too many attempts. Try again in %(n)d second.", "Too many attempts. Try again in %(n)d seconds.", seconds
        )
        return again % {"n": seconds}
    return _("Too many attempts. Try again in %(n)d minutes.") % {"n": ceil(seconds / 60)}


def forget(attempts: Sequence[Attempt]) -> None:
    """Takes these attempts back."""
    Attempt.objects.filter(pk__in=[attempt.pk for attempt in attempts]).delete()


QUARTER, HOUR, DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)
SIGN_IN_PER_ADDRESS = Limit("sign-in address", 100, QUARTER)
CURRENT_PASSWORD = Limit("current password", 10, QUARTER)
REGISTER_PER_ADDRESS = Limit("register address", 100, HOUR)
RESET_PER_ACCOUNT = Limit("reset account", 5, HOUR)
RESET_PER_ADDRESS = Limit("reset address", 50, HOUR)
CONFIRM_PER_ACCOUNT = Limit("confirm account", 5, HOUR)
CONFIRM_PER_ADDRESS = Limit("confirm address", 5, HOUR)
RESET_PER_ACCOUNT_A_DAY = Limit("reset account day", 10, DAY)
CONFIRM_PER_ADDRESS_A_DAY = Limit("confirm address day", 10, DAY)
INVITE_PER_ADDRESS = Limit("invite address", 3, DAY)
INVITE_PER_PERSON = Limit("invite person", 100, HOUR)
LONGEST_WINDOW = DAY


def invitation(email: str, *, by: int) -> list[Counted]:
    """The counters of invitations: those to this address, and those of this person."""
    return [INVITE_PER_ADDRESS.of_text(email), INVITE_PER_PERSON.of(str(by))]


def confirmation_to(email: str) -> list[Counted]:
    """The counters of emails about accounts to this address."""
    return [CONFIRM_PER_ADDRESS.of_text(email), CONFIRM_PER_ADDRESS_A_DAY.of_text(email)]
