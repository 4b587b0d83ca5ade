"""Signed links in mails: whoever has the mail may do this one thing with it, and only that."""

import hmac
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from hashlib import sha256

from django.conf import settings
from django.core import signing
from django.utils.encoding import force_bytes

SALT = "taskbell.notifications.links"
LIFETIME = timedelta(days=30)


@dataclass(frozen=True)
class LinkAction:
    """What the link is for: `do` by the person, about a task or a kind of mail."""

    person_id: int
    do: str
    about: int | str


class _Signer(signing.TimestampSigner):
    """Django's, which works out key and time for each word anew; ten thousand mails have forty thousand words."""

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


def mac(salt: str, secret: str | bytes, value: bytes) -> hmac.HMAC:
    """What Django's `salted_hmac` makes of it, by SHA-256, with the key worked out once.

    `hmac.digest` would let other threads go first at each word.
    """
    made = _keyed(salt, secret).copy()
    made.update(value)
    return made


@lru_cache
def _keyed(salt: str, secret: str | bytes) -> hmac.HMAC:
    return hmac.new(sha256(salt.encode() + force_bytes(secret)).digest(), digestmod="sha256")


@lru_cache
def _signer(key: str) -> signing.TimestampSigner:
    return _Signer(key=key, salt=SALT)


def link_for(deed: LinkAction) -> str:
    """The address that shows a page with a button; the button does it."""
    word = _signer(settings.SECRET_KEY).sign(f"{deed.person_id}.{deed.do}.{deed.about}")
    return f"{settings.URL}/mail/{word}/"


def read_link(word: str) -> LinkAction | None:
    """What a link stands for; None where it is not ours or too old."""
    try:
        plain = _signer(settings.SECRET_KEY).unsign(word, max_age=LIFETIME)
        person_id, do, about = plain.split(".")
    except (signing.BadSignature, ValueError):
        return None
    return LinkAction(int(person_id), do, int(about) if about.isdigit() else about)
