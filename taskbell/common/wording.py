"""Dates and long texts in words, for emails."""

from datetime import date
from functools import lru_cache

from django.utils.dateformat import format as date_format
from django.utils.text import Truncator


# Ten thousand emails of one second have few days between them.
@lru_cache(maxsize=10_000)
def in_words(day: date, form: str) -> str:
    """The date or moment in one of Django's date formats."""
    return date_format(day, form)


def shortened(text: str, length: int) -> str:
    """The text, with an ellipsis at its end if it is longer."""
    return Truncator(text).chars(length) if len(text) > length else text
