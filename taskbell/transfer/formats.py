"""The file formats that can be imported."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePath
from typing import IO

from django.utils.translation import gettext as _

from taskbell.common.errors import invalid
from taskbell.transfer.google_tasks import google_rows
from taskbell.transfer.ical import ical_rows
from taskbell.transfer.microsoft_todo import microsoft_rows
from taskbell.transfer.reading import Notice, Row, json_rows
from taskbell.transfer.table import csv_rows
from taskbell.transfer.taskwarrior import taskwarrior_rows
from taskbell.transfer.ticktick import ticktick_rows
from taskbell.transfer.todoist import todoist_rows
from taskbell.transfer.trello import trello_rows
from taskbell.transfer.vikunja import vikunja_rows

FileReader = Callable[..., Iterator[Row | Notice]]
READERS: dict[str, FileReader] = {
    "csv": csv_rows,
    "json": json_rows,
    "ndjson": json_rows,
    "todoist": todoist_rows,
    "vikunja": vikunja_rows,
    "ical": ical_rows,
    "ics": ical_rows,
    "trello": trello_rows,
    "ticktick": ticktick_rows,
    "google-tasks": google_rows,
    "microsoft-todo": microsoft_rows,
    "taskwarrior": taskwarrior_rows,
}
ALIASES = {"ics": "ical"}  # as the export calls it
OWN_FORMATS = ("csv", "json", "ndjson")
# What else a reader takes: a map and an order of dates from people, the clock and the zone of the importer, the name
# of the file.
OPTIONS: dict[str, tuple[str, ...]] = {
    "csv": ("columns", "order"),
    "todoist": ("now", "zone", "name"),
    "ical": ("zone",),
}
BY_TYPE = {
    "text/csv": "csv",
    "application/csv": "csv",
    "application/json": "json",
    "application/x-ndjson": "ndjson",
    "text/calendar": "ical",
}
GENERIC_TYPES = ("", "application/octet-stream", "application/zip", "text/plain")  # that say nothing
BY_ENDING = {".csv": "csv", ".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson", ".ics": "ical"}


@dataclass(frozen=True)
class FileOptions:
    """What people say about the file, its name, and when and where it is imported."""

    now: datetime
    zone: str
    columns: Mapping[str, str] = field(default_factory=dict)
    order: str = ""
    name: str = ""

    def said(self) -> list[object]:
        """The options that a repeated request must repeat as well."""
        return [dict(self.columns), self.order, self.name]


def rows_of(format_: str, stream: IO[bytes], options: FileOptions) -> Iterator[Row | Notice]:
    """The rows of the file. Raises Invalid for an option that the format doesn't take."""
    takes = OPTIONS.get(format_, ())
    for name, value, parameter in (("columns", options.columns, "map"), ("order", options.order, "dates")):
        if value and name not in takes:
            raise invalid(
                parameter, "invalid", _("Can't be used with %(format)s, only with csv. Omit it.") % {"format": format_}
            )
    return READERS[format_](stream, **{name: getattr(options, name) for name in takes})


def format_of(media_type: str, name: str = "") -> str | None:
    """The format by the media type, or else by the file's name; None if neither is known."""
    return BY_TYPE.get(media_type) or BY_ENDING.get(PurePath(name).suffix.lower())
