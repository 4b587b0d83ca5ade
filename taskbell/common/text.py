"""Text from people: what we take, and the one form we compare it in."""

import unicodedata

from taskbell.common.errors import invalid

ALLOWED_CONTROLS = frozenset("\n\r\t")


def refuse_unprintable(text: str, *, field: str) -> None:
    """Raises Invalid for NUL, lone surrogates and control characters: databases disagree on them."""
    if any(unicodedata.category(char) in ("Cc", "Cs") and char not in ALLOWED_CONTROLS for char in text):
        raise invalid(field, "unprintable", "Control characters are not allowed here.")


def folded(text: str) -> str:
    """The form in which names and addresses are compared: NFKC, without case and outer space."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text.strip()).casefold())
