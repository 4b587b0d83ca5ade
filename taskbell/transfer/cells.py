"""The cells of a spreadsheet as people fill them, in the form that the columns read."""

import re
from collections.abc import Iterable
from datetime import time
from typing import Any

from django.utils.translation import gettext as _

from taskbell.common.values import BadValue
from taskbell.common.written_dates import (
    DAY_FIRST,
    MONTH_FIRST,
    has_offset,
    read_written_date,
    read_written_time,
    style_in_words,
)
from taskbell.tasks.kinds import OVERDUE, PRIORITY_NAMES, STAGES
from taskbell.transfer.reading import Notice, Remark

STAGE_WORDS = {
    "PENDING": ("to do", "todo", "open", "new", "not started", "backlog", "no", "false", "incomplete", "needs action"),
    "IN_PROGRESS": ("in progress", "doing", "started", "active", "ongoing", "wip", "in work"),
    "COMPLETED": ("done", "complete", "closed", "finished", "resolved", "yes", "true", "x", "✓", "✔", "☑"),
    "ARCHIVED": ("cancelled", "canceled", "won't do", "wont do"),
}
PRIORITY_WORDS = {
    "LOW": ("lowest", "minor", "p4"),
    "MEDIUM": ("normal", "mid", "none", "p3"),
    "HIGH": ("important", "major", "p2"),
    "URGENT": ("highest", "critical", "p1"),
}
ORDERS = {"dmy": DAY_FIRST, "mdy": MONTH_FIRST}
Cells = dict[str, Any]


def _by_word(words: dict[str, tuple[str, ...]], names: Iterable[str]) -> dict[str, str]:
    own = {name.lower().replace("_", " "): name for name in names}
    return own | {word: name for name, some in words.items() for word in some}


STAGE_BY_WORD = _by_word(STAGE_WORDS, [*STAGES, OVERDUE])
WORDS = {"status": STAGE_BY_WORD, "stage": STAGE_BY_WORD, "priority": _by_word(PRIORITY_WORDS, PRIORITY_NAMES)}
MOMENTS = ("completed_at", "created_at")
DATES = ("due_time", "due_date", "anchor_date", *MOMENTS)  # the time first: a date may bring its own
ISO = re.compile(r"\d{4}-[\dW-]+|\d\d:\d\d(?::\d\d(?:\.\d+)?)?", re.ASCII)


class CellReader:
    """Reads the cells of one file, and notes each style of dates once.

    `order` is dmy or mdy, if the person who imports sends it.
    """

    def __init__(self, order: str = "") -> None:
        self._order = ORDERS.get(order, "")
        self._proved = self._order
        self._noted: set[tuple[str, str]] = set()

    def read(self, line: int, cells: Cells) -> list[Notice]:
        """Replaces cells by what the columns read, or by the BadValue that says what is wrong with them."""
        for name in cells.keys() & WORDS.keys():
            cells[name] = WORDS[name].get(" ".join(cells[name].lower().replace("_", " ").split()), cells[name])
        notices: list[Notice] = []
        for name in DATES:
            text = cells.get(name, "").strip()
            if not text or ISO.fullmatch(text):
                continue
            try:
                style = self._read(name, text, cells)
            except BadValue as error:
                cells[name] = error
                continue
            if style and (name, style) not in self._noted:
                self._noted.add((name, style))
                notices.append(
                    Remark(
                        line,
                        name,
                        _("Read as %(style)s: %(text)s is %(name)s.")
                        % {"style": style_in_words(style), "text": text, "name": _shown(name, cells)},
                    )
                )
        return notices

    def _read(self, name: str, text: str, cells: Cells) -> str:
        """Replaces the cell, and returns its style if that is worth a remark. Raises BadValue."""
        if name == "due_time":
            at, style = read_written_time(text)
            cells[name] = at.isoformat()
            return style
        if has_offset(text):
            if name == "due_date":
                cells |= {"due_date": None, "due_at": text}
            return ""
        found = read_written_date(text, order=self._order)
        self._check_order(found.style)
        if name in MOMENTS:
            cells[name] = f"{found.day}T{(found.at or time()).isoformat()}"
            return found.style if found.at else f"{found.style} 00:00".strip()
        cells[name] = found.day.isoformat()
        if name == "due_date" and found.at is not None:
            if cells.get("due_time"):
                raise BadValue(_("Must not have a time, because the row also has a due_time."))
            cells["due_time"] = found.at.isoformat()
        return found.style

    def _check_order(self, style: str) -> None:
        """Raises BadValue for a date with slashes that contradicts an earlier one."""
        order = next((order for order in ORDERS.values() if style.startswith(order)), "")
        if order and self._proved and order != self._proved:
            raise BadValue(
                _("Must be written as %(style)s, like the dates above it.") % {"style": style_in_words(self._proved)}
            )
        self._proved = self._proved or order


def _shown(name: str, cells: Cells) -> str:
    return " ".join(filter(None, (cells[name], cells.get("due_time") if name == "due_date" else "")))
