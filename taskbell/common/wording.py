"""Dates and long texts in words, for emails."""

from datetime import date, datetime, time
from functools import lru_cache

from django.utils.dateformat import format as date_format
from django.utils.text import Truncator


def in_words(day: date | time, form: str) -> str:
    """The date, time or moment in one of Django's date formats; a moment as the clocks of its zone show it."""
    # Aware moments of two zones are equal if they are one instant, so they can't be keys.
    return _in_words(day.replace(tzinfo=None) if isinstance(day, datetime) else day, form)


# Ten thousand emails of one second have few days between them.
@lru_cache(maxsize=10_000)
def _in_words(day: date | time, form: str) -> str:
    return date_format(day, form)


def shortened(text: str, length: int) -> str:
    """The text, with an ellipsis at its end if it is longer."""
    return Truncator(text).chars(length) if len(text) > length else text
