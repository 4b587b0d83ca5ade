"""Text from people: which characters we accept, and the canonical form for comparing."""

import re
import unicodedata

from taskbell.common.errors import invalid

# NUL, lone surrogates, and control characters except line breaks and tabs: databases disagree on them.
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


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
