"""Counts attempts to sign in, so that strangers can neither guess a password nor lock its owner out.

Strangers share ten attempts a person, wherever they come from and whichever name they type. A browser or a network
that the person has signed in from has attempts of its own, which strangers can't use up (decision 0041).
"""

from datetime import datetime

from django.db.models import Count

from taskbell.accounts.known_browsers import KnownBrowser
from taskbell.accounts.models import Attempt, Session, User
from taskbell.accounts.throttle import QUARTER, SIGN_IN_PER_ADDRESS, Counted, Limit, count, forget
from taskbell.common.errors import TooMany
from taskbell.common.networks import network_of

STRANGERS = Limit("sign-in strangers", 10, QUARTER)
UNKNOWN_NAME = Limit("sign-in name", 10, QUARTER)
KNOWN_NETWORK = Limit("sign-in network", 10, QUARTER)
KNOWN_BROWSER = Limit("sign-in browser", 10, QUARTER)


def count_sign_in(
    identifier: str, person: User | None, *, address: str, browser: KnownBrowser | None, now: datetime
) -> list[Attempt]:
    """Counts one attempt to sign in. Raises TooMany, and then counts nothing.

    The network's limit comes first: while the network is blocked, its attempts count against nobody.
    """
    if person is not None and browser is not None and person.pk in browser.people:
        return count(KNOWN_BROWSER.of(f"{person.pk} {browser.id}"), now=now)
    by_network = count(*SIGN_IN_PER_ADDRESS.of_address(address), now=now)
    try:
        return by_network + count(_counter(identifier, person, network_of(address)), now=now)
    except TooMany:
        forget(by_network)
        raise


def _counter(identifier: str, person: User | None, network: str) -> Counted:
    """An unknown name takes the same queries as a known one."""
    pk = person.pk if person else 0
    is_known = network != "" and Session.objects.filter(user_id=pk, network=network).exists()
    if person is None:
        return UNKNOWN_NAME.of_text(identifier)
    return KNOWN_NETWORK.of(f"{pk} {network}") if is_known else STRANGERS.of(str(pk))


def forgive(person: User) -> None:
    """Forgets the attempts of strangers and of networks, once the person has proved who they are."""
    Attempt.objects.filter(scope=STRANGERS.scope, key=str(person.pk)).delete()
    Attempt.objects.filter(scope=KNOWN_NETWORK.scope, key__startswith=f"{person.pk} ").delete()


def people_under_attack(*, now: datetime) -> set[int]:
    """The people for whom strangers, or a network that they have used, have no attempts left."""
    recent = Attempt.objects.filter(scope__in=(STRANGERS.scope, KNOWN_NETWORK.scope), at__gt=now - QUARTER)
    full = recent.values("scope", "key").annotate(number=Count("pk")).filter(number__gte=STRANGERS.max_attempts)
    return {int(key.partition(" ")[0]) for key in full.values_list("key", flat=True)}
