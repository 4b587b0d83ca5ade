"""Nothing in a calendar vanishes silently: every line of our samples becomes part of a task or of a notice."""

import io
from pathlib import Path
from typing import Any

import pytest

from taskbell.transfer.ical import ical_rows
from taskbell.transfer.ical_lines import BOOKKEEPING, DEFAULTS, OF_THE_CALENDAR
from taskbell.transfer.reading import Row

SAMPLES = Path(__file__).parent / "samples"
FILES = [SAMPLES / "tasks.ics", *sorted((SAMPLES / "ical").glob("*.ics"))]
# Lines that change nothing: their values are the defaults, or another line of the to-do says the same.
NOTHING_NEW = {
    "STATUS:NEEDS-ACTION",
    "STATUS:COMPLETED",
    "STATUS:IN-PROCESS",  # with a percentage
    "PERCENT-COMPLETE:0",
    "PERCENT-COMPLETE:100",
    "PRIORITY:5",
    "ACTION:DISPLAY",
    "ACTION:AUDIO",
    "ACTION:EMAIL",
    "ACTION:PROCEDURE",
    "DTSTART;VALUE=DATE:20270301",
    "DUE;VALUE=DATE:20270301",
    "DUE;TZID=Europe/Berlin:20261109T190000",  # of a completed occurrence, by its rule
    "DESCRIPTION:Feed the cat",
    "DESCRIPTION:Default Tasks description",
    "DESCRIPTION:Reminder",
    "ATTACH;VALUE=URI:Basso",
    "DTSTART;TZID=Europe/Berlin:20270329T090000",
    "DUE;TZID=Europe/Berlin:20270329T090000",  # the same as DTSTART
    "TRIGGER;VALUE=DATE-TIME:19760401T005545Z",  # no alarm
    "DESCRIPTION:Repot",
    "SUMMARY:Empty the compost",  # as the other occurrences
}


def read(lines: list[str]) -> list[Any]:
    """Everything that is read: the columns of each row, and the notices."""
    found = ical_rows(io.BytesIO("\r\n".join(lines).encode()))
    return [vars(one) if isinstance(one, Row) else one for one in found]


def unfolded(file: Path) -> list[str]:
    text = file.read_bytes().decode()
    return text.replace("\r\n", "\n").replace("\n ", "").split("\n")


def is_in(lines: list[str], number: int, name: str) -> bool:
    """Whether the line is part of a component with this name."""
    edges = [line.upper() for line in lines[:number]]
    return edges.count(f"BEGIN:{name}") > edges.count(f"END:{name}")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_line_is_imported_or_in_a_notice_or_means_nothing_to_people(file: Path) -> None:
    lines = unfolded(file)
    whole, vanished = read(lines), []
    for number, line in enumerate(lines):
        name = line.replace(";", ":").partition(":")[0].upper()
        if name in ("BEGIN", "END", "") or is_in(lines, number, "VTIMEZONE") or is_in(lines, number, "VEVENT"):
            continue
        if is_in(lines, number, "VJOURNAL") or not line.partition(":")[2]:
            continue
        bookkeeping = BOOKKEEPING if is_in(lines, number, "VTODO") else OF_THE_CALENDAR
        says_something = name not in bookkeeping and (name, line.partition(":")[2].upper()) not in DEFAULTS
        without = [*lines[:number], "", *lines[number + 1 :]]
        if says_something and line.upper() not in {said.upper() for said in NOTHING_NEW} and read(without) == whole:
            vanished.append(line)
    assert not "\n".join(vanished)
