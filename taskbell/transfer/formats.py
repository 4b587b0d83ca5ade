"""The file formats that can be imported."""

from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import IO

from taskbell.transfer.ical import ical_rows
from taskbell.transfer.reading import Row, json_rows
from taskbell.transfer.table import csv_rows
from taskbell.transfer.todoist import todoist_rows
from taskbell.transfer.vikunja import vikunja_rows

FileReader = Callable[[IO[bytes]], Iterator[Row]]
READERS: dict[str, FileReader] = {
    "csv": csv_rows,
    "json": json_rows,
    "ndjson": json_rows,
    "todoist": todoist_rows,
    "vikunja": vikunja_rows,
    "ical": ical_rows,
}
BY_TYPE = {
    "text/csv": "csv",
    "application/csv": "csv",
    "application/json": "json",
    "application/x-ndjson": "ndjson",
    "text/calendar": "ical",
}
BY_ENDING = {".csv": "csv", ".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson", ".ics": "ical"}


def format_of(media_type: str, name: str = "") -> str | None:
    """The format by the media type, or else by the file's name; None if neither is known."""
    return BY_TYPE.get(media_type) or BY_ENDING.get(PurePath(name).suffix.lower())
