"""Text for searching and sorting, without the differences that readers overlook (docs/decisions/0032).

No library does this for both databases: only PostgreSQL has ICU's collations, and the Unicode Collation Algorithm in
Python takes hundreds of times as long.
"""

import re
import unicodedata
from collections.abc import Callable, Collection
from typing import Any

import regex
from django.db.models import Model, TextField

MAX_KEY_BYTES = 1000  # an index of PostgreSQL takes rows of up to 2,700 bytes
MAX_KNOWN_CHARACTERS = 10_000
# Letters of the Latin script that have no decomposition, by the end of their Unicode name.
WITH_STROKE = re.compile(r"LATIN SMALL LETTER (?:DOTLESS )?([A-Z])(?: WITH .+)?")
UNDECOMPOSED = {"æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ŋ": "n", "ĸ": "k", "й": "й"}
LOOKALIKES = {
    **dict.fromkeys("‘’‚‛ʹʻʼ′", "'"),
    **dict.fromkeys("“”„‟«»″", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
}
WITHOUT_SHAPE = regex.compile(r"[\p{Cf}\p{Default_Ignorable_Code_Point}]")
NUMBER = re.compile(r"\d+")
SPACE, PUNCTUATION, SYMBOL, LEVEL = "\x02", "\x03", "\x04", "\x01"


class _Characters(dict[int, str]):
    """For `str.translate`: the outcome for each character, computed once."""

    def __init__(self, compute: Callable[[str], str]) -> None:
        super().__init__()
        self.compute = compute

    def __missing__(self, code: int) -> str:
        found = self.compute(chr(code))
        if len(self) < MAX_KNOWN_CHARACTERS:
            self[code] = found
        return found


def _folded(char: str) -> str:
    """The character without case, accents and joiners."""
    if char in LOOKALIKES:
        return LOOKALIKES[char]
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    folded = char.casefold()
    if folded in UNDECOMPOSED:
        return UNDECOMPOSED[folded]
    parts = unicodedata.normalize("NFKD", folded)
    return unicodedata.normalize("NFC", "".join(map(_base, parts)))


def _base(char: str) -> str:
    """The letter without its stroke; nothing for an accent or a character without a shape."""
    if char.isascii():
        return char
    if _is_accent(char) or WITHOUT_SHAPE.match(char):
        return ""
    plain = WITH_STROKE.fullmatch(unicodedata.name(char, ""))
    return plain[1].lower() if plain else UNDECOMPOSED.get(char, char)


def _is_accent(char: str) -> bool:
    """True for marks above, below and through letters, and for the points of Hebrew and Arabic.

    Not for marks that make another letter, such as the voicing of Kana or the vowels of Indic scripts.
    """
    place = unicodedata.combining(char)
    return place >= 200 or place == 1 or 10 <= place <= 36


def _ordered(char: str) -> str:
    """Spaces before punctuation, before symbols, before digits and letters, as in the Unicode Collation Algorithm."""
    kind = unicodedata.category(char)[0]
    return SPACE if kind in "ZC" else {"P": PUNCTUATION, "S": SYMBOL}.get(kind, "") + char


FOLDED, ORDERED = _Characters(_folded), _Characters(_ordered)


def fold(text: str) -> str:
    """The text to search in and for: without case, accents, and differences of Unicode forms."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).translate(FOLDED)


def sort_key(text: str) -> str:
    """A text whose bytes sort as people sort: by letters and the values of numbers; equals by accent, then by case."""
    plain = fold(text)
    first = NUMBER.sub(_by_value, plain).translate(ORDERED)
    accents = "" if text.isascii() else unicodedata.normalize("NFD", text.casefold())
    capitals = "".join("1" if char.isupper() else "0" for char in text).rstrip("0")
    key = LEVEL.join((first, "" if accents == plain else accents, capitals)).rstrip(LEVEL)
    return key if len(key) * 4 <= MAX_KEY_BYTES else key.encode()[:MAX_KEY_BYTES].decode(errors="ignore")


def _by_value(number: re.Match[str]) -> str:
    """The digits after their count, so that 2 comes before 10. A 9 says that the count goes on."""
    digits = number[0].lstrip("0") or "0"
    nines, rest = divmod(len(digits), 9)
    return f"{'9' * nines}{rest}{digits}"


class FoldedField(TextField):  # type: ignore[type-arg]
    """The folded text of other fields of the row, set whenever it is saved."""

    derive = staticmethod(fold)

    def __init__(self, *sources: str, **options: Any) -> None:
        self.sources = sources
        super().__init__(editable=options.pop("editable", False), default=options.pop("default", ""), **options)

    def deconstruct(self) -> Any:
        name, path, _, options = super().deconstruct()
        return name, path, self.sources, options

    def pre_save(self, model_instance: Any, add: bool) -> str:
        texts = (getattr(model_instance, name) for name in self.sources)
        value = self.derive(" ".join(filter(None, texts)))
        setattr(model_instance, self.attname, value)
        return value


class SortKeyField(FoldedField):
    """The sort key of other fields of the row, set whenever it is saved. Compared bytewise on every database."""

    derive = staticmethod(sort_key)

    def db_parameters(self, connection: Any) -> Any:
        return super().db_parameters(connection) | ({"collation": "C"} if connection.vendor == "postgresql" else {})


def derived_from(row: Model, names: Collection[str]) -> list[str]:
    """The fields that change with these fields of the row, for `update_fields`."""
    fields = (field for field in row._meta.concrete_fields if isinstance(field, FoldedField))
    return [field.attname for field in fields if not set(names).isdisjoint(field.sources)]
