"""Which column of ours each header of a spreadsheet means: by its name, an alias, or a map that people send."""

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from taskbell.common.errors import invalid
from taskbell.common.text import folded
from taskbell.common.wording import grouped
from taskbell.transfer.columns import COLUMNS
from taskbell.transfer.reading import Unreadable

BETWEEN_WORDS = re.compile(r"[\s_-]+")
MAX_SHOWN = 100  # characters of a header
MAX_LISTED = 2000  # of all of them
MAX_MAP = 10_000
ALIASES = {
    "id": ("task id",),
    "title": ("task", "task name", "task title", "name", "summary", "subject", "to do", "todo"),
    "description": ("notes", "note", "details", "body"),
    "status": ("state", "done", "completed", "is completed"),
    "priority": ("prio", "importance"),
    "category": ("list", "list name", "group"),
    "due_date": ("due", "due on", "due by", "deadline"),
    "due_time": ("time", "due at time"),
    "timezone": ("time zone", "tz"),
    "assigned_to": ("assignee", "assigned", "responsible"),
    "created_by": ("creator", "author"),
    "pre_tasks": ("blocked by", "prerequisites", "depends on", "dependencies"),
    "recurrence": ("repeat", "repeats", "rrule"),
    "completed_at": ("completed on", "completed date", "date completed", "completion date", "done at", "finished at"),
    "created_at": ("created", "created on", "created date", "date created", "creation date"),
    "updated_at": ("updated", "last modified", "modified"),
    "project": ("project name",),
    "labels": ("label", "tags", "tag"),
    "comments": ("comment",),
}


def key_of(name: str) -> str:
    """The header without case, and with one space between its words."""
    return BETWEEN_WORDS.sub(" ", folded(name)).strip()


BY_KEY = {key_of(column): column for column in COLUMNS} | {
    alias: column for column, aliases in ALIASES.items() for alias in aliases
}


@dataclass(frozen=True)
class Header:
    """The headers of a file, in its order, and the column of each; empty if it is left out."""

    names: list[str]
    columns: list[str]

    @property
    def left_out(self) -> list[str]:
        """The headers without a column."""
        return [name for name, column in zip(self.names, self.columns, strict=True) if name and not column]


def is_known(name: str) -> bool:
    """True for a header that needs no map."""
    return key_of(name) in BY_KEY


def read_map(text: str) -> dict[str, str]:
    """Columns by header, from `Due:due_date,Who:assigned_to,Cost:`. Raises Invalid."""
    if len(text) > MAX_MAP:
        raise invalid("map", "max_length", _("Must have at most %(most)s characters.") % {"most": grouped(MAX_MAP)})
    found: dict[str, str] = {}
    for pair in next(csv.reader([text], skipinitialspace=True), []):
        header, colon, column = pair.rpartition(":")
        if not colon or not header.strip():
            raise invalid("map", "invalid", _("Must be pairs such as Due:due_date, separated by commas."))
        column = column.strip()
        if column and column not in COLUMNS:
            sentence = _("There is no column %(column)s. The columns are %(columns)s.") % {
                "column": f"{column[:MAX_SHOWN]!r}",
                "columns": ", ".join(COLUMNS),
            }
            raise invalid("map", "unknown", sentence)
        found[key_of(header)] = column
    return found


def read_header(cells: Iterable[str], line: int, columns: Mapping[str, str]) -> Header:
    """What the headers mean. Raises Unreadable for those that are unknown, repeated or missing."""
    names = [" ".join(cell.split()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    keys = [key_of(name) for name in names]
    for key in columns.keys() - set(keys):
        there, key = ", ".join(filter(None, names))[:MAX_LISTED], key[:MAX_SHOWN]
        raise Unreadable(
            line,
            _("The map names the header %(key)s, which the file doesn't have. The headers are %(there)s.")
            % {"key": f"{key!r}", "there": there},
            column=key,
        )
    found = [columns.get(key, BY_KEY.get(key)) if key else "" for key in keys]
    for name, column in zip(names, found, strict=True):
        if column is None:
            raise Unreadable(line, _unknown(name[:MAX_SHOWN]), column=name[:MAX_SHOWN])
    return _checked(Header(names, [column or "" for column in found]), line)


def _checked(header: Header, line: int) -> Header:
    named: dict[str, str] = {}
    for name, column in zip(header.names, header.columns, strict=True):
        if column in named:
            first, second = named[column][:MAX_SHOWN], name[:MAX_SHOWN]
            sentence = _(
                "Must have the column %(column)s once, but has %(first)s twice. Leave one out with map=%(header)s:"
            )
            if named[column] != name:
                sentence = _(
                    "Must have the column %(column)s once, but has %(first)s and %(second)s. "
                    "Leave one out with map=%(header)s:"
                )
            sentence %= {"column": column, "first": repr(first), "second": repr(second), "header": second}
            raise Unreadable(line, sentence, column=column)
        if column:
            named[column] = name
    if "title" not in named:
        raise Unreadable(
            line, _("The first line must name the columns, and title must be one of them."), column="title"
        )
    return header


def _unknown(name: str) -> str:
    return _(
        "There is no column named %(name)s. Say which it is with map=%(header)s:description, or "
        "leave it out with map=%(header)s: – the columns are %(columns)s."
    ) % {"name": f"{name!r}", "header": name, "columns": ", ".join(COLUMNS)}
