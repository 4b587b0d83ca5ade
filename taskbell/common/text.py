"""Text from people: what we take, and the one form we compare it in."""

import re
import unicodedata

from taskbell.common.errors import invalid

# NUL, lone surrogates and control characters but line breaks and tabs: databases disagree on them.
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def printable(text: str) -> str:
    """The text without what `refuse_unprintable` refuses, for what programs say of themselves."""
    return UNPRINTABLE.sub("", text)


def refuse_unprintable(text: str, *, field: str) -> None:
    """Raises Invalid for text that is not printable."""
    if UNPRINTABLE.search(text):
        raise invalid(field, "unprintable", "Control characters are not allowed here.")


def folded(text: str) -> str:
    """The form in which names and addresses are compared: NFKC, without case and outer space."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text.strip()).casefold())
