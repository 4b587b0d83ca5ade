"""Text from people: what we take, and the one form we compare it in."""

import unicodedata

from taskbell.common.errors import invalid

ALLOWED_CONTROLS = frozenset("\n\r\t")


def is_unprintable(char: str) -> bool:
    """True for NUL, lone surrogates and control characters: databases disagree on them."""
    return unicodedata.category(char) in ("Cc", "Cs") and char not in ALLOWED_CONTROLS


def printable(text: str) -> str:
    """The text without what `refuse_unprintable` refuses, for what programs say of themselves."""
    return "".join(char for char in text if not is_unprintable(char))


def refuse_unprintable(text: str, *, field: str) -> None:
    """Raises Invalid for text that is not printable."""
    if any(map(is_unprintable, text)):
        raise invalid(field, "unprintable", "Control characters are not allowed here.")


def folded(text: str) -> str:
    """The form in which names and addresses are compared: NFKC, without case and outer space."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text.strip()).casefold())
