"""Signed links in emails: each lets its holder do one thing, and only that."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core import signing

SALT = "taskbell.notifications.links"
LIFETIME = timedelta(days=30)


@dataclass(frozen=True)
class LinkAction:
    """What a link does: `do`, by the person, about a task or a kind of email."""

    person_id: int
    do: str
    about: int | str


def link_for(action: LinkAction) -> str:
    """The address of a page with a button that does it."""
    token = signing.TimestampSigner(salt=SALT).sign(f"{action.person_id}.{action.do}.{action.about}")
    return f"{settings.URL}/mail/{token}/"


def read_link(token: str) -> LinkAction | None:
    """What a link does; None if it is not ours or has expired."""
    try:
        plain = signing.TimestampSigner(salt=SALT).unsign(token, max_age=LIFETIME)
        person_id, do, about = plain.split(".")
    except (signing.BadSignature, ValueError):
        return None
    return LinkAction(int(person_id), do, int(about) if about.isdigit() else about)
