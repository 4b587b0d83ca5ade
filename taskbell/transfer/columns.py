"""What a row of a file says of a task: its columns, read from the text of CSV or the values of JSON."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

import orjson
from django.utils.dateparse import parse_duration

from taskbell.common.clock import EARLIEST, LATEST, time_zones
from taskbell.common.recurrence import MAX_RULE_LENGTH, parse_rule
from taskbell.common.text import UNPRINTABLE
from taskbell.reminders.actions import MAX_REMINDERS
from taskbell.reminders.models import ReminderState
from taskbell.reminders.schedule import MAX_BEFORE_DUE
from taskbell.tasks.models import OVERDUE, STAGES, Basis, Priority
from taskbell.tasks.prerequisites import MAX_PREREQUISITES

LARGEST_ID = 2**63 - 1
LARGEST_OCCURRENCE = 2**31 - 1


class Wrong(ValueError):
    """A value that cannot be read."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class ReminderRow:
    """A reminder as a file has it; without an offset, `at` is in the task's time zone. `wall` as in ReminderPlan."""

    at: datetime | None
    wall: datetime | None
    before_due: timedelta | None
    repeat: str
    for_me: bool
    is_snooze: bool
    state: str
    fired_at: datetime | None


def _text(most: int, *, blank: bool = False) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise Wrong("invalid", "This is text.")
        text = value.strip()
        if not text and not blank:
            raise Wrong("blank", "This may not be blank.")
        if len(text) > most:
            raise Wrong("max_length", f"This has at most {most:,} characters.")
        if not text.isprintable() and UNPRINTABLE.search(text):
            raise Wrong("unprintable", "Control characters and bytes that are not UTF-8 are not allowed here.")
        return text

    return read


def _one_of(values: Collection[str]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in values:
            raise Wrong("invalid_choice", f"This is one of {', '.join(values)}.")
        return value

    return read


def _number(most: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
            value = int(value)
        if type(value) is not int or not 0 < value <= most:
            raise Wrong("invalid", f"This is a whole number from 1 to {most}.")
        return value

    return read


def _priority(value: Any) -> int:
    if not isinstance(value, str) or value not in Priority.__members__:
        raise Wrong("invalid_choice", f"This is one of {', '.join(Priority.names)}.")
    return int(Priority[value].value)


def _zone(value: Any) -> str:
    if not isinstance(value, str) or value not in time_zones():
        raise Wrong("unknown_zone", "This is not an IANA time zone such as Europe/Berlin.")
    return value


def _day(value: Any) -> date:
    day = _read_day(value) if isinstance(value, str) and len(value) == len("2027-03-31") else None
    if day is None or not EARLIEST <= day <= LATEST:
        raise Wrong("invalid", f"This is a date such as 2027-03-31, from {EARLIEST} to {LATEST}.")
    return day


@lru_cache(maxsize=10_000)
def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _time(value: Any) -> time:
    try:
        moment = time.fromisoformat(value)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is not None:
        raise Wrong("invalid", "This is a time such as 09:30; its time zone is a column of its own.")
    return moment


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        moment = None
    if moment is None or not EARLIEST < moment.date() < LATEST:
        raise Wrong("invalid", "This is a moment such as 2027-03-31T09:00:00Z.")
    return moment


def _wall(value: Any) -> datetime:
    wall = _moment(value)
    if wall.tzinfo is not None:
        raise Wrong("invalid", "This is a local time, without an offset.")
    return wall


def _rule(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_RULE_LENGTH:
        raise Wrong("rule", f"This is a rule such as FREQ=WEEKLY, of at most {MAX_RULE_LENGTH} characters.")
    try:
        return parse_rule(value).text
    except ValueError as error:
        raise Wrong("rule", str(error)) from error


def _span(value: Any) -> timedelta:
    readable = isinstance(value, str) and len(value) < 50 and value.startswith("P")
    span = parse_duration(value) if readable else None
    if span is None or not timedelta() <= span <= MAX_BEFORE_DUE:
        raise Wrong("duration", "This is a length of time such as PT24H, up to a year.")
    return span


def _prerequisites(value: Any) -> list[int]:
    numbers = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(numbers, list) or len(numbers) > MAX_PREREQUISITES:
        raise Wrong("invalid", f"These are at most {MAX_PREREQUISITES} ids of other rows, with spaces between them.")
    return sorted({READERS["id"](number) for number in numbers})


def _reminders(value: Any) -> list[ReminderRow]:
    try:
        found = orjson.loads(value) if isinstance(value, str) else value
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, list) or len(found) > MAX_REMINDERS:
        raise Wrong("invalid", f"This is a JSON list of at most {MAX_REMINDERS} reminders.")
    return [_reminder(members) for members in found]


def _reminder(members: Any) -> ReminderRow:
    if not isinstance(members, dict) or members.keys() - OF_A_REMINDER.keys() - {"id", "next_at"}:
        raise Wrong("invalid", f"A reminder has the members {', '.join(OF_A_REMINDER)}.")
    read = {name: reader(members[name]) for name, reader in OF_A_REMINDER.items() if members.get(name) is not None}
    if not read.keys() & {"at", "before_due"}:
        raise Wrong("required", "A reminder has at or before_due.")
    return ReminderRow(
        at=None if "before_due" in read else read["at"],
        wall=read.get("wall"),
        before_due=read.get("before_due"),
        repeat=read.get("repeat", ""),
        for_me=read.get("for_me", False),
        is_snooze=read.get("is_snooze", False),
        state=read.get("state", ReminderState.ARMED),
        fired_at=read.get("fired_at"),
    )


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Wrong("invalid", "This is true or false.")
    return value


Readers = Mapping[str, Callable[[Any], Any]]
READERS: Readers = {
    "id": _number(LARGEST_ID),
    "title": _text(255),
    "description": _text(20_000, blank=True),
    "status": _one_of([*STAGES, OVERDUE]),
    "stage": _one_of(STAGES),
    "priority": _priority,
    "category": _text(100),
    "due_date": _day,
    "due_time": _time,
    "timezone": _zone,
    "assigned_to": _text(254),
    "created_by": _text(254),
    "pre_tasks": _prerequisites,
    "reminders": _reminders,
    "recurrence": _rule,
    "recurrence_from": _one_of(Basis.values),
    "series": _number(LARGEST_ID),
    "occurrence": _number(LARGEST_OCCURRENCE),
    "anchor_date": _day,
    "completed_at": _moment,
    "created_at": _moment,
}
OF_A_REMINDER: Readers = {
    "at": _moment,
    "wall": _wall,
    "before_due": _span,
    "repeat": lambda value: _rule(value) if value else "",
    "for_me": _flag,
    "is_snooze": _flag,
    "state": _one_of(ReminderState.values),
    "fired_at": _moment,
}
# Told, and worked out anew by whoever reads it.
TOLD = ("updated_at",)
COLUMNS = (*READERS, *TOLD)


def read_cells(cells: Mapping[str, Any]) -> tuple[dict[str, Any], list[tuple[str, Wrong]]]:
    """The values of a row by column, without those that are empty; and what is wrong with which."""
    found, wrong = {}, []
    for name, value in cells.items():
        if value is None or value == "" or name in TOLD:
            continue
        try:
            found[name] = READERS[name](value)
        except Wrong as error:
            wrong.append((name, error))
    return found, wrong
