"""Dates: `24.12.`, `24 Dec 2027`, `2027-12-24`. 12/24 is not read, because it can mean two days."""

import re
from collections.abc import Iterable
from datetime import date

from taskbell.common.clock import day_of
from taskbell.quick_add.calendar_words import MONTHS
from taskbell.quick_add.moments import Moment
from taskbell.quick_add.words import one_of

MONTH = one_of(MONTHS)
# A date with its parts; `year` is left out for the next such day.
DATE = (
    rf"(?:(?P<iso>\d{{4}}-\d\d?-\d\d?)"
    rf"|(?P<day>\d{{1,2}})\. ?(?P<month>\d{{1,2}})\.(?P<year> ?\d{{4}}|\d\d)?"
    rf"|(?P<day_before>\d{{1,2}})(?:st|nd|rd|th|\.)?(?: of)? ?(?P<name>{MONTH})\b\.?(?:,? (?P<year_after>\d{{4}}))?"
    rf"|(?P<name_before>{MONTH})\.? (?:the )?(?P<day_after>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<last_year>\d{{4}}))?)"
)
YEARS_AHEAD = 8  # in which every day of a year comes, even 29 February


def read_date(match: re.Match[str], moment: Moment) -> date | None:
    """The date; without a year, the next such day. A year of two digits must not have ended."""
    if match["iso"]:
        year, month, day = map(int, match["iso"].split("-"))
        return day_of(year, month, day)
    written = (match["year"] or "").strip() or match["year_after"] or match["last_year"]
    month, day = month_and_day(match)
    if written and len(written) == 2:  # 1.2.24 is a version
        return next_of([day_of(2000 + int(written), month, day)], moment)
    if written:
        return day_of(int(written), month, day)
    return next_of((day_of(moment.today.year + years, month, day) for years in range(YEARS_AHEAD + 1)), moment)


def next_of(days: Iterable[date | None], moment: Moment) -> date | None:
    """The first of these days that is not over."""
    return next((day for day in days if day is not None and day >= moment.today), None)


def month_and_day(match: re.Match[str]) -> tuple[int, int]:
    """The month and the day of a DATE that is not `iso`."""
    name = match["name"] or match["name_before"]
    day = match["day"] or match["day_before"] or match["day_after"]
    return MONTHS[name] if name else int(match["month"]), int(day)
