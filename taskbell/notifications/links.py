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
class Deed:
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
        digest = hmac.digest(derived_key(f"{SALT}signer", key or self.key), force_bytes(value), "sha256")
        return signing.b64_encode(digest).decode()


@lru_cache(maxsize=2)
def _in_base_62(second: int) -> str:
    return signing.b62_encode(second)


@lru_cache
def derived_key(salt: str, secret: str | bytes) -> bytes:
    """The key that Django makes of a secret for one purpose."""
    return sha256(salt.encode() + force_bytes(secret)).digest()


@lru_cache
def _signer(key: str) -> signing.TimestampSigner:
    return _Signer(key=key, salt=SALT)


def link_for(deed: Deed) -> str:
    """The address that shows a page with a button; the button does it."""
    word = _signer(settings.SECRET_KEY).sign(f"{deed.person_id}.{deed.do}.{deed.about}")
    return f"{settings.URL}/mail/{word}/"


def deed_of(word: str) -> Deed | None:
    """What a link stands for; None where it is not ours or too old."""
    try:
        plain = _signer(settings.SECRET_KEY).unsign(word, max_age=LIFETIME)
        person_id, do, about = plain.split(".")
    except (signing.BadSignature, ValueError):
        return None
    return Deed(int(person_id), do, int(about) if about.isdigit() else about)
