"""What a setting must be, in the language of the terminal, for the errors of Pydantic."""

import re
from typing import Any

from pydantic import ValidationError

from taskbell.config.language import gettext as _
from taskbell.config.language import gettext_noop

SENTENCES = {
    "int_parsing": gettext_noop("must be a whole number."),
    "greater_than_equal": gettext_noop("must be at least %(ge)s."),
    "less_than_equal": gettext_noop("must be at most %(le)s."),
    "literal_error": gettext_noop("must be one of %(expected)s."),
    "bool_parsing": gettext_noop("must be true or false."),
    "string_too_short": gettext_noop("must have at least %(min_length)s characters."),
    "too_short": gettext_noop("must have at least %(min_length)s characters."),
    "string_pattern_mismatch": gettext_noop("must start with a letter, and have only letters, digits and hyphens."),
}


def sentence_of(error: ValidationError) -> str:
    """The first mistake, with the name of its setting."""
    first: Any = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    values = first.get("ctx", {})
    if "expected" in values:
        values = {"expected": ", ".join(re.findall("'([^']*)'", values["expected"]))}
    known = SENTENCES.get(first["type"])
    message = _(known) % values if known else str(first["msg"]).removeprefix("Value error, ")
    return f"{name}: {message}" if name else message
