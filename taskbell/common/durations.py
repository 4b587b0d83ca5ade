"""Durations as people write them (ISO 8601): days of the calendar, and exact time.

A day or a week keeps the wall time across clock changes; hours, minutes and seconds are exact (RFC 5545 §3.3.6).
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from taskbell.common.clock import as_instant, wall_time

MAX_CHARACTERS = 50
UNITS = ("week", "day", "hour", "minute", "second")
NUMBER = r"(\d{1,8}(?:[.,]\d{1,9})?)"
FORM = re.compile(f"P(?:{NUMBER}W)?(?:{NUMBER}D)?(?:T(?=.)(?:{NUMBER}H)?(?:{NUMBER}M)?(?:{NUMBER}S)?)?", re.ASCII)
WITH_MONTHS = re.compile(r"P(?:[\d.,]++[WD])*+[\d.,]++[YM]", re.ASCII)


@dataclass(frozen=True)
class Duration:
    """Whole days by the calendar, then exact time. Durations that mean the same are equal, however written."""

    days: int = 0
    exact: timedelta = timedelta()
    text: str = field(default="PT0S", compare=False)

    def __str__(self) -> str:
        return self.text

    @property
    def total(self) -> timedelta:
        """The length if every day has 24 hours, to check limits."""
        return timedelta(days=self.days) + self.exact

    @property
    def words(self) -> str:
        """In the units it was written in, such as "1 week"; empty if it is zero."""
        amounts = zip(_amounts(self.text), UNITS, strict=True)
        return " ".join(_in_words(amount, unit) for amount, unit in amounts if amount)

    def before(self, wall: datetime, zone: str) -> datetime:
        """The instant this long before the local wall time: days first, at the same wall time, then the exact part."""
        return as_instant(wall - timedelta(days=self.days), zone) - self.exact

    def after(self, now: datetime, zone: str) -> datetime:
        """The instant this long after `now`: days first, at the same wall time in the zone, then the exact part."""
        begin = wall_time(now, zone) + timedelta(days=self.days) if self.days else now
        return as_instant(begin, zone) + self.exact


@lru_cache(maxsize=1024)
def parse_duration(text: str) -> Duration:
    """The duration. Raises ValueError, with a message for people, if it can't be read."""
    text = text[: MAX_CHARACTERS + 1]
    text = text.upper() if text.isascii() else text
    if text.startswith(("-", "+")):
        raise ValueError(_("Must be zero or more, without a sign."))
    if WITH_MONTHS.match(text):
        raise ValueError(
            _("Must be in weeks, days, hours, minutes or seconds, because years and months vary in length.")
        )
    if len(text) > MAX_CHARACTERS or text == "P" or not FORM.fullmatch(text):
        raise ValueError(_("Must be a duration such as P1D or PT24H."))
    weeks, days, *exact = _amounts(text)
    if "W" in text and text[-1] != "W":
        raise ValueError(_("Must be in weeks alone or in days: P17D, not P2W3D."))
    if not (weeks.is_integer() and days.is_integer()):
        raise ValueError(_("Must be in whole weeks and days. Use hours for parts of a day."))
    hours, minutes, seconds = exact
    return Duration(int(7 * weeks + days), timedelta(hours=hours, minutes=minutes, seconds=seconds), text)


def _in_words(amount: float, unit: str) -> str:
    number = int(amount) if amount == int(amount) else 2  # a part, such as half an hour, takes the plural
    words = {
        "week": ngettext("%(n)s week", "%(n)s weeks", number),
        "day": ngettext("%(n)s day", "%(n)s days", number),
        "hour": ngettext("%(n)s hour", "%(n)s hours", number),
        "minute": ngettext("%(n)s minute", "%(n)s minutes", number),
        "second": ngettext("%(n)s second", "%(n)s seconds", number),
    }
    return words[unit] % {"n": f"{amount:.15g}"}


def _amounts(text: str) -> list[float]:
    """The number of each unit, in the order of UNITS."""
    match = FORM.fullmatch(text)
    assert match is not None  # noqa: S101 - the text is checked before
    return [float((number or "0").replace(",", ".")) for number in match.groups()]
