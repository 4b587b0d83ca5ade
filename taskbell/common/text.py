"""Text from people: which characters we accept, and the canonical form for comparing."""

import re
import unicodedata
from email.errors import MessageError
from email.headerregistry import Address
from functools import lru_cache

import regex

# Databases disagree on control characters and lone surrogates; noncharacters (Unicode 15 §23.7) break XML, and so
# workbooks.
CONTROL = regex.compile(r"[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]")
UNPRINTABLE = regex.compile(rf"(?V1)[{CONTROL.pattern}--[\t\n\r]]")
LINE_BREAK = re.compile("[\n\x0b\x0c\r\x1c-\x1e\x85\u2028\u2029]")
# All spaces of Unicode, and the two that became format characters.
OUTER_SPACE = "".join(filter(str.isspace, map(chr, range(0x3001)))) + "\u200b\ufeff"
PLAIN_SPACES = {ord(char): " " for char in OUTER_SPACE if unicodedata.category(char) == "Zs"}
# Spaces, format characters, fillers and selectors, and two blanks that Unicode counts among the symbols and letters.
INVISIBLE = regex.compile(
    r"(?V1)[[\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800\U0001D159]--\p{Prepended_Concatenation_Mark}]*"
)

CURSIVE = "Arab Syrc Mong Nkoo Mand Phag Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Tibt Mymr Khmr Thai Laoo"
JOINED = "[" + "".join(rf"\p{{scx={script}}}" for script in CURSIVE.split()) + "]"
UNSPACED = r"[\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}\p{scx=Tibt}]"
RIGHT_TO_LEFT = r"[[\p{bc=R}\p{bc=AL}]&&\p{L}]"
# Format characters where writing needs them (Unicode 15 §23.2; UTS #51 §1.4 for emoji); all others are refused.
NEEDED = regex.compile(
    rf"""(?xV1)
    \p{{Prepended_Concatenation_Mark}}
    | (?<={JOINED}) [\u200c\u200d] (?={JOINED})
    | (?<={UNSPACED}) \u200b (?={UNSPACED})
    | (?<=\p{{scx=Mong}}) \u180e (?=\p{{scx=Mong}})
    | (?<=\p{{Extended_Pictographic}} [\ufe0f\p{{Emoji_Modifier}}]?) \u200d (?=\p{{Extended_Pictographic}})
    | (?<=\U0001f3f4) [\U000e0030-\U000e0039\U000e0061-\U000e007a]+ \U000e007f
    | [\u200e\u200f\u061c] (?=.*{RIGHT_TO_LEFT}) | (?<={RIGHT_TO_LEFT}.*) [\u200e\u200f\u061c]
    """
)
FORMAT = regex.compile(r"\p{Cf}")

# What one name may mix (UTS #39 §5.2, highly restrictive), and the scripts in use today (UAX #31, table 5).
TOGETHER = ("Latn Hani Hira Kana", "Latn Hani Bopo", "Latn Hani Hang")
IN_USE = (
    "Arab Armn Beng Cyrl Deva Ethi Geor Grek Gujr Guru Hebr Khmr Knda Laoo Mlym Mymr Orya Sinh Taml Telu Thaa Thai Tibt"
)
ONE_SCRIPT = regex.compile(
    "|".join(
        "[" + "".join(rf"\p{{scx={script}}}" for script in f"{scripts} Zyyy Zinh".split()) + "]*"
        for scripts in (*TOGETHER, *IN_USE.split())
    )
)


def is_invisible(text: str) -> bool:
    """True for text that shows nothing: empty, or made of spaces, joiners and fillers."""
    return INVISIBLE.fullmatch(text) is not None


def is_of_one_script(text: str) -> bool:
    """True for text without letters of another script that look like its own (UTS #39)."""
    return ONE_SCRIPT.fullmatch(text) is not None


def needless_format(text: str) -> str | None:
    """The first format character that the writing around it does not need, such as one that turns its direction."""
    found = FORMAT.search(NEEDED.sub("", text))
    return found and str(found[0])


def opaque(password: str) -> str:
    """The password as it is compared, however it was typed: NFC, with plain spaces (RFC 8265 §4.2.2)."""
    return unicodedata.normalize("NFC", password.translate(PLAIN_SPACES))


def forms_of(password: str) -> tuple[str, ...]:
    """The password as it is compared, then as older hashes may have it: as it was typed, or decomposed."""
    compared = opaque(password)
    return tuple(dict.fromkeys((compared, password, unicodedata.normalize("NFD", compared))))


def printable(text: str) -> str:
    """The text without unprintable characters, for text that programs send."""
    return UNPRINTABLE.sub("", text)


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
