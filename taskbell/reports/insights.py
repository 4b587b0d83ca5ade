"""How many tasks there are of each kind: the questions behind summaries and charts."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from taskbell.reports.counting import kept
from taskbell.reports.series import Span, series
from taskbell.tasks.models import IS_OPEN_BY_INDEX, STATUSES, Priority, Stage, Task, TaskQuerySet, status_of

SOON = timedelta(hours=24)
SECTIONS = ("status", "priority", "assigned", "created")
Row = tuple[str, str | None, int]


@dataclass(frozen=True)
class Question:
    """What is asked: over which tasks, whether these are all there are, and for which time a series, if any."""

    tasks: TaskQuerySet
    is_of_everything: bool
    span: Span | None = None


def insights(question: Question, *, now: datetime) -> dict[str, Any]:
    """The report as the contract has it, and the series where one is asked for."""
    everything, tasks = question.is_of_everything, question.tasks
    report = insights_of_everything(now=now) if everything else insights_of(tasks, now=now)
    return report | {"series": series(tasks, question.span)} if question.span else report


def insights_of_everything(*, now: datetime) -> dict[str, Any]:
    """The report over all tasks, from the counts that are kept: it costs the same however many there are."""
    return _report(kept(), due_soon(Task.objects.all(), now=now))


def insights_of(tasks: TaskQuerySet, *, now: datetime) -> dict[str, Any]:
    """The report over these tasks, asked of the rows themselves."""
    return _report(_asked(tasks), due_soon(tasks, now=now))


def due_soon(tasks: TaskQuerySet, *, now: datetime) -> int:
    """How many of them are open and due within the next 24 hours."""
    # What is due later than now cannot be overdue; said, because the index holds only what is not.
    coming = tasks.open().filter(IS_OPEN_BY_INDEX, is_overdue=False, due_at__gt=now, due_at__lte=now + SOON)
    return coming.count()


def _report(rows: Iterable[Row], soon: int) -> dict[str, Any]:
    """The report as the contract has it: each status and priority, also with 0, and people who have any."""
    counts: dict[str, Counter[str]] = {section: Counter() for section in SECTIONS}
    for section, key, n in rows:
        if key is not None and n:
            counts[section][key] += n
    by_status = {status: counts["status"][status] for status in STATUSES}
    return {
        "total": sum(by_status.values()),
        "completed": by_status[Stage.COMPLETED],
        "pending": by_status[Stage.PENDING],
        "tasks_by_priority": {rank.name: counts["priority"][str(rank.value)] for rank in Priority},
        "tasks_by_status": by_status,
        "tasks_assigned": dict(sorted(counts["assigned"].items())),
        "tasks_created": dict(sorted(counts["created"].items())),
        "tasks_due_soon": soon,
    }


def _asked(tasks: TaskQuerySet) -> Iterator[Row]:
    """The counts by section and key, people by their names, in one query.

    PostgreSQL reads the rows once for all sections. Measured beside this: a query for each section, one after the other
    or side by side on several connections (docs/decisions/0017-counts-kept-and-asked.md).
    """
    people = {"assigned": F("assigned_to_id"), "created": F("created_by_id")}
    narrow = tasks.order_by().values("stage", "is_overdue", "priority", **people)
    inner, parameters = narrow.query.sql_with_params()
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Several processes would hand every single row to one that counts: that takes longer.
            cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
            cursor.execute(ON_POSTGRESQL.format(inner=inner), parameters)
        else:
            cursor.execute(ON_SQLITE.format(inner=inner), parameters * ON_SQLITE.count("{inner}"))
        counted = cursor.fetchall()
    for section, stage, is_overdue, priority, username, n in counted:
        if section == "kind":
            yield "status", status_of(stage, is_overdue), n
            yield "priority", str(priority), n
        else:
            yield section, username, n


# What a row says of status and priority is grouped as it is stored, and put into words afterwards.
NAMED = """
SELECT section, stage, is_overdue, priority, username, n
FROM ({counted}) AS counted LEFT JOIN accounts_user ON accounts_user.id = person
"""
ON_POSTGRESQL = NAMED.format(
    counted="""
    SELECT CASE 0 WHEN GROUPING(stage) THEN 'kind' WHEN GROUPING(assigned) THEN 'assigned' ELSE 'created' END section,
           stage, is_overdue, priority, COALESCE(assigned, created) AS person, COUNT(*) AS n
    FROM ({inner}) AS asked GROUP BY GROUPING SETS ((stage, is_overdue, priority), assigned, created)
    """
)
# The plus keeps SQLite from walking along an index of people, which jumps about in the table.
ON_SQLITE = NAMED.format(
    counted="""
    SELECT 'kind' AS section, stage, is_overdue, priority, NULL AS person, COUNT(*) AS n FROM ({inner})
    GROUP BY stage, is_overdue, +priority
    UNION ALL SELECT 'assigned', NULL, NULL, NULL, assigned, COUNT(*) FROM ({inner}) GROUP BY +assigned
    UNION ALL SELECT 'created', NULL, NULL, NULL, created, COUNT(*) FROM ({inner}) GROUP BY +created
    """
)
