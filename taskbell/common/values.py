"""Values read from what people and programs send, once for every door.

Each reader returns a typed value, or raises BadValue with a sentence such as "Must be a date such as 2027-03-31."
The bounds are explicit, so that every database and calendar accepts what was read.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from django.utils.dateparse import parse_date, parse_datetime, parse_time
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.common.clock import EARLIEST, LATEST, time_zones
from taskbell.common.durations import Duration, parse_duration
from taskbell.common.errors import FieldError, invalid
from taskbell.common.recurrence import parse_rule
from taskbell.common.text import CONTROL, LINE_BREAK, OUTER_SPACE, UNPRINTABLE, is_invisible, needless_format
from taskbell.common.wording import grouped

T = TypeVar("T")
MAX_ID = 2**63 - 1
UNPRINTABLE_SENTENCE = gettext_noop("Must not contain control characters or bytes that are not UTF-8.")
MAX_DIGITS = 20  # of a number: Python refuses to read very long ones
# Python's own readers skip a NUL and accept digits of other scripts.
TIME_CHARACTERS = frozenset("0123456789:.")
DATE_CHARACTERS = frozenset("0123456789-W")
DATETIME_CHARACTERS = TIME_CHARACTERS | DATE_CHARACTERS | frozenset("+ TtZz")


class BadValue(ValueError):
    """A value that cannot be read or breaks a rule. `code` names the reason for programs."""

    def __init__(self, message: str, code: str = "invalid") -> None:
        super().__init__(message)
        self.code = code


def read_field(name: str, read: Callable[[Any], T], value: Any) -> T:
    """What the reader makes of a field's value. Raises Invalid naming the field."""
    try:
        return read(value)
    except BadValue as error:
        raise invalid(name, error.code, str(error)) from error


def read_fields(
    values: Mapping[str, Any], readers: Mapping[str, Callable[[Any], Any]]
) -> tuple[dict[str, Any], dict[str, FieldError]]:
    """What the readers make of each field's value, and what is wrong with which. A field without a reader is wrong."""
    found, errors = dict(values), dict[str, FieldError]()
    for name, value in values.items():
        try:
            found[name] = readers.get(name, _refuse)(value)
        except BadValue as error:
            errors[name] = FieldError(name, error.code, str(error))
    return found, errors


def _refuse(_value: object) -> None:
    raise BadValue(_("Unknown field."), "unknown")


def read_text(value: object, *, most: int) -> str:
    """Text of people, which may have several lines and may be empty: without outer space, its lines ended by \\n."""
    text = _as_text(value).strip().replace("\r\n", "\n").replace("\r", "\n")
    _check_length(text, most)
    if not text.isprintable() and UNPRINTABLE.search(text):
        raise BadValue(_(UNPRINTABLE_SENTENCE), "unprintable")
    return text


def read_line(value: object, *, most: int, blank: bool = False) -> str:
    """One line of people's text, such as a title or a name, without outer space.

    It shows something, unless it may be `blank`, and has no characters that hide or reorder others. Composed and
    decomposed letters stay as they were typed: comparing, searching and sorting treat them alike.
    """
    line = _as_text(value).strip(OUTER_SPACE)
    _check_length(line, most)  # first, because the rest takes long for millions of characters
    if is_invisible(line):
        line = ""
    if not line and not blank:
        raise BadValue(_("Must not be empty."), "blank")
    if not line.isprintable():
        _check_characters(line)
    return line


def _as_text(value: object) -> str:
    if not isinstance(value, str):
        raise BadValue(_("Must be text."))
    return value


def _check_length(text: str, most: int) -> None:
    if len(text) > most:
        raise BadValue(_("Must have at most %(most)s characters.") % {"most": grouped(most)}, "max_length")


def _check_characters(line: str) -> None:
    if LINE_BREAK.search(line):
        raise BadValue(_("Must be one line. Remove the line breaks."), "line_break")
    if CONTROL.search(line):
        raise BadValue(_(UNPRINTABLE_SENTENCE), "unprintable")
    if found := needless_format(line):
        raise BadValue(
            _("Must not contain the invisible character U+%(found)s. Remove it.") % {"found": f"{ord(found):04X}"},
            "invisible",
        )


def read_date(value: object) -> date:
    """A date from 1970 to 2999 (ISO 8601)."""
    day = _parsed(parse_date, value, DATE_CHARACTERS)
    if day is None:
        raise BadValue(_("Must be a date such as 2027-03-31."))
    return in_bounds(day)


def _parsed(parse: Callable[[str], T | None], value: object, characters: frozenset[str]) -> T | None:
    """What Django makes of a text of these characters."""
    try:
        return parse(value) if isinstance(value, str) and characters.issuperset(value) else None
    except ValueError:
        return None


def in_bounds(day: object) -> date:
    """The date. Raises BadValue for anything else, and for a date that not every database and calendar knows."""
    if not isinstance(day, date) or isinstance(day, datetime):
        raise BadValue(_("Must be a date."))
    if not EARLIEST <= day <= LATEST:
        raise BadValue(
            _("Must be between %(earliest)s and %(latest)s.") % {"earliest": EARLIEST, "latest": LATEST}, "out_of_range"
        )
    return day


def read_time(value: object) -> time:
    """A wall time. An offset is refused: the time zone is a value of its own."""
    at = _parsed(parse_time, value, TIME_CHARACTERS)
    if at is None:
        raise BadValue(_("Must be a time such as 09:30, without an offset."))
    return at


def read_datetime(value: object) -> datetime:
    """A date and time from 1970 to 2999. Without an offset it stays without, for the caller's zone to decide."""
    at = _parsed(parse_datetime, value, DATETIME_CHARACTERS)
    if at is None:
        raise BadValue(_("Must be a date and time such as 2027-03-31T09:00:00Z."))
    in_bounds(at.date())
    return at


def read_moment(value: object) -> datetime:
    """The same for something that happens at a time of day: a date alone, which would mean midnight, is refused."""
    if isinstance(value, str) and _parsed(parse_date, value.strip(), DATE_CHARACTERS) is not None:
        raise BadValue(_("Must have a time as well, such as 2027-03-31T09:00."), "needs_time")
    return read_datetime(value)


def read_duration(value: object, *, longest: timedelta) -> Duration:
    """A duration from zero to `longest` (ISO 8601): days by the calendar, hours exact."""
    try:
        duration = parse_duration(value if isinstance(value, str) else "")
    except ValueError as error:
        raise BadValue(str(error), "duration") from error
    if duration.total > longest:
        raise BadValue(_("Must be a duration up to %(days)s days.") % {"days": longest.days}, "duration")
    return duration


def read_number(value: object, *, least: int = 1, most: int) -> int:
    """A whole number in these bounds; text of plain digits counts."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < MAX_DIGITS:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadValue(_("Must be a whole number."))
    if value < least:
        raise BadValue(_("Must be at least %(least)s.") % {"least": least}, "min_value")
    if value > most:
        raise BadValue(_("Must be at most %(most)s.") % {"most": most}, "max_value")
    return value


def read_id(value: object) -> int:
    return read_number(value, most=MAX_ID)


def read_boolean(value: object) -> bool:
    """True or false; the text "true", "false", "1" or "0" counts, in any case."""
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or value.lower() not in ("true", "false", "1", "0"):
        raise BadValue(_("Must be true or false."))
    return value.lower() in ("true", "1")


def read_choice(value: object, choices: Collection[str]) -> str:
    if not isinstance(value, str) or value not in choices:
        raise BadValue(_("Must be one of %(choices)s.") % {"choices": ", ".join(choices)}, "invalid_choice")
    return value


def read_choices(text: str, choices: Collection[str]) -> list[str]:
    """Some of these names, separated by commas."""
    names = [name.strip() for name in text.split(",")]
    if not set(names) <= set(choices):
        raise BadValue(_("Must be one or more of %(choices)s.") % {"choices": ", ".join(choices)}, "invalid_choice")
    return names


def read_zone(value: object) -> str:
    """The name of an IANA time zone."""
    if not isinstance(value, str) or value not in time_zones():
        raise BadValue(_("Must be an IANA time zone such as Europe/Berlin."), "unknown_zone")
    return value


def read_rule(value: object) -> str:
    """A recurrence rule (RFC 5545 §3.3.10) in its one spelling; empty text means that nothing repeats."""
    if not isinstance(value, str):
        raise BadValue(_("Must be a rule such as FREQ=WEEKLY."), "rule")
    try:
        return parse_rule(value).text if value.strip() else ""
    except ValueError as error:
        raise BadValue(str(error), "rule") from error
