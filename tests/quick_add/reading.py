"""Readings as one line of text, for the tables of examples."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from taskbell.quick_add.known import Known, Thing
from taskbell.quick_add.reader import read
from taskbell.quick_add.reading import ASSIGNEE, BLOCKED_BY, CATEGORY, LABEL, PROJECT, Reading

TUESDAY = datetime(2026, 12, 1, 14, 18, tzinfo=UTC)
BERLIN = "Europe/Berlin"
NAMES = {
    ASSIGNEE: ("ada", "bo", "cy", "mia", "max"),
    CATEGORY: ("Home", "Finance", "Garden"),
    LABEL: ("shop", "phone"),
    PROJECT: ("Greenhouse", "Greens", "Website", "Spring sale"),
    BLOCKED_BY: ("12", "13"),
}
KNOWN = Known({kind: [Thing(pk, name) for pk, name in enumerate(names, 1)] for kind, names in NAMES.items()})


def read_line(text: str, *, now: datetime = TUESDAY, zone: str = BERLIN, **more: Any) -> Reading:
    return read(text, now=now, zone=zone, **({"known": KNOWN} | more))


def in_words(reading: Reading) -> str:
    return " · ".join(_parts(reading))


def _parts(reading: Reading) -> Iterator[str]:
    yield f"“{reading.title}”"
    if reading.due_date:
        yield f"due {_day(reading.due_date)}{f' {reading.due_time:%H:%M}' if reading.due_time is not None else ''}"
    if reading.recurrence:
        completion = " from completion" if reading.from_completion else ""
        yield f"↻ {reading.recurrence.removeprefix('FREQ=')}{completion}"
    yield from filter(None, [reading.priority])
    for mark, thing in (("#", reading.category), ("+", reading.project), ("@", reading.assignee)):
        yield from [f"{mark}{thing.name}"] if thing else []
    yield from (f"*{label.name}" for label in reading.labels)
    yield from (f"^{task.id}" for task in reading.blocked_by)
    if reading.reminder:
        before, at = reading.reminder.before, reading.reminder.at
        yield f"~ {before} before" if before else f"~ at {at:%H:%M}"
    yield from (f"! {chip.note}" for chip in reading.chips if chip.note)
    yield from (f"! {note.note}" for note in reading.notes)


def _day(day: date) -> str:
    return f"{day:%a %m-%d}" if day.year == TUESDAY.year else f"{day:%a %Y-%m-%d}"


def examples(text: str) -> list[tuple[str, str]]:
    """The lines of a table, each with its reading."""
    return [(line, reading) for line, _, reading in (row.partition(" ⇒ ") for row in text.splitlines()) if reading]
