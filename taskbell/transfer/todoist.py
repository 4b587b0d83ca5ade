"""Projects of Todoist, as its CSV templates write them: https://todoist.com/help, "Format a CSV file"."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any

from taskbell.transfer.reading import Row, Unreadable, csv_records

PRIORITIES = {"1": "URGENT", "2": "HIGH", "3": "MEDIUM", "4": "LOW"}
NUMBER_OF_PERSON = re.compile(r"\s*\(\d+\)$")
DAYS = ("%Y-%m-%d", "%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y")
TIMES = ("", " %H:%M", "T%H:%M", "T%H:%M:%S")
MAX_TASKS_OF_A_TREE = 10_000  # a task and everything indented below it


def todoist_rows(stream: IO[bytes]) -> Iterator[Row]:
    """Tasks indented below a task block it, a section is a category, a note is part of the description."""
    records = csv_records(stream)
    names = [name.strip().upper() for name in next(records, (1, []))[1]]
    if not {"TYPE", "CONTENT"} <= set(names):
        raise Unreadable(1, "Must name TYPE and CONTENT in the first line.")
    section, above = "", list[Row]()
    tree: list[Row] = []
    for number, (line, record) in enumerate(records, start=1):
        cells = _cells(names, record)
        kind = cells["TYPE"].lower()
        if kind == "section":
            section, above = cells["CONTENT"], []
            if not section:
                yield from tree
                yield Row.wrong(line, "category", "required", "A section must have a name.")
                tree = []
        elif kind == "note" and tree:
            earlier = tree[-1].cells
            earlier["description"] = f"{earlier.get('description') or ''}\n\n{cells['CONTENT']}".strip()
        elif kind == "task":
            depth = _depth(cells)
            if depth == 1 or not above:
                yield from tree
                tree = []
            row = _row(number, line, cells, section)
            above = above[: depth - 1]
            if above:
                above[-1].cells.setdefault("pre_tasks", []).append(number)
            above.append(row)
            tree.append(row)
            if len(tree) > MAX_TASKS_OF_A_TREE:
                raise Unreadable(line, f"A task can have at most {MAX_TASKS_OF_A_TREE:,} tasks below it.")
    yield from tree


def _cells(names: list[str], record: list[str]) -> dict[str, str]:
    """The cells by column. In a short row, required cells are empty, and refused for that."""
    return {"TYPE": "", "CONTENT": ""} | dict(zip(names, (cell.strip() for cell in record), strict=False))


def _depth(cells: dict[str, str]) -> int:
    text = cells.get("INDENT", "")
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 3 and int(text) else 1


def _row(number: int, line: int, cells: dict[str, str], section: str) -> Row:
    return Row(
        line,
        {
            "id": number,
            "title": cells["CONTENT"],
            "description": cells.get("DESCRIPTION"),
            "priority": PRIORITIES.get(cells.get("PRIORITY") or "1", cells.get("PRIORITY")),
            "category": section,
            "timezone": cells.get("TIMEZONE"),
            "assigned_to": NUMBER_OF_PERSON.sub("", cells.get("RESPONSIBLE", "")),
            **_due(cells.get("DATE", "")),
        },
    )


def _due(text: str) -> dict[str, Any]:
    """The date and the time. Words such as "every day" stay, so that the column refuses them."""
    text = text.replace(",", "")
    for day in DAYS:
        for at in TIMES:
            try:
                due = datetime.strptime(text, day + at)  # noqa: DTZ007 - a wall time; its zone is in another column
            except ValueError:
                continue
            return {"due_date": due.date().isoformat(), "due_time": due.time().isoformat() if at else None}
    return {"due_date": text}
