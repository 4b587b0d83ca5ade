"""Text from people: which characters we accept, and the canonical form for comparing."""

import re
import unicodedata
from email.errors import MessageError
from email.headerregistry import Address
from functools import lru_cache
from itertools import chain

from taskbell.common.errors import invalid

# NUL, lone surrogates, and control characters except line breaks and tabs: databases disagree on them.
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

SELECTORS = ((0x180B, 0x1810), (0xFE00, 0xFE10), (0xE0100, 0xE01F0))
# Characters without a shape, beside spaces and those of a format: fillers, blanks and selectors of a variant.
SHAPELESS = frozenset(
    chain("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0", *(map(chr, range(*ends)) for ends in SELECTORS))
)


def is_invisible(text: str) -> bool:
    """True for text that shows nothing: empty, or made of spaces, joiners and fillers."""
    return all(unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Zs") or char in SHAPELESS for char in text)


def printable(text: str) -> str:
    """The text without unprintable characters, for text that programs send."""
    return UNPRINTABLE.sub("", text)


def refuse_unprintable(text: str, *, field: str) -> None:
    """Raises Invalid if the text has unprintable characters."""
    if UNPRINTABLE.search(text):
        raise invalid(field, "unprintable", "Must not contain control characters.")


def folded(text: str) -> str:
    """The form for comparing names and addresses: NFKC, case-folded, without surrounding whitespace."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text.strip()).casefold())


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
