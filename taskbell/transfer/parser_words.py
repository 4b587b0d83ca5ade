"""What Python's readers of JSON and CSV say about a broken file, as texts to translate."""

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

KNOWN = (
    gettext_noop("expecting value"),
    gettext_noop("expecting property name enclosed in double quotes"),
    gettext_noop("expecting ',' delimiter"),
    gettext_noop("expecting ':' delimiter"),
    gettext_noop("unterminated string starting at"),
    gettext_noop("invalid control character at"),
    gettext_noop("invalid \\escape"),
    gettext_noop("invalid \\uXXXX escape"),
    gettext_noop("unexpected end of data"),
)
EXPECTED = re.compile(r"'(.)' expected after '(.)'")


def parser_words(said: object) -> str:
    """The message of the parser in the reader's language; an unknown one as it is."""
    text = str(said)
    if match := EXPECTED.fullmatch(text):
        return _("“%(one)s” expected after “%(other)s”") % {"one": match[1], "other": match[2]}
    text = f"{text[:1].lower()}{text[1:]}".split(": ")[0]
    return _(text) if text in KNOWN else str(said)
