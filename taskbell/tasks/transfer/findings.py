"""What only the whole file tells: ids that come twice or never, and rows that wait for each other."""

from collections.abc import Iterator
from typing import Any

from django.db import connection

from taskbell.common.loading import all_rows
from taskbell.tasks.prerequisites import LONGEST_WAY
from taskbell.tasks.transfer.circles import circles
from taskbell.tasks.transfer.reading import RowError
from taskbell.tasks.transfer.staging import LINKED

MOST_TOLD = 100  # the others are counted
# Each gives number and line of rows, and what is to be said of them.
TWICE = """
SELECT number, line, file_id AS value FROM staged_task WHERE file_id IN (
    SELECT file_id FROM staged_task WHERE file_id IS NOT NULL GROUP BY file_id HAVING COUNT(*) > 1
)
"""
NOWHERE = """
SELECT task.number, task.line, link.needs AS value
FROM staged_link link JOIN staged_task task ON task.number = link.number
WHERE NOT EXISTS (SELECT 1 FROM staged_task needed WHERE needed.file_id = link.needs)
"""
SAME_OCCURRENCE = """
SELECT task.number, task.line, task.occurrence AS value FROM staged_task task JOIN (
    SELECT series, occurrence FROM staged_task WHERE series IS NOT NULL AND NOT is_bad
    GROUP BY series, occurrence HAVING COUNT(*) > 1
) twin ON twin.series = task.series AND twin.occurrence = task.occurrence
"""
WAITS_FOR_BAD = f"""
WITH RECURSIVE lost(number, needs) AS (
    SELECT link.number, link.needs FROM {LINKED} WHERE needed.is_bad
    UNION
    SELECT link.number, link.needs FROM {LINKED} JOIN lost ON lost.number = needed.number
)
SELECT task.number, task.line, lost.needs AS value FROM lost JOIN staged_task task ON task.number = lost.number
WHERE NOT task.is_bad
"""  # noqa: S608 - names of our own
SENTENCES = {
    TWICE: ("id", "twice", "The id {} is there more than once."),
    NOWHERE: ("pre_tasks", "does_not_exist", "The file has no row with the id {}."),
    SAME_OCCURRENCE: ("occurrence", "twice", "The series has the occurrence {} more than once."),
    WAITS_FOR_BAD: ("pre_tasks", "waits", "It waits for the row with the id {}, which cannot be imported."),
}


def across_rows(rows: int) -> Iterator[RowError]:
    """What is wrong between the rows; those that it is wrong with are bad from then on."""
    for query in (TWICE, NOWHERE, SAME_OCCURRENCE):
        yield from _found(query)
    yield from _circles(rows)


def waiting_for_bad() -> Iterator[RowError]:
    """Rows that are good but for those that they wait for; they are bad from then on."""
    return _found(WAITS_FOR_BAD)


def count_bad() -> int:
    """How many rows are bad."""
    return int(_fetched("SELECT COUNT(*) FROM staged_task WHERE is_bad")[0][0])


def _found(query: str) -> Iterator[RowError]:
    field, code, sentence = SENTENCES[query]
    found = _fetched(f"SELECT line, value FROM ({query}) found ORDER BY number LIMIT {MOST_TOLD}")  # noqa: S608 - a query of our own
    for line, value in found:
        yield RowError(line, field, code, sentence.format(value))
    if found:
        _mark_bad(f"SELECT number FROM ({query}) found")  # noqa: S608 - a query of our own


def _circles(rows: int) -> Iterator[RowError]:
    forward = f"SELECT 1 FROM {LINKED} WHERE needed.number >= task.number LIMIT 1"  # noqa: S608 - names of our own
    if not _fetched(forward):
        return  # links that all lead back in the file lead nowhere else
    ordered = f"SELECT needed.number, task.number FROM {LINKED} ORDER BY needed.number"  # noqa: S608 - names of our own
    links = ((int(needed), int(waiting)) for needed, waiting in all_rows(ordered))
    for circle in circles(links, rows):
        told = circle if len(circle) <= LONGEST_WAY else [*circle[: LONGEST_WAY // 2], *circle[-LONGEST_WAY // 2 :]]
        marks = ", ".join(map(str, told))
        lines = dict(_fetched(f"SELECT number, line FROM staged_task WHERE number IN ({marks})"))  # noqa: S608 - numbers
        way = [str(lines[number]) for number in told]
        if len(told) < len(circle):
            way.insert(LONGEST_WAY // 2, "…")
        yield RowError(
            lines[told[0]], "pre_tasks", "circle", f"A task cannot wait for itself: lines {' → '.join(way)}."
        )
        for number in circle:
            _mark_bad(str(number))


def _mark_bad(numbers: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE staged_task SET is_bad = %s WHERE number IN ({numbers})", [True])  # noqa: S608 - ours


def _fetched(query: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())
