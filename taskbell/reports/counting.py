"""Counts of tasks by kind, maintained by the database on every write.

Triggers see every way of writing tasks: verbs, bulk requests, the admin, COPY and manual SQL. They only
insert differences, so no two writers ever wait for the same row; a job adds the differences up.
"""

from typing import NamedTuple

from django.db import connection, transaction

from taskbell.common.locks import one_at_a_time
from taskbell.common.sql import execute, fetch


class Difference(NamedTuple):
    """The error of a stored count."""

    section: str
    key: str
    n: int


def _counted(rows: str, n: int) -> str:
    """A query for what these task rows add to the counts, or with -1 subtract from them."""
    status = "CASE WHEN is_overdue AND stage IN ('PENDING', 'IN_PROGRESS') THEN 'OVERDUE' ELSE stage END"
    keys = {"status": status, "priority": "priority", "assigned": "assigned_to_id", "created": "created_by_id"}
    return " UNION ALL ".join(
        f"SELECT '{section}' AS section, CAST({key} AS VARCHAR(20)) AS key, {n} AS n "  # noqa: S608 - constants
        f"FROM {rows} AS {section} WHERE deleted_at IS NULL AND {key} IS NOT NULL"
        for section, key in keys.items()
    )


def _write_sums(*parts: str) -> str:
    return (
        "INSERT INTO reports_taskcount (section, key, n) SELECT section, key, SUM(n) "  # noqa: S608 - constants
        f"FROM ({' UNION ALL '.join(parts)}) AS parts GROUP BY section, key HAVING SUM(n) <> 0"
    )


KEPT = "SELECT section, key, -n AS n FROM reports_taskcount"
# One statement sees one snapshot, so stored and recounted numbers match despite concurrent writes.
RECOUNT = _write_sums(_counted("tasks_task", 1), KEPT)
COLUMNS = ("stage", "is_overdue", "priority", "assigned_to_id", "created_by_id", "deleted_at")
NEW, OLD = ("(SELECT " + ", ".join(f"{row}.{name} AS {name}" for name in COLUMNS) + ")" for row in ("NEW", "OLD"))
CHANGES = {"insert": ("fresh",), "update": ("fresh", "stale"), "delete": ("stale",)}


def trigger_statements(vendor: str) -> list[str]:
    """The SQL that creates the triggers. Existing ones must be dropped first."""
    return _on_postgresql() if vendor == "postgresql" else _on_sqlite()


def drop_statements(vendor: str) -> list[str]:
    """The SQL that drops the triggers."""
    where, events = ("", CHANGES) if vendor == "sqlite" else (" ON tasks_task", [*CHANGES, "truncate"])
    return [f"DROP TRIGGER IF EXISTS count_{event}{where}" for event in events]


def _on_sqlite() -> list[str]:
    """Row triggers; an update only counts if it touches a counted column."""
    sides = {"fresh": _counted(NEW, 1), "stale": _counted(OLD, -1)}
    events = {"insert": "INSERT", "update": f"UPDATE OF {', '.join(COLUMNS)}", "delete": "DELETE"}
    return [
        f"CREATE TRIGGER count_{event} AFTER {events[event]} ON tasks_task "
        f"BEGIN {_write_sums(*(sides[side] for side in tables))}; END"
        for event, tables in CHANGES.items()
    ]


def _on_postgresql() -> list[str]:
    """Statement triggers: a COPY of 100,000 tasks adds one row per count, not per task."""
    sides = {"fresh": _counted("fresh", 1), "stale": _counted("stale", -1)}
    names = {"fresh": "NEW TABLE AS fresh", "stale": "OLD TABLE AS stale"}
    statements = []
    for event, tables in CHANGES.items():
        statements += _trigger(event, _write_sums(*(sides[side] for side in tables)))
        statements[-1] += f" REFERENCING {' '.join(names[side] for side in tables)} FOR EACH STATEMENT"
        statements[-1] += f" EXECUTE FUNCTION count_tasks_{event}()"
    truncate = _trigger("truncate", "DELETE FROM reports_taskcount")
    return [*statements, truncate[0], f"{truncate[1]} FOR EACH STATEMENT EXECUTE FUNCTION count_tasks_truncate()"]


def _trigger(event: str, action: str) -> list[str]:
    body = f"BEGIN {action}; RETURN NULL; END"
    return [
        f"CREATE OR REPLACE FUNCTION count_tasks_{event}() RETURNS trigger AS $${body}$$ LANGUAGE plpgsql",
        f"CREATE TRIGGER count_{event} AFTER {event.upper()} ON tasks_task",
    ]


# The CASE keeps PostgreSQL from casting a status to a number, and lets both databases use the index on people's ids.
SUMS = """
SELECT section, COALESCE(username, key), n
FROM (SELECT section, key, SUM(n) AS n FROM reports_taskcount GROUP BY section, key) AS sums LEFT JOIN accounts_user
  ON accounts_user.id = CASE WHEN section IN ('assigned', 'created') THEN CAST(key AS BIGINT) END
"""


def kept() -> list[tuple[str, str, int]]:
    """The stored counts by section and key; people by username."""
    return fetch(SUMS)


@transaction.atomic
def recount() -> list[Difference]:
    """Recounts all tasks and corrects the stored counts; returns the differences. Blocks no other writer."""
    one_at_a_time("recount")
    return sorted(Difference(*row) for row in fetch(f"{RECOUNT} RETURNING section, key, n"))


# Both skip counts that already have one row. On PostgreSQL only rows that this statement deleted are added up, so
# two concurrent folds never add up the same row; on SQLite nobody writes between two statements.
TWICE = "SELECT section, key FROM reports_taskcount GROUP BY section, key HAVING COUNT(*) > 1"
FOLD = {
    "postgresql": [
        f"WITH gone AS (DELETE FROM reports_taskcount WHERE (section, key) IN ({TWICE}) RETURNING section, key, n) "  # noqa: S608
        "INSERT INTO reports_taskcount (section, key, n) SELECT section, key, SUM(n) FROM gone GROUP BY section, key"
    ],
    "sqlite": [
        "CREATE TEMP TABLE folded AS SELECT section, key, SUM(n) AS n FROM reports_taskcount "
        "GROUP BY section, key HAVING COUNT(*) > 1",
        "DELETE FROM reports_taskcount WHERE (section, key) IN (SELECT section, key FROM folded)",
        "INSERT INTO reports_taskcount (section, key, n) SELECT section, key, n FROM folded",
        "DROP TABLE folded",
    ],
}


@transaction.atomic
def fold() -> None:
    """Adds up the differences of each count into one row. The counts stay the same; concurrent folds are safe."""
    one_at_a_time("fold")
    for statement in FOLD[connection.vendor]:
        execute(statement)
