"""Errors between the rows of a file: ids that are repeated or missing, and cycles of prerequisites."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.common.loading import all_rows, load_rows
from taskbell.common.sql import execute, fetch
from taskbell.tasks.prerequisites import MAX_DEPENDENTS, MAX_PATH_SHOWN
from taskbell.transfer.columns import FILE_SOURCE
from taskbell.transfer.cycles import cycles
from taskbell.transfer.reading import Notice, RowError
from taskbell.transfer.staging import ERROR_COLUMNS, IS_NEW, LINKED, NOTICE_COLUMNS

CHUNK_ROWS = 500
# Each finds the numbers and lines of bad rows, with the value for the sentence about them. The ids of rows that are
# `called` something are made up.
REPEATED_ID = """
SELECT number, line, file_id AS value FROM staged_task WHERE called IS NULL AND file_id IN (
    SELECT file_id FROM staged_task WHERE file_id IS NOT NULL GROUP BY file_id HAVING COUNT(*) > 1
)
"""
REPEATED_MADE_UP_ID = REPEATED_ID.replace("called IS NULL", "called IS NOT NULL")
REPEATED_SOURCE = """
SELECT task.number, task.line, task.source_id AS value FROM staged_task task JOIN (
    SELECT source, source_id FROM staged_task WHERE source_id IS NOT NULL AND called IS NULL
    GROUP BY source, source_id HAVING COUNT(*) > 1
) twin ON twin.source = task.source AND twin.source_id = task.source_id
"""
NOT_IN_FILE = """
SELECT task.number, task.line, COALESCE(link.named, CAST(link.needs AS text)) AS value
FROM staged_link link JOIN staged_task task ON task.number = link.number
WHERE NOT EXISTS (SELECT 1 FROM staged_task needed WHERE needed.file_id = link.needs)
"""
# Equal rows without ids are several tasks, and a second import finds each.
TWINS = f"""
UPDATE staged_task SET source_id = staged_task.source_id || '/' || CAST(twin.place AS text) FROM (
    SELECT number, ROW_NUMBER() OVER (PARTITION BY source_id ORDER BY number) AS place
    FROM staged_task WHERE source = '{FILE_SOURCE}'
) twin WHERE twin.number = staged_task.number AND twin.place > 1
"""  # noqa: S608 - names of our own
MISSING_ID = f"{NOT_IN_FILE} AND task.called IS NULL"
# Other programs name tasks that are elsewhere.
MISSING_TASK = f"{NOT_IN_FILE} AND task.called IS NOT NULL AND NOT task.is_bad"
ALREADY_HERE = "SELECT number, line, id AS value FROM staged_task WHERE is_known"
# Recognised only by its content, a row may stand for a different task.
SAME_CONTENT = f"SELECT number, line, id AS value FROM staged_task WHERE is_known AND source = '{FILE_SOURCE}'"  # noqa: S608
REPEATED_OCCURRENCE = """
SELECT task.number, task.line, task.occurrence AS value FROM staged_task task JOIN (
    SELECT series, occurrence FROM staged_task WHERE series IS NOT NULL AND NOT is_bad
    GROUP BY series, occurrence HAVING COUNT(*) > 1
) twin ON twin.series = task.series AND twin.occurrence = task.occurrence
"""
# Of rows that are to be written. The tasks of an update are refused one by one.
INTO_ARCHIVED = f"""
SELECT task.number, task.line, project.name AS value FROM staged_task task
JOIN staged_project project ON project.number = task.project WHERE project.is_archived AND {IS_NEW}
"""  # noqa: S608 - names of our own
NOT_A_MEMBER = """
SELECT task.number, task.line,
    person.username AS value, COALESCE(project.name, present.name) AS project
FROM staged_task task JOIN accounts_user person ON person.id = task.assigned_to_id
LEFT JOIN staged_project project ON project.number = task.project
LEFT JOIN tasks_task known ON task.is_known AND known.id = task.id
LEFT JOIN projects_project present ON present.id = known.project_id AND task.project IS NULL
WHERE NOT task.is_bad AND (project.number IS NOT NULL OR (present.id IS NOT NULL AND present.inbox_of_id IS NULL))
AND (known.assigned_to_id IS NULL OR known.assigned_to_id <> task.assigned_to_id)
AND NOT EXISTS (
    SELECT 1 FROM projects_membership member
    WHERE member.project_id = COALESCE(project.id, present.id) AND member.person_id = task.assigned_to_id
) AND NOT EXISTS (
    SELECT 1 FROM staged_member member WHERE member.project = project.number AND member.person_id = task.assigned_to_id
)
"""
TOO_MANY_WAIT = f"""
SELECT task.number, task.line, {MAX_DEPENDENTS} AS value FROM staged_task task JOIN (
    SELECT needs FROM staged_link GROUP BY needs HAVING COUNT(*) > {MAX_DEPENDENTS}
) needed ON needed.needs = task.file_id
"""  # noqa: S608 - a number of our own
NEEDED = "COALESCE(needed.called, CAST(link.needs AS text))"
BLOCKED = f"""
WITH RECURSIVE lost(number, needs) AS (
    SELECT link.number, {NEEDED} FROM {LINKED} WHERE needed.is_bad
    UNION
    SELECT link.number, {NEEDED} FROM {LINKED} JOIN lost ON lost.number = needed.number
)
SELECT task.number, task.line, lost.needs AS value FROM lost JOIN staged_task task ON task.number = lost.number
WHERE NOT task.is_bad
"""  # noqa: S608 - names of our own
BLOCKED_BY_BAD = f"{BLOCKED} AND task.called IS NOT NULL"
BLOCKED_BY_BAD_ROW = f"{BLOCKED} AND task.called IS NULL"
SENTENCES = {
    REPEATED_ID: ("id", "twice", gettext_noop("The id {} appears more than once.")),
    REPEATED_MADE_UP_ID: ("id", "twice", gettext_noop("This id appears more than once.")),
    REPEATED_SOURCE: ("source_id", "twice", gettext_noop("The source_id {} appears more than once.")),
    MISSING_ID: ("pre_tasks", "does_not_exist", gettext_noop("The file has no row with the id {}.")),
    MISSING_TASK: (
        "pre_tasks",
        "does_not_exist",
        gettext_noop("Can't be blocked by {}, because the file doesn't have it."),
    ),
    ALREADY_HERE: ("source_id", "exists", gettext_noop("Already imported, as task {}.")),
    SAME_CONTENT: (
        "source_id",
        "",
        gettext_noop("Already imported, as task {}: a row without an id is recognised by its content."),
    ),
    REPEATED_OCCURRENCE: ("occurrence", "twice", gettext_noop("The series has the occurrence {} more than once.")),
    INTO_ARCHIVED: (
        "project",
        "archived",
        gettext_noop("Can't put a task into the project '{}', because it is archived."),
    ),
    NOT_A_MEMBER: (
        "assigned_to",
        "not_a_member",
        gettext_noop(
            "Can't be assigned to {}, who is not a member of the project '{project}'. Add this person to the project, "
            "and import the file again with update."
        ),
    ),
    TOO_MANY_WAIT: ("id", "dependents", gettext_noop("Can't block more than {} other rows.")),
    BLOCKED_BY_BAD_ROW: (
        "pre_tasks",
        "waits",
        gettext_noop("Blocked by the row with the id {}, which can't be imported."),
    ),
    BLOCKED_BY_BAD: ("pre_tasks", "waits", gettext_noop("Blocked by {}, which can't be imported.")),
}


# The errors of a row stay in the order in which they were found, which both databases keep in a hidden column.
ERRORS = """
SELECT error.line, error.field, error.code, COALESCE(task.called || ': ', '') || error.message
FROM staged_error error JOIN staged_task task ON task.number = error.number ORDER BY error.number, error.{}
"""


NOTICES = """
SELECT notice.line, notice.field, COALESCE(task.called || ': ', '') || notice.message
FROM staged_notice notice LEFT JOIN staged_task task ON task.number = notice.number
WHERE (task.number IS NULL OR NOT task.is_bad {}) ORDER BY notice.number, notice.{}
"""


def across_rows(rows: int, *, strict: bool) -> None:
    """Finds errors between the rows, and marks those rows as bad; if `strict`, also for what is only worth a notice."""
    execute(TWINS)
    for query in (REPEATED_ID, REPEATED_MADE_UP_ID, REPEATED_SOURCE, MISSING_ID, REPEATED_OCCURRENCE, TOO_MANY_WAIT):
        find(query)
    (find if strict else notice)(MISSING_TASK)
    _find_cycles(rows)


def count_bad() -> int:
    """How many rows are bad."""
    return int(fetch("SELECT COUNT(*) FROM staged_task WHERE is_bad")[0][0])


def count_known() -> int:
    """How many good rows have their tasks here already."""
    return int(fetch("SELECT COUNT(*) FROM staged_task WHERE is_known AND NOT is_bad")[0][0])


def errors() -> Iterator[RowError]:
    """All errors, in the order of the rows."""
    for values in all_rows(ERRORS.format(_hidden_order())):
        yield RowError(*values)


def notices(*, of_known: bool) -> Iterator[Notice]:
    """The notices of good rows, in their order; those about the whole file come first."""
    wanted = "" if of_known else "AND (task.is_known IS NULL OR notice.field = 'source_id')"
    for values in all_rows(NOTICES.format(wanted, _hidden_order())):
        yield Notice(*values)


def _hidden_order() -> str:
    return "ctid" if connection.vendor == "postgresql" else "rowid"


def notice(query: str) -> None:
    """Adds a notice to the rows of the query, which is one of SENTENCES."""
    column, _code, sentence = SENTENCES[query]
    found = f"SELECT number, line, %s, {_filled_in(query)} FROM ({query}) found"  # noqa: S608 - ours
    execute(f"INSERT INTO staged_notice ({', '.join(NOTICE_COLUMNS)}) {found}", [column, _(sentence)])


def find(query: str) -> None:
    """Marks the rows of the query as bad, with its sentence."""
    column, code, sentence = SENTENCES[query]
    values = f"%s, %s, {_filled_in(query)}"
    found = f"SELECT number, line, {values} FROM ({query}) found ORDER BY number, value"  # noqa: S608 - ours
    if execute(f"INSERT INTO staged_error ({', '.join(ERROR_COLUMNS)}) {found}", [column, code, _(sentence)]):
        mark_bad(f"SELECT number FROM ({query}) found")  # noqa: S608 - a query of our own


def _filled_in(query: str) -> str:
    """The sentence, a parameter, with what the query has found."""
    said = "REPLACE(%s, '{}', CAST(value AS text))"
    return f"REPLACE({said}, '{{project}}', project)" if query == NOT_A_MEMBER else said


def _find_cycles(rows: int) -> None:
    forward = f"SELECT 1 FROM {LINKED} WHERE needed.number >= task.number LIMIT 1"  # noqa: S608 - names of our own
    if not fetch(forward):
        return  # if every link points to an earlier row, there is no cycle
    found = cycles(links_in_order(), rows)
    while some := list(islice(found, CHUNK_ROWS)):
        load_rows("staged_error", ERROR_COLUMNS, [_error_of(cycle) for cycle in some])
        numbers = (number for cycle in some for number in cycle)
        while together := list(islice(numbers, CHUNK_ROWS)):
            mark_bad(", ".join(map(str, together)))


def has_links() -> bool:
    """Whether any row names prerequisites."""
    return bool(fetch("SELECT 1 FROM staged_link LIMIT 1"))


def links_in_order() -> Iterator[tuple[int, int]]:
    """The links between the rows, as needed and waiting number, ordered by the first."""
    ordered = f"SELECT needed.number, task.number FROM {LINKED} ORDER BY needed.number"  # noqa: S608 - names of our own
    return ((int(needed), int(waiting)) for needed, waiting in all_rows(ordered))


def _error_of(cycle: list[int]) -> tuple[Any, ...]:
    half = MAX_PATH_SHOWN // 2
    shown = cycle if len(cycle) <= MAX_PATH_SHOWN else [*cycle[:half], *cycle[-half:]]
    marks = ", ".join(map(str, shown))
    rows = fetch(f"SELECT number, line, called FROM staged_task WHERE number IN ({marks})")  # noqa: S608 - numbers
    names = {number: called or str(line) for number, line, called in rows}
    way = [names[number] for number in shown]
    if len(shown) < len(cycle):
        way.insert(half, "…")
    first, line, called = min(rows, key=lambda row: shown.index(row[0]))
    said = _("A task can't block itself: %(way)s.") if called else _("A task can't block itself: lines %(way)s.")
    return first, line, "pre_tasks", "circle", said % {"way": " → ".join(way)}


def mark_bad(numbers: str) -> None:
    """Marks these rows as bad: their numbers, or a query for them."""
    execute(f"UPDATE staged_task SET is_bad = %s WHERE number IN ({numbers})", [True])  # noqa: S608 - ours
