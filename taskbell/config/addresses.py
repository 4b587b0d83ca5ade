"""Addresses among the settings, checked."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

from taskbell.config.language import gettext as _


def web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(_("must be a web address such as https://tasks.example.org."))
    return url.rstrip("/")


def _of_the_form(example: str, *schemes: str) -> AfterValidator:
    """Refuses other addresses, without repeating the password in them."""

    def check(url: SecretStr) -> SecretStr:
        try:
            parts = urlsplit(url.get_secret_value())
            fits = parts.scheme in schemes and parts.port != 0
        except ValueError:
            fits = False
        if not fits:
            raise ValueError(_("must have the form %(example)s.") % {"example": example})
        return url

    return AfterValidator(check)


DatabaseAddress = Annotated[
    SecretStr, _of_the_form("postgres://user:password@host/name", "postgres", "postgresql", "sqlite")
]
BrokerAddress = Annotated[SecretStr, _of_the_form("redis://host:6379/0", "redis", "rediss", "unix")]
