"""Errors between the rows of a file: ids that are repeated or missing, and cycles of prerequisites."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db import connection

from taskbell.common.loading import all_rows, load_rows
from taskbell.tasks.prerequisites import MAX_PATH_SHOWN
from taskbell.transfer.cycles import cycles
from taskbell.transfer.reading import RowError
from taskbell.transfer.staging import ERROR_COLUMNS, LINKED

CHUNK_ROWS = 500
# Each finds the numbers and lines of bad rows, with the value for the sentence about them.
REPEATED_ID = """
SELECT number, line, file_id AS value FROM staged_task WHERE file_id IN (
    SELECT file_id FROM staged_task WHERE file_id IS NOT NULL GROUP BY file_id HAVING COUNT(*) > 1
)
"""
MISSING_ID = """
SELECT task.number, task.line, link.needs AS value
FROM staged_link link JOIN staged_task task ON task.number = link.number
WHERE NOT EXISTS (SELECT 1 FROM staged_task needed WHERE needed.file_id = link.needs)
"""
REPEATED_OCCURRENCE = """
SELECT task.number, task.line, task.occurrence AS value FROM staged_task task JOIN (
    SELECT series, occurrence FROM staged_task WHERE series IS NOT NULL AND NOT is_bad
    GROUP BY series, occurrence HAVING COUNT(*) > 1
) twin ON twin.series = task.series AND twin.occurrence = task.occurrence
"""
BLOCKED_BY_BAD = f"""
WITH RECURSIVE lost(number, needs) AS (
    SELECT link.number, link.needs FROM {LINKED} WHERE needed.is_bad
    UNION
    SELECT link.number, link.needs FROM {LINKED} JOIN lost ON lost.number = needed.number
)
SELECT task.number, task.line, lost.needs AS value FROM lost JOIN staged_task task ON task.number = lost.number
WHERE NOT task.is_bad
"""  # noqa: S608 - names of our own
SENTENCES = {
    REPEATED_ID: ("id", "twice", "The id {} appears more than once."),
    MISSING_ID: ("pre_tasks", "does_not_exist", "The file has no row with the id {}."),
    REPEATED_OCCURRENCE: ("occurrence", "twice", "The series has the occurrence {} more than once."),
    BLOCKED_BY_BAD: ("pre_tasks", "waits", "Blocked by the row with the id {}, which can't be imported."),
}


# The errors of a row stay in the order in which they were found, which both databases keep in a hidden column.
ERRORS = """
SELECT error.line, error.field, error.code, COALESCE(task.called || ': ', '') || error.message
FROM staged_error error JOIN staged_task task ON task.number = error.number ORDER BY error.number, error.{}
"""


def across_rows(rows: int) -> None:
    """Finds errors between the rows, and marks those rows as bad."""
    for query in (REPEATED_ID, MISSING_ID, REPEATED_OCCURRENCE):
        _find(query)
    _find_cycles(rows)


def blocked_by_bad() -> None:
    """Marks good rows as bad that are blocked by a bad one."""
    _find(BLOCKED_BY_BAD)


def count_bad() -> int:
    """How many rows are bad."""
    return int(_fetched("SELECT COUNT(*) FROM staged_task WHERE is_bad")[0][0])


def errors() -> Iterator[RowError]:
    """All errors, in the order of the rows."""
    for values in all_rows(ERRORS.format("ctid" if connection.vendor == "postgresql" else "rowid")):
        yield RowError(*values)


def _find(query: str) -> None:
    sentence = "%s, %s, REPLACE(%s, '{}', CAST(value AS text))"
    found = f"SELECT number, line, {sentence} FROM ({query}) found ORDER BY number, value"  # noqa: S608 - ours
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO staged_error ({', '.join(ERROR_COLUMNS)}) {found}", SENTENCES[query])
        if cursor.rowcount:
            _mark_bad(f"SELECT number FROM ({query}) found")  # noqa: S608 - a query of our own


def _find_cycles(rows: int) -> None:
    forward = f"SELECT 1 FROM {LINKED} WHERE needed.number >= task.number LIMIT 1"  # noqa: S608 - names of our own
    if not _fetched(forward):
        return  # if every link points to an earlier row, there is no cycle
    ordered = f"SELECT needed.number, task.number FROM {LINKED} ORDER BY needed.number"  # noqa: S608 - names of our own
    found = cycles(((int(needed), int(waiting)) for needed, waiting in all_rows(ordered)), rows)
    while some := list(islice(found, CHUNK_ROWS)):
        load_rows("staged_error", ERROR_COLUMNS, [_error_of(cycle) for cycle in some])
        numbers = (number for cycle in some for number in cycle)
        while together := list(islice(numbers, CHUNK_ROWS)):
            _mark_bad(", ".join(map(str, together)))


def _error_of(cycle: list[int]) -> tuple[Any, ...]:
    half = MAX_PATH_SHOWN // 2
    shown = cycle if len(cycle) <= MAX_PATH_SHOWN else [*cycle[:half], *cycle[-half:]]
    marks = ", ".join(map(str, shown))
    rows = _fetched(f"SELECT number, line, called FROM staged_task WHERE number IN ({marks})")  # noqa: S608 - numbers
    names = {number: called or str(line) for number, line, called in rows}
    way = [names[number] for number in shown]
    if len(shown) < len(cycle):
        way.insert(half, "…")
    first, line, called = min(rows, key=lambda row: shown.index(row[0]))
    lines = "" if called else "lines "
    return first, line, "pre_tasks", "circle", f"A task can't block itself: {lines}{' → '.join(way)}."


def _mark_bad(numbers: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE staged_task SET is_bad = %s WHERE number IN ({numbers})", [True])  # noqa: S608 - ours


def _fetched(query: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())
