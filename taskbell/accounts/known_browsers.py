"""The cookie that says who has signed in with a browser (OWASP's device cookie).

It signs nobody in: it only gives the browser attempts of its own, apart from those of strangers.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.core import signing

COOKIE = "taskbell_known"
LIFETIME = timedelta(days=365)
MAX_PEOPLE = 5  # who share one browser
SALT = "taskbell.accounts.known_browsers"


@dataclass(frozen=True)
class KnownBrowser:
    """A browser, and the ids of the people who have signed in with it, the last one first."""

    id: str
    people: tuple[int, ...]


def read_cookie(raw: str) -> KnownBrowser | None:
    """The browser that the cookie names; None for a cookie that is not ours or too old."""
    try:
        browser, people = signing.loads(raw, salt=SALT, max_age=LIFETIME)
    except (signing.BadSignature, ValueError):
        return None
    return KnownBrowser(browser, tuple(people))


def cookie_of(browser: KnownBrowser | None, *, person_id: int) -> str:
    """The cookie of a browser that the person has just signed in with."""
    others = [pk for pk in browser.people if pk != person_id] if browser else []
    people = [person_id, *others][:MAX_PEOPLE]
    return signing.dumps([browser.id if browser else secrets.token_hex(8), people], salt=SALT)
