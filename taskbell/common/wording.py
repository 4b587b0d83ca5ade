"""Dates and long texts in words, for emails."""

import re
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

from django.utils.dateformat import format as date_format
from django.utils.formats import number_format
from django.utils.text import Truncator
from django.utils.translation import get_language, pgettext_lazy

# Translators: Django's letters for dates and times. A German date is "j. F Y".
DATE, DAY = pgettext_lazy("date in words", "j F Y"), pgettext_lazy("date in words", "l, j F Y")
DAY_AND_TIME = pgettext_lazy("date in words", "l, j F Y, H:i")
DAY_OF_THE_YEAR = pgettext_lazy("date in words", "l, j F")
TIME = pgettext_lazy("date in words", "H:i")


def in_words(day: date | time, form: Any) -> str:
    """The date, time or moment in one of these forms; a moment as the clocks of its zone show it."""
    # Aware moments of two zones are equal if they are one instant, so they can't be keys.
    plain = day.replace(tzinfo=None) if isinstance(day, datetime) else day
    return _in_words(plain, str(form), get_language())


# Ten thousand emails of one second have few days between them.
@lru_cache(maxsize=10_000)
def _in_words(day: date | time, form: str, _language: str) -> str:
    return date_format(day, form)


def grouped(number: int) -> str:
    """The number with its thousands set apart, as the language does it."""
    return number_format(number, force_grouping=True)


def beginning(text: str, *, most: int, lines: int) -> str:
    """The first lines of the text, cut after a word, with an ellipsis if something is left out."""
    first = "\n".join(text.split("\n")[:lines])[: most + 1]
    if len(first) > most:
        words = re.match(r".*\S(?=\s)", first, re.DOTALL)
        first = words[0] if words and len(words[0]) > most // 2 else first[: most - 1]
    first = first.rstrip()
    return first if first == text.rstrip() else f"{first}…"


def shortened(text: str, length: int) -> str:
    """The text, with an ellipsis at its end if it is longer."""
    return Truncator(text).chars(length) if len(text) > length else text
