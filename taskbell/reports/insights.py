"""Counts of tasks by kind: the queries behind summaries and charts."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, NotRequired, TypedDict

from django.db import connection
from django.db.models import BigIntegerField, BooleanField, F, Q
from django.db.models.expressions import RawSQL

from taskbell.accounts.models import User
from taskbell.common.sql import fetch
from taskbell.common.union import Union
from taskbell.projects.models import Project
from taskbell.reports.project_totals import ProjectTotalOut, totals_of, totals_of_everything
from taskbell.reports.series import PeriodOut, Periods, series
from taskbell.search.counts import IN_ARCHIVE
from taskbell.tasks.kinds import PRIORITY_NAMES, STATUSES, Priority, Stage, status_of
from taskbell.tasks.models import IS_OPEN_BY_INDEX, Task, TaskQuerySet

SOON = timedelta(hours=24)
HALF_A_DAY = timedelta(hours=12)
Row = tuple[str | None, bool | None, int | None, str | None, str | None, int]  # the columns that `NAMED` selects
Part = tuple[str, tuple[Any, ...]]  # of a statement, with its parameters


@dataclass(frozen=True)
class Question:
    """The request: the person, the tasks (also as lists), whether these are all tasks, and the sections to add."""

    person: User
    tasks: TaskQuerySet
    lists: Union[Task]
    is_of_everything: bool
    by_project: bool = False
    periods: Periods | None = None


class InsightsOut(TypedDict):
    """Counts of tasks by kind."""

    total: int
    completed: int
    pending: int
    tasks_by_priority: Annotated[dict[str, int], f"Each of {', '.join(PRIORITY_NAMES)}."]
    tasks_by_status: Annotated[dict[str, int], f"Each of {', '.join(STATUSES)}."]
    tasks_assigned: Annotated[dict[str, int], "By username."]
    tasks_created: Annotated[dict[str, int], "By username."]
    tasks_due_soon: Annotated[int, "Open tasks that are due within 24 hours."]
    tasks_by_project: NotRequired[
        Annotated[list[ProjectTotalOut], "Only with `by_project`: projects that you see and that have tasks, by name."]
    ]
    series: NotRequired[Annotated[list[PeriodOut], "Only with `group`."]]


def insights(question: Question, *, now: datetime) -> InsightsOut:
    """The report, with the totals of projects and the series if requested."""
    everything, tasks = question.is_of_everything, question.tasks
    report = insights_of_everything(now=now) if everything else insights_of(tasks, question.lists, now=now)
    if question.by_project:
        report["tasks_by_project"] = totals_of_everything() if everything else totals_of(tasks, to=question.person)
    if question.periods:
        report["series"] = series(tasks, question.periods)
    return report


def insights_of_everything(*, now: datetime) -> InsightsOut:
    """The report over everybody's tasks, from the stored counts, without those of archived projects.

    Its cost depends on the number of archived tasks alone.
    """
    rows = fetch(NAMED.format(counted=KEPT))
    if Project.objects.archived().exists():
        rows += [(*kind, -n) for *kind, n in _asked(Union([Task.objects.filter(IN_ARCHIVE, deleted_at=None)]))]
    return _report(rows, due_soon(Task.objects.in_use(), now=now))


def insights_of(tasks: TaskQuerySet, lists: Union[Task] | None = None, *, now: datetime) -> InsightsOut:
    """The report over these tasks, counted from the rows; from their lists, if given, by indexes alone."""
    return _report(_asked(lists or Union([tasks])), due_soon(tasks, now=now))


def due_soon(tasks: TaskQuerySet, *, now: datetime) -> int:
    """The number of open tasks due within the next 24 hours.

    A task without a due time is due on its day: it counts on that day and in the twelve hours before.
    """
    within = Q(due_at__lte=now + SOON) | Q(due_time=None)
    # A task due in the future can't be overdue; the condition is needed to use the index, which excludes overdue tasks.
    coming = tasks.open().filter(
        IS_OPEN_BY_INDEX, is_overdue=False, due_at__gt=now, due_at__lte=now + SOON + HALF_A_DAY
    )
    return coming.filter(within).count()


def _report(rows: Iterable[Row], soon: int) -> InsightsOut:
    """The report: every status and priority, even with 0, and only people with tasks."""
    statuses, priorities, assigned, created = (Counter[Any]() for _ in range(4))
    for stage, is_overdue, priority, assignee, creator, n in rows:
        if stage is not None:
            statuses[status_of(stage, bool(is_overdue))] += n
            priorities[priority] += n
        assigned[assignee] += n
        created[creator] += n
    by_status = {status: statuses[status] for status in STATUSES}
    return {
        "total": sum(by_status.values()),
        "completed": by_status[Stage.COMPLETED],
        "pending": by_status[Stage.PENDING],
        "tasks_by_priority": {rank.name: priorities[rank] for rank in Priority},
        "tasks_by_status": by_status,
        "tasks_assigned": _by_name(assigned),
        "tasks_created": _by_name(created),
        "tasks_due_soon": soon,
    }


def _by_name(counts: Counter[Any]) -> dict[str, int]:
    return {name: counts[name] for name in sorted(counts.keys() - {None}) if counts[name]}


def _asked(tasks: Union[Task]) -> list[Row]:
    """The counts by kind and by person, in one query.

    Alternatives we measured: a query per section, one after the other or in parallel on several connections
    (docs/decisions/0017-counts-kept-and-asked.md).
    """
    people = {"assigned": F("assigned_to_id"), "created": F("created_by_id")}
    counted = [part.order_by().values("stage", "is_overdue", "priority", **people) for part in tasks.parts]
    with connection.cursor() as cursor:
        parts = _on_postgresql(counted, cursor) if connection.vendor == "postgresql" else _sections(counted)
        every = " UNION ALL ".join(sql for sql, _ in parts)
        cursor.execute(NAMED.format(counted=every), [value for _, values in parts for value in values])
        return list(cursor.fetchall())


def _on_postgresql(lists: list[Any], cursor: Any) -> list[Part]:
    """PostgreSQL counts all sections in one scan, split over two processes if it reads the whole table.

    Each process counts one half of the blocks. PostgreSQL's own parallel scan passes every row to the one
    process that counts, which takes longer. Several lists are read by their indexes.
    """
    if len(lists) == 1 and "Seq Scan" in lists[0].explain():
        lists = [lists[0].filter(half) for half in _halves(cursor)]
    parts = (counted.annotate(n=COUNT).query.sql_with_params() for counted in lists)
    return [(f"{sql} GROUP BY GROUPING SETS ((1, 2, 3), 4, 5)", parameters) for sql, parameters in parts]


def _halves(cursor: Any) -> list[Any]:
    """Conditions for the two halves of the table."""
    cursor.execute("SELECT pg_relation_size('tasks_task') / current_setting('block_size')::bigint / 2")
    middle = f"({cursor.fetchone()[0]},0)"
    return [RawSQL(f"tasks_task.ctid {side} %s::tid", [middle], BooleanField()) for side in ("<", ">=")]  # noqa: S611


def _sections(lists: list[Any]) -> list[Part]:
    """SQLite scans the rows of each list once per section."""
    queries = [counted.query.sql_with_params() for counted in lists]
    return [(section.format(inner=inner), values) for inner, values in queries for section in ON_SQLITE]


# Raw SQL, because Count() would make Django add a GROUP BY of its own.
COUNT = RawSQL("COUNT(*)", [], BigIntegerField())
# Each row counts for every column that it has. Status and priority are grouped as stored, and named afterwards.
NAMED = """
SELECT stage, is_overdue, priority, assignee.username, creator.username, n FROM ({counted}) AS counted
LEFT JOIN accounts_user AS assignee ON assignee.id = assigned LEFT JOIN accounts_user AS creator ON creator.id = created
"""
KEPT = """
SELECT stage, is_overdue, priority, assigned_to_id AS assigned, created_by_id AS created, SUM(n) AS n
FROM tasks_taskcount WHERE section IN ('category', 'assigned', 'created', 'recent') GROUP BY 1, 2, 3, 4, 5
"""
# The plus keeps SQLite from using an index on people, which would read the table in random order.
ON_SQLITE = [
    "SELECT stage, is_overdue, priority, NULL AS assigned, NULL AS created, COUNT(*) AS n FROM ({inner}) "
    "GROUP BY stage, is_overdue, +priority",
    "SELECT NULL, NULL, NULL, assigned, NULL, COUNT(*) FROM ({inner}) GROUP BY +assigned",
    "SELECT NULL, NULL, NULL, NULL, created, COUNT(*) FROM ({inner}) GROUP BY +created",
]
