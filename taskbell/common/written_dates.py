"""Dates and times as people write them in cells: `31.12.2026`, `12/31/2026`, `31 Dec 2026`, `9:00 AM`.

Nothing is guessed: a value that can be read in two ways is refused with both readings.
"""

import re
from calendar import day_name, month_name
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.common.values import BadValue

DAY_FIRST, MONTH_FIRST = gettext_noop("day/month/year"), gettext_noop("month/day/year")
STYLES = (
    *(DAY_FIRST, MONTH_FIRST, gettext_noop("day.month.year"), gettext_noop("year/month/day")),
    *(gettext_noop("year.month.day"), gettext_noop("hours with AM and PM")),
)
MONTH_NAMES = [name.lower() for name in month_name if name]
WEEKDAY_NAMES = [name.lower() for name in day_name]
NUMBERS = re.compile(r"(\d{1,4})([./-])\s?(\d{1,2})\2\s?(\d{1,4})\.?", re.ASCII)
DAY_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)?[ -]?([a-z]+)\.?[ ,-]{0,2}(\d{4})", re.ASCII)
MONTH_DAY = re.compile(r"([a-z]+)\.? ?(\d{1,2})(?:st|nd|rd|th)?[ ,]{1,2}(\d{4})", re.ASCII)
WEEKDAY = re.compile(r"([a-z]{3,9})\.?,? (?=.*\d)", re.ASCII)
TIME_24 = re.compile(r"([01]?\d|2[0-3])[:.](\d\d)(?:[:.](\d\d))?(?: ?(?:h|uhr))?", re.ASCII)
TIME_12 = re.compile(r"(0?[1-9]|1[0-2])(?:[:.](\d\d)(?:[:.](\d\d))?)? ?([ap])\.?m\.?", re.ASCII)
BEFORE_TIME = re.compile(r"(?<=\d)(?:t|,? at |, ?| )(?=\d|noon|midnight)", re.ASCII)
BEGINS_TIME = re.compile(r"[T ]\d\d:", re.ASCII | re.IGNORECASE)
OFFSET = re.compile(r"(?:Z|[+-]\d\d:?\d\d)$", re.ASCII | re.IGNORECASE)
SERIAL = re.compile(r"[3-9]\d{4}(?:\.\d+)?", re.ASCII)  # days since 1899-12-30, from 1982 to 2173
MAX_CHARACTERS = 200
SERIAL_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - a day of no zone


class NotADate(BadValue):
    """The text is in no style that we know."""


@dataclass(frozen=True)
class Written:
    """A date, perhaps with a time, and its style: empty for ISO 8601 and for months by name."""

    day: date
    at: time | None = None
    style: str = ""


def read_written_date(text: str, *, order: str = "") -> Written:
    """A date, perhaps with a time. `order` says what `03/04/2026` means. Raises BadValue."""
    text = words_of(text)
    if found := _read_day(text, order):
        return found
    if split := BEFORE_TIME.search(text):
        found, clock = _read_day(text[: split.start()], order), _read_clock(text[split.end() :])
        if found and clock:
            return Written(found.day, clock[0], " ".join(filter(None, (found.style, clock[1]))))
    if SERIAL.fullmatch(text):
        meant = SERIAL_ZERO + timedelta(days=int(float(text)))
        raise BadValue(
            _("Must be a date such as 2027-03-31. In a spreadsheet, %(text)s is %(meant)s.")
            % {"text": text, "meant": meant.date()}
        )
    raise NotADate(_("Must be a date such as 2027-03-31."))


def read_written_time(text: str) -> tuple[time, str]:
    """A wall time and its style. Raises BadValue."""
    found = _read_clock(words_of(text))
    if found is None:
        raise BadValue(_("Must be a time such as 09:30, without an offset."))
    return found


def style_in_words(style: str) -> str:
    """The style of a date with its time, in the language that is active."""
    for one in STYLES:
        style = style.replace(one, _(one))
    return style


def has_offset(text: str) -> bool:
    """True for a date and time that is an instant, such as 2027-03-31T09:00:00Z."""
    begin, end = BEGINS_TIME.search(text), OFFSET.search(text)
    return begin is not None and end is not None and begin.end() <= end.start()


def words_of(text: str) -> str:
    """The words in lower case, with one space between them. Raises BadValue."""
    if len(text) > MAX_CHARACTERS:
        raise NotADate(_("Must have at most %(most)s characters.") % {"most": MAX_CHARACTERS}, "max_length")
    return " ".join(text.lower().split())


def month_number(name: str) -> int | None:
    """The number of the month with this English name, or with its first letters."""
    full = [number for number, month in enumerate(MONTH_NAMES, start=1) if len(name) > 2 and month.startswith(name)]
    return full[0] if len(full) == 1 else 9 if name == "sept" else None


def weekday_number(name: str) -> int | None:
    """The number of the weekday with this English name, or with its first letters; Monday is 0."""
    name = {"tues": "tue", "thur": "thu", "thurs": "thu", "weds": "wed"}.get(name, name)
    full = [number for number, day in enumerate(WEEKDAY_NAMES) if name in (day, day[:3])]
    return full[0] if full else None


def _read_day(text: str, order: str) -> Written | None:
    """The date. Raises BadValue for one that can be read in two ways, or that doesn't exist."""
    weekday = None
    if (named := WEEKDAY.match(text)) and (weekday := weekday_number(named[1])) is not None:
        text = text[named.end() :]
    found = _read_numbers(text, order) or _read_names(text)
    if found and weekday is not None and found.day.weekday() != weekday:
        raise BadValue(
            _("Must have the right weekday: %(day)s is a %(weekday)s.")
            % {"day": found.day, "weekday": _(WEEKDAY_NAMES[found.day.weekday()].title())}
        )
    return found


def _read_numbers(text: str, order: str) -> Written | None:
    match = NUMBERS.fullmatch(text)
    if match is None:
        return None
    first, separator, second, third = match[1], match[2], int(match[3]), match[4]
    if len(first) == 4 and len(third) <= 2:
        style = "" if separator == "-" else f"year{separator}month{separator}day"
        return Written(_day(int(first), second, int(third)), style=style)
    if len(third) != 4 or len(first) > 2:
        raise BadValue(_("Must have a year of four digits, such as 2027-03-31."))
    if separator == ".":
        return Written(_day(int(third), second, int(first)), style="day.month.year")
    return _read_slashes(int(first), second, int(third), order)


def _read_slashes(first: int, second: int, year: int, order: str) -> Written:
    readings = dict(_readings(first, second, year))
    if order:
        if order not in readings:
            raise BadValue(_("Must be a date that exists, written as %(order)s.") % {"order": _(order)})
        return Written(readings[order], style=order)
    if len(set(readings.values())) > 1:
        day_first, month_first = readings[DAY_FIRST], readings[MONTH_FIRST]
        raise BadValue(
            _("Can mean %(first)s or %(second)s. Write one of these, or say whether the day comes first.")
            % {"first": day_first, "second": month_first},
            "ambiguous",
        )
    if not readings:
        raise BadValue(_("Must be a date that exists, such as 2027-03-31."))
    style = "" if len(readings) > 1 else next(iter(readings))
    return Written(next(iter(readings.values())), style=style)


def _readings(first: int, second: int, year: int) -> Iterator[tuple[str, date]]:
    for order, month, day in ((DAY_FIRST, second, first), (MONTH_FIRST, first, second)):
        try:
            yield order, date(year, month, day)
        except ValueError:
            continue


def _read_names(text: str) -> Written | None:
    if match := DAY_MONTH.fullmatch(text):
        day, name, year = match.groups()
    elif match := MONTH_DAY.fullmatch(text):
        name, day, year = match.groups()
    else:
        return None
    month = month_number(name)
    return None if month is None else Written(_day(int(year), month, int(day)))


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise BadValue(_("Must be a date that exists, such as 2027-03-31.")) from error


def _read_clock(text: str) -> tuple[time, str] | None:
    if text in ("noon", "midnight"):
        return time(12 if text == "noon" else 0), ""
    if match := TIME_12.fullmatch(text):
        hour, minute, second, half = match.groups()
        hours = int(hour) % 12 + (12 if half == "p" else 0)
        return _time(hours, minute, second, "hours with AM and PM")
    if match := TIME_24.fullmatch(text):
        hour, minute, second = match.groups()
        return _time(int(hour), minute, second, "")
    return None


def _time(hours: int, minute: str | None, second: str | None, style: str) -> tuple[time, str]:
    try:
        return time(hours, int(minute or 0), int(second or 0)), style
    except ValueError as error:
        raise BadValue(_("Must be a time such as 09:30.")) from error
