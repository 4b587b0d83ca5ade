"""Projects of Todoist, as its CSV templates and backups have them: https://todoist.com/help, "Format a CSV file"."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile
from pathlib import PurePath
from typing import IO

from django.utils.translation import gettext as _

from taskbell.common.text import printable
from taskbell.common.wording import grouped
from taskbell.transfer.archives import is_zip, members, seekable
from taskbell.transfer.foreign import MALFORMED, Members, comment_of, project_of
from taskbell.transfer.reading import Notice, Row, Unreadable
from taskbell.transfer.table import Table
from taskbell.transfer.todoist_dates import due_cells

TYPES = ("task", "section", "note", "meta")
# What Todoist writes. Of these, IS_COLLAPSED is about its own screens; what has no column here becomes a notice.
COLUMNS = (
    *("TYPE", "CONTENT", "DESCRIPTION", "IS_COLLAPSED", "PRIORITY", "INDENT", "AUTHOR", "RESPONSIBLE"),
    *("DATE", "DATE_LANG", "TIMEZONE", "DURATION", "DURATION_UNIT", "DEADLINE", "DEADLINE_LANG"),
)
PRIORITIES = {"1": "URGENT", "2": "HIGH", "3": "MEDIUM", "4": "LOW"}
WORD = re.compile(r"\S+")
FILE, FILE_END = "[[file ", "]]"  # around what JSON says about an attached file, at the end of a note
RELATED = ("project", "labels", "comments")
MAX_TASKS_OF_A_TREE = 10_000  # a task and everything indented below it
Cells = dict[str, str]


def todoist_rows(stream: IO[bytes], *, now: datetime, zone: str, name: str = "") -> Iterator[Row]:
    """The tasks of a project, or of all projects in a zip. Raises Unreadable.

    The project is called like its file, a section is a category, and a note a comment. Tasks indented below a task
    block it. Dates in words count from `now` in the `zone`.
    """
    with seekable(stream) as file:
        if not is_zip(file):
            yield from ProjectFile(file, now, zone, project=_project(PurePath(name).stem)).rows()
            return
        number = 0
        for path, unpacked in members(file):
            if path.suffix.lower() != ".csv":
                raise Unreadable(
                    1, _("A Todoist zip must have only CSV files, not %(path)s.") % {"path": f"{str(path)[:100]!r}"}
                )
            with unpacked() as table:
                name, project = _without_number(path.stem, "[]"), _project(path.stem)
                found = ProjectFile(table, now, zone, name=name, project=project, number=number)
                yield from found.rows()
                number = found.number
        if not number:
            raise Unreadable(1, _("A Todoist zip must have CSV files with tasks."))


@dataclass
class ProjectFile:
    """Reads one CSV file. `name` is its own within a zip, and `number` that of the last task in the whole zip."""

    file: IO[bytes]
    now: datetime
    zone: str
    name: str = ""
    project: Members | None = None
    number: int = 0
    section: str = ""
    above: list[Row] = field(default_factory=list)
    tree: list[Row] = field(default_factory=list)
    last: Row | None = None

    def rows(self) -> Iterator[Row]:
        """The rows; a task is held back until everything below it is known."""
        self._key = hashlib.file_digest(self.file, hashlib.sha256).hexdigest()[:32]  # type: ignore[arg-type]
        self.file.seek(0)
        records = Table(self.file, lambda name: name.strip().upper() in COLUMNS).records()
        names = self._names(next(records, (1, []))[1])
        for line, record in records:
            if not any(record):
                continue
            yield from self._record(line, names, record)
        yield from self.tree

    def _names(self, record: list[str]) -> list[str]:
        names = [name.strip().upper() for name in record]
        while names and not names[-1]:
            names.pop()
        if not {"TYPE", "CONTENT"} <= set(names) or len(set(names)) < len(names):
            raise Unreadable(1, self._called(_("Must name TYPE and CONTENT in the first line, and each column once.")))
        return names

    def _called(self, sentence: str) -> str:
        return f"{self.name}: {sentence}" if self.name else sentence

    def _record(self, line: int, names: list[str], record: list[str]) -> Iterator[Row]:
        cells = dict.fromkeys(COLUMNS, "") | dict(zip(names, (cell.strip() for cell in record), strict=False))
        kind = cells["TYPE"].lower()
        if any(record[len(names) :]):
            yield from self._wrong(
                line,
                "",
                "cells",
                _("Must have at most %(names)s cells, not %(record)s.") % {"names": len(names), "record": len(record)},
            )
        elif kind == "task":
            yield from self._task(line, cells)
        elif kind == "section":
            yield from self._section(line, cells["CONTENT"])
        elif kind == "note":
            yield from self._note(line, cells)
        elif kind not in TYPES:
            shown = cells["TYPE"][:50]
            yield from self._wrong(
                line,
                "TYPE",
                "invalid_choice",
                _("Must be one of %(types)s, not %(shown)s.") % {"types": ", ".join(TYPES), "shown": f"{shown!r}"},
            )

    def _wrong(self, line: int, column: str, code: str, message: str) -> Iterator[Row]:
        """An error, after the tasks above it."""
        yield from self.tree
        yield Row.wrong(line, column, code, message, called=self.name or None)
        self.tree, self.above, self.last = [], [], None

    def _section(self, line: int, name: str) -> Iterator[Row]:
        self.section, self.above, self.last = name, [], None
        if not name:
            yield from self._wrong(line, "category", "required", _("A section must have a name."))

    def _note(self, line: int, cells: Cells) -> Iterator[Row]:
        if self.last is None:
            yield from self._wrong(line, "TYPE", "invalid", _("A note must follow the task that it belongs to."))
        elif cells["CONTENT"]:
            author = _without_number(cells["AUTHOR"], "()")
            self.last.cells["comments"].append(comment_of(_with_link(cells["CONTENT"]), author=author))

    def _task(self, line: int, cells: Cells) -> Iterator[Row]:
        depth = cells["INDENT"] or "1"
        if not (depth.isascii() and depth.isdigit() and len(depth) < 3 and int(depth)):
            yield from self._wrong(line, "INDENT", "invalid", _("Must be a number such as 1 or 2."))
            return
        self.above = self.above[: int(depth) - 1]
        if not self.above:
            yield from self.tree
            self.tree = []
        row = self.last = self._row(line, cells)
        if self.above:
            self.above[-1].cells.setdefault("pre_tasks", []).append(self.number)
        self.above.append(row)
        self.tree.append(row)
        if len(self.tree) > MAX_TASKS_OF_A_TREE:
            raise Unreadable(
                line,
                _("A task can have at most %(most)s subtasks.") % {"most": grouped(MAX_TASKS_OF_A_TREE)},
            )

    def _row(self, line: int, cells: Cells) -> Row:
        self.number += 1
        title, labels = _split_labels(cells["CONTENT"])
        due, notices = due_cells(line, cells, self.now, self.zone)
        notices += _unknown(line, cells)
        return Row(
            line,
            {
                "id": self.number,
                "title": title,
                "description": cells["DESCRIPTION"],
                "priority": PRIORITIES.get(cells["PRIORITY"] or "1", cells["PRIORITY"]),
                "project": self.project,
                "category": self.section,
                "labels": [label[1:] for label in labels],
                "comments": [],
                "timezone": cells["TIMEZONE"],
                "assigned_to": _without_number(cells["RESPONSIBLE"], "()"),
                "created_by": _without_number(cells["AUTHOR"], "()"),
                **due,
            },
            called=printable(f"{cells['CONTENT'][:100]} ({self.name})") if self.name else None,
            source="todoist",
            source_id=f"{self._key}:{self.number}",
            notices=notices,
            lenient=(*RELATED, *(("title",) if cells["CONTENT"] else ())),
        )


def _without_number(name: str, brackets: str) -> str:
    """The name of a person or of a file in a backup, which ends with a number in brackets."""
    begin, end = brackets[0], brackets[1]
    rest, found, number = name.removesuffix(end).rpartition(begin)
    return rest.rstrip() if found and name.endswith(end) and number.isalnum() else name


def _project(stem: str) -> Members | None:
    """The project of the file; in a backup, its name ends with the project's id."""
    return project_of(_without_number(stem, "[]"), stem)


def _with_link(text: str) -> str:
    """The note, with a link to the file that is attached to it."""
    before, _, file = text.partition(FILE)
    try:
        found = json.loads(file.removesuffix(FILE_END))
        link = f"[{found.get('file_name') or 'File'}]({found['file_url']})"
    except MALFORMED:
        return text
    return f"{before}{link}".strip()


def _split_labels(content: str) -> tuple[str, list[str]]:
    """The title, and the labels at its end."""
    words = list(WORD.finditer(content))
    count = sum(1 for _ in takewhile(_is_label, reversed(words[1:])))
    labels = words[len(words) - count :]
    return (content[: labels[0].start()].rstrip() if labels else content), [label[0] for label in labels]


def _is_label(word: re.Match[str]) -> bool:
    return len(word[0]) > 1 and word[0][0] == "@" and "@" not in word[0][1:]


def _unknown(line: int, cells: Cells) -> Iterator[Notice]:
    """What is in columns that Todoist didn't have when this was written."""
    for name in cells.keys() - set(COLUMNS):
        if cells[name]:
            yield Notice(line, name[:100], _("Can't be imported: %(cells)s.") % {"cells": cells[name][:100]})
