"""Email addresses in the form that programs accept."""

from email.errors import MessageError
from email.headerregistry import Address
from functools import lru_cache


@lru_cache(maxsize=10_000)
def in_ascii(address: str) -> str:
    """The address with its domain in ASCII, for headers and SMTP.

    Raises ValueError for an address that Python's email package can't use; the standard allows more than it does.
    """
    local, _, domain = address.rpartition("@")
    try:
        return Address(addr_spec=f"{local}@{domain.encode('idna').decode()}").addr_spec
    except MessageError as error:
        raise ValueError(str(error)) from error
