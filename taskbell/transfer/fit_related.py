"""Makes projects, labels and comments of other programs fit. Everything that changes becomes a notice."""

from typing import Any

from taskbell.transfer.fit_comments import fit_comments
from taskbell.transfer.fit_labels import fit_labels
from taskbell.transfer.fit_projects import fit_project
from taskbell.transfer.reading import Notice, Row

FITTING = {"project": fit_project, "labels": fit_labels, "comments": fit_comments}
Cells = dict[str, Any]


def fit_related(row: Row, cells: Cells, notices: list[Notice]) -> Cells:
    """The cells with a project, labels and comments that a task can have."""
    for column, fit in FITTING.items():
        value = cells.get(column)
        if column in row.lenient and value not in (None, ""):

            def note(message: str, column: str = column) -> None:
                notices.append(Notice(row.line, column, message))

            cells = cells | {column: fit(value, note)}
    return cells
