"""Addresses of mails, as programs take them."""

from email.errors import MessageError
from email.headerregistry import Address
from functools import lru_cache


@lru_cache(maxsize=10_000)
def in_ascii(address: str) -> str:
    """The address with its domain in ASCII, for headers and for SMTP.

    Raises ValueError for one that no mail can be addressed to: the standard takes more than programs do.
    """
    local, _, domain = address.rpartition("@")
    try:
        return Address(addr_spec=f"{local}@{domain.encode('idna').decode()}").addr_spec
    except MessageError as error:
        raise ValueError(str(error)) from error
