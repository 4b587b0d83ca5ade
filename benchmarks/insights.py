"""What does the report cost, in sequential scans of the tasks?"""

import json
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.test import RequestFactory
from rest_framework.test import force_authenticate

from benchmarks import shape
from benchmarks.measure import Goal, Row, Sizes, rounds_of
from benchmarks.seed import load_tasks, seed_people, settle
from taskbell.accounts.models import User
from taskbell.api.insights import Insights
from taskbell.common.clock import utc_now
from taskbell.reports.insights import insights_of
from taskbell.tasks.counting import fold
from taskbell.tasks.models import Task

KEPT, FILTERED, FLAT = Goal("ratio", 0.15), Goal("ratio", 2.5), Goal("ratio", 2)
OPEN_OR_DONE = {"status": "PENDING,IN_PROGRESS,OVERDUE,COMPLETED"}  # 94 of 100
WITHOUT_INDEX = """
SET LOCAL max_parallel_workers_per_gather = 0;
SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_bitmapscan = off
"""
view = Insights.as_view()


def run(sizes: Sizes) -> list[Row]:
    """The report by its own view, with a tenth of the tasks and with all."""
    # An installation that has outgrown 100,000 tasks uses PostgreSQL.
    tasks = sizes.tasks if connection.vendor == "postgresql" else max(sizes.tasks // 10, 200)
    now = utc_now()
    seed_people(sizes.people, now=now)
    shared, table = shape.teams(sizes.people), list[list[Row]]()
    rows = shape.tasks(tasks, people=sizes.people, now=now, shared=shared)
    for count, more in ((tasks // 10, tasks // 10), (tasks, tasks - tasks // 10)):
        load_tasks(islice(rows, more), total=more)
        fold()
        settle()
        table.append(_rows(count, sizes))
    few, many = table
    flat = Row(f"everybody's, {tasks:,} tasks", many[0].times, few[0].times, f"{tasks // 10:,} tasks", FLAT)
    return [*(replace(row, goal=None) for row in few), *many, flat]


def _rows(count: int, sizes: Sizes) -> list[Row]:
    manager, busy = (User.objects.get(pk=pk) for pk in (shape.MANAGER, shape.BUSY))
    usual = User.objects.get(pk=max(sizes.people // 2, 3))
    sides = {
        f"everybody's, {count:,} tasks": (partial(_report, manager), KEPT),
        f"of one person, {count:,} tasks": (partial(_report, usual), KEPT),
        f"of who has one in ten, {count:,} tasks": (partial(_report, busy), None),
        f"with filters, {count:,} tasks": (partial(_report, manager, **OPEN_OR_DONE), FILTERED),
        f"a series of months, {count:,} tasks": (partial(_report, manager, group="month"), None),
    }
    asked = insights_of(Task.objects.visible_to(manager), now=utc_now())
    if asked | {"tasks_due_soon": 0} != json.loads(_report(manager).content) | {"tasks_due_soon": 0}:
        raise RuntimeError("The counts that are kept are not those of counting.")
    scan, *times = rounds_of([_scan, *(act for act, _ in sides.values())], rounds=sizes.rounds)
    return [
        Row(what, times_of_one, scan, "one scan", goal)
        for (what, (_, goal)), times_of_one in zip(sides.items(), times, strict=True)
    ]


def _report(person: User, **query: str) -> Any:
    request = RequestFactory().get("/api/reports/insights/", query, HTTP_HOST="localhost")
    force_authenticate(request, user=person)
    return view(request)


def _scan() -> None:
    """Every row of the table, read once, by one process."""
    table = "tasks_task" if connection.vendor == "postgresql" else "tasks_task NOT INDEXED"
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(WITHOUT_INDEX)
        cursor.execute(f"SELECT COUNT(*) FROM {table} WHERE deleted_at IS NULL")  # noqa: S608 - a name of our own
        cursor.fetchone()
