"""Reminders: `~30m`, `~9:00`, `remind me 1 week before`, `erinnere mich um 17:30`."""

import re
from datetime import date, time
from functools import partial

from taskbell.common.durations import parse_duration
from taskbell.quick_add.moments import Moment
from taskbell.quick_add.phrases import END, Phrase
from taskbell.quick_add.reading import TypedReminder
from taskbell.quick_add.times import CLOCK, read_clock
from taskbell.quick_add.words import NUMBERS, SPANS, number, one_of
from taskbell.reminders.schedule import MAX_BEFORE_DUE

REMIND_ME = r"(?:(?:please )?remind me|erinner[e]? mich)"
SPAN = rf"(?:(?P<count>\d{{1,5}}|{one_of(NUMBERS)}) ?|the |am )(?P<unit>{one_of(SPANS)})"
BEFORE = r"(?:before|earlier|beforehand|in advance|vorher|davor|zuvor|im voraus)"


def _read_span(match: re.Match[str], _: Moment) -> TypedReminder | None:
    duration = parse_duration(SPANS[match["unit"]].format(number(match["count"] or "1")))
    return TypedReminder(before=duration) if duration.total <= MAX_BEFORE_DUE else None


def _read_clock(match: re.Match[str], _: Moment, *, is_bare: bool = False) -> TypedReminder | None:
    at = read_clock(match, is_bare=is_bare)
    return TypedReminder(at=at) if at is not None else None


PHRASES = (
    Phrase(re.compile(rf"~{SPAN}{END}"), _read_span),
    Phrase(re.compile(rf"~{CLOCK}{END}"), _read_clock),
    Phrase(re.compile(rf"{REMIND_ME} {SPAN} {BEFORE}{END}"), _read_span),
    Phrase(re.compile(rf"{REMIND_ME} (?:at|um) {CLOCK}{END}"), partial(_read_clock, is_bare=True)),
)


def value_of(reminder: TypedReminder) -> str:
    """The duration, or the wall time (ISO 8601)."""
    return str(reminder.before) if reminder.before else written(reminder.day, reminder.at)


def written(day: date | None, at: time | None) -> str:
    """A day, perhaps with a time (ISO 8601)."""
    return f"{day or ''}{f'T{at:%H:%M}' if at is not None else ''}"
