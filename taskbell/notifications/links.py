"""Signed links in emails: each lets its holder do one thing, and only that."""

import time
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from django.conf import settings
from django.core import signing
from django.utils.encoding import force_bytes

from taskbell.common.macs import mac

SALT = "taskbell.notifications.links"
LIFETIME = timedelta(days=30)


@dataclass(frozen=True)
class LinkAction:
    """What a link does: `do`, by the person, about a task or a kind of email."""

    person_id: int
    do: str
    about: int | str


class _Signer(signing.TimestampSigner):
    """Django's, without computing key and time for each token: ten thousand emails have forty thousand tokens."""

    def timestamp(self) -> str:
        return _in_base_62(int(time.time()))

    def sign(self, value: str) -> str:
        dated = f"{value}{self.sep}{self.timestamp()}"
        return f"{dated}{self.sep}{self.signature(dated)}"

    def signature(self, value: str | bytes, key: str | bytes | None = None) -> str:
        digest = mac(f"{SALT}signer", key or self.key, force_bytes(value)).digest()
        return signing.b64_encode(digest).decode()


@lru_cache(maxsize=2)
def _in_base_62(second: int) -> str:
    return signing.b62_encode(second)


@lru_cache
def _signer(key: str) -> signing.TimestampSigner:
    return _Signer(key=key, salt=SALT)


def link_for(action: LinkAction) -> str:
    """The address of a page with a button that does it."""
    token = _signer(settings.SECRET_KEY).sign(f"{action.person_id}.{action.do}.{action.about}")
    return f"{settings.URL}/mail/{token}/"


def read_link(token: str) -> LinkAction | None:
    """What a link does; None if it is not ours or has expired."""
    try:
        plain = _signer(settings.SECRET_KEY).unsign(token, max_age=LIFETIME)
        person_id, do, about = plain.split(".")
    except (signing.BadSignature, ValueError):
        return None
    return LinkAction(int(person_id), do, int(about) if about.isdigit() else about)
