"""Counts of all tasks by kind, maintained by the database on every write.

Triggers see every way of writing tasks: verbs, bulk requests, the admin, COPY and manual SQL. They only
insert differences, so no two writers ever wait for the same row; a job adds the differences up.
"""

from collections.abc import Collection
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Q, Sum

from taskbell.common.locks import in_batches, one_at_a_time
from taskbell.common.sql import execute, fetch
from taskbell.tasks.kinds import OPEN_STAGES

# The columns of a task that are counted, and their types.
COLUMNS = {
    "stage": "varchar(12)",
    "is_overdue": "boolean",
    "priority": "smallint",
    "category_id": "bigint",
    "due_date": "date",
    "project_id": "bigint",
    "assigned_to_id": "bigint",
    "created_by_id": "bigint",
}
KIND = ("stage", "is_overdue", "priority")
# What is counted together. Each section counts every task that is not in the trash once.
SECTIONS = {
    "category": (*KIND, "category_id"),
    "due": (*KIND, "due_date"),
    "project": ("project_id", "stage", "is_overdue"),
    "assigned": ("assigned_to_id",),
    "created": ("created_by_id",),
}
RECENT = "recent"  # differences by all columns: part of every section
CHUNK_ROWS = 10_000
MANY_ROWS = 1000  # more in one statement are added up by sections at once
EVENTS = {"insert": {"NEW": 1}, "update": {"NEW": 1, "OLD": -1}, "delete": {"OLD": -1}}


def _number_of(model: str) -> "models.ForeignKey[None, None]":
    # Without constraint and index, which would make every difference more expensive to write.
    return models.ForeignKey(
        model, on_delete=models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="+"
    )


class TaskCount(models.Model):
    """A difference in the number of tasks of one kind. The sum of a section's rows and the recent ones is the count.

    Columns that its section does not count by are empty. Written only by triggers, `fold` and `recount`.
    """

    section = models.CharField(max_length=10, help_text="A section, or `recent`.")
    stage = models.CharField(max_length=12, null=True)
    is_overdue = models.BooleanField(null=True)
    priority = models.SmallIntegerField(null=True)
    category = _number_of("tasks.Category")
    due_date = models.DateField(null=True)
    project = _number_of("projects.Project")
    assigned_to = _number_of(settings.AUTH_USER_MODEL)
    created_by = _number_of(settings.AUTH_USER_MODEL)
    n = models.IntegerField()

    class Meta:
        indexes = [
            models.Index(
                fields=["section", "stage", "priority", "due_date", "is_overdue", "n"], name="counts_of_section"
            ),
            models.Index(fields=["project", "section"], name="counts_of_project", condition=Q(project__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.section}: {self.n:+}"


class OpenCount(NamedTuple):
    """How many open tasks there are, and how many of them are overdue."""

    open: int = 0
    overdue: int = 0


def open_counts(projects: Collection[int]) -> dict[int, OpenCount]:
    """The open tasks of each of these projects, in one query, whose cost does not depend on the number of tasks."""
    kept = TaskCount.objects.filter(project__in=projects, section__in=["project", RECENT], stage__in=OPEN_STAGES)
    sums = kept.values_list("project").annotate(open=Sum("n"), overdue=Sum("n", filter=Q(is_overdue=True), default=0))
    found = {project: OpenCount(*counts) for project, *counts in sums}
    return {project: found.get(project, OpenCount()) for project in projects}


class Difference(NamedTuple):
    """The error of a stored count. The key has the values of the section's columns."""

    section: str
    key: str
    n: int


NAMES = ", ".join(COLUMNS)
INSERT = f"INSERT INTO tasks_taskcount (section, {NAMES}, n)"


def _sections_of(rows: str, n: str = "1") -> str:
    """A query for what these rows count in each section."""
    return " UNION ALL ".join(
        f"SELECT '{section}' AS section, "  # noqa: S608 - constants
        + ", ".join(name if name in counted else f"CAST(NULL AS {kind}) AS {name}" for name, kind in COLUMNS.items())
        + f", SUM({n}) AS n FROM {rows} GROUP BY {', '.join(counted)} HAVING SUM({n}) <> 0"
        for section, counted in SECTIONS.items()
    )


def _sums_of(rows: str) -> str:
    return f"SELECT section, {NAMES}, SUM(n) FROM {rows} GROUP BY section, {NAMES} HAVING SUM(n) <> 0"  # noqa: S608


def _differences(event: str, *, is_rows: bool) -> str:
    """A query for what changes: in tables of rows, or in one row."""
    parts = []
    for side, n in EVENTS[event].items():
        row = ", ".join(f"{side}.{name} AS {name}" for name in (*COLUMNS, "deleted_at"))
        rows = f"{side}_rows" if is_rows else f"(SELECT {row})"
        parts.append(f"SELECT '{RECENT}' AS section, {NAMES}, {n} AS n FROM {rows} AS {side}_ WHERE deleted_at IS NULL")  # noqa: S608
    return f"({' UNION ALL '.join(parts)}) AS parts"


def trigger_statements(vendor: str) -> list[str]:
    """The SQL that creates the triggers. Existing ones must be dropped first."""
    return _on_postgresql() if vendor == "postgresql" else _on_sqlite()


def drop_statements(vendor: str) -> list[str]:
    """The SQL that drops the triggers."""
    where, events = ("", EVENTS) if vendor == "sqlite" else (" ON tasks_task", [*EVENTS, "truncate"])
    return [f"DROP TRIGGER IF EXISTS keep_count_{event}{where}" for event in events]


def _on_sqlite() -> list[str]:
    """Row triggers; an update only counts if it touches a counted column."""
    events = {"insert": "INSERT", "update": f"UPDATE OF {NAMES}, deleted_at", "delete": "DELETE"}
    return [
        f"CREATE TRIGGER keep_count_{event} AFTER {events[event]} ON tasks_task "
        f"BEGIN {INSERT} {_sums_of(_differences(event, is_rows=False))}; END"
        for event in EVENTS
    ]


def _on_postgresql() -> list[str]:
    """Statement triggers: a COPY of many tasks adds one row for each count that changes."""
    statements = []
    for event, sides in EVENTS.items():
        tables = " ".join(f"{side} TABLE AS {side}_rows" for side in sides)
        changes, (first, *_) = _differences(event, is_rows=True), sides
        action = (
            f"IF EXISTS (SELECT FROM {first}_rows OFFSET {MANY_ROWS}) "
            f"THEN {INSERT} {_sections_of(changes, 'n')}; ELSE {INSERT} {_sums_of(changes)}; END IF"
        )
        statements += _trigger(event, action, f"REFERENCING {tables}")
    return statements + _trigger("truncate", "DELETE FROM tasks_taskcount")


def _trigger(event: str, action: str, referencing: str = "") -> list[str]:
    body = f"BEGIN {action}; RETURN NULL; END"
    return [
        f"CREATE OR REPLACE FUNCTION keep_count_{event}() RETURNS trigger AS $${body}$$ LANGUAGE plpgsql",
        f"CREATE TRIGGER keep_count_{event} AFTER {event.upper()} ON tasks_task {referencing} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION keep_count_{event}()",
    ]


# One statement sees one snapshot, so stored and recounted numbers match despite concurrent writes.
COUNTED = _sections_of("tasks_task WHERE deleted_at IS NULL")
RECENTLY = _sections_of(f"tasks_taskcount WHERE section = '{RECENT}'", "-n")
KEPT = f"SELECT section, {NAMES}, -n FROM tasks_taskcount WHERE section <> '{RECENT}'"  # noqa: S608 - constants
RECOUNT = f"{INSERT} {_sums_of(f'({COUNTED} UNION ALL {RECENTLY} UNION ALL {KEPT}) AS parts')}"


@transaction.atomic
def recount() -> list[Difference]:
    """Recounts all tasks and corrects the stored counts; returns the differences. Blocks no other writer."""
    one_at_a_time("recount")
    return sorted(
        Difference(row[0], _key(*row[:-1]), row[-1]) for row in fetch(f"{RECOUNT} RETURNING section, {NAMES}, n")
    )


def _key(section: str, *values: Any) -> str:
    named = {name: value for name, value in zip(COLUMNS, values, strict=True) if name in SECTIONS.get(section, COLUMNS)}
    return ", ".join(str(bool(value) if name == "is_overdue" else value) for name, value in named.items())


def _fold(rows: str, sums: str) -> dict[str, list[str]]:
    """Replaces rows by sums of them, for each database.

    On PostgreSQL only rows that the statement itself deletes are added up, so no difference is lost or counted twice;
    on SQLite nobody writes between two statements.
    """
    delete = "DELETE FROM tasks_taskcount WHERE id IN"
    return {
        "postgresql": [f"WITH gone AS ({delete} ({rows}) RETURNING *) {INSERT} {sums}"],
        "sqlite": [
            f"CREATE TEMP TABLE gone AS SELECT * FROM tasks_taskcount WHERE id IN ({rows})",  # noqa: S608 - constants
            f"{delete} (SELECT id FROM gone)",  # noqa: S608 - constants
            f"{INSERT} {sums}",
            "DROP TABLE gone",
        ],
    }


FOLD_RECENT = _fold(
    f"SELECT id FROM tasks_taskcount WHERE section = '{RECENT}' ORDER BY id LIMIT {CHUNK_ROWS}",  # noqa: S608
    _sections_of("gone", "n"),
)
FOLD_SECTIONS = _fold(
    # Numbers first: texts take longer to sort.
    f"SELECT id FROM (SELECT id, COUNT(*) OVER (PARTITION BY {', '.join(reversed(COLUMNS))}, section) AS times "  # noqa: S608
    f"FROM tasks_taskcount WHERE section <> '{RECENT}') AS counts WHERE times > 1",
    _sums_of("gone"),
)


def fold() -> None:
    """Adds up the differences of each count into one row. The counts stay the same; concurrent folds are safe."""
    in_batches(_fold_chunk)


@transaction.atomic
def _fold_chunk() -> int:
    """Returns 0 once there are no recent differences."""
    one_at_a_time("fold")
    done = max(map(execute, FOLD_RECENT[connection.vendor]))
    for statement in FOLD_SECTIONS[connection.vendor]:
        execute(statement)
    return max(done, 0)
