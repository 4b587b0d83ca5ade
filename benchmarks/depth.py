"""Does a page far down the list cost more than the first one?"""

import json
from dataclasses import replace
from functools import partial
from typing import Any

from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from rest_framework.test import force_authenticate
from rich.console import Console

from benchmarks import shape
from benchmarks.measure import Goal, Row, Sizes, rounds_of
from benchmarks.seed import seed
from taskbell.accounts.models import User
from taskbell.api.tasks import Tasks
from taskbell.common.clock import utc_now
from taskbell.search.keyset import columns_of, cursor_after
from taskbell.search.pages import DEFAULT_PAGE_SIZE
from taskbell.search.tasks import order_of, with_columns
from taskbell.tasks.models import Task

ORDERINGS = ("-id", "title", "due_date", "priority", "created_at")
PEOPLE = {"manager": shape.MANAGER, "member": shape.BUSY}
GOAL = Goal("ratio", 1.3)
view = Tasks.as_view()


def run(sizes: Sizes) -> list[Row]:
    """Pages of the list by its own view, for a manager, who sees all tasks, and for a member who has many."""
    # An installation that has outgrown 100,000 tasks uses PostgreSQL.
    tasks = sizes.tasks if connection.vendor == "postgresql" else max(sizes.tasks // 10, 100)
    seed(tasks, people=sizes.people, now=utc_now())
    return [_row(role, name, replace(sizes, tasks=tasks)) for role in PEOPLE for name in ORDERINGS]


def _row(role: str, name: str, sizes: Sizes) -> Row:
    person = User.objects.get(pk=PEOPLE[role])
    count = Task.objects.visible_to(person).count()
    depth = min(sizes.tasks if role == "manager" else count, count - DEFAULT_PAGE_SIZE) * 9 // 10
    cursor, expected = _place(person, name, depth)
    first, deep = (partial(_page, person, name, place) for place in ("", cursor))
    if [task["id"] for task in json.loads(deep().content)["results"]] != expected:
        raise RuntimeError(f"The page at depth {depth:,} by {name} holds other tasks than the list has there.")
    beside, times = rounds_of([first, deep], rounds=sizes.rounds)
    row = Row(f"{role}, {name}, depth {depth:,}", times, beside, "page one", GOAL)
    if not row.is_met:
        _explain(f"{row.what}: {row.ratio:.2f} ×", deep)
    return row


def _place(person: User, name: str, depth: int) -> tuple[str, list[int]]:
    """The cursor after so many rows, and the ids that follow it, both by counting."""
    keys = order_of({"ordering": name}, default="-id")
    tasks = with_columns(Task.objects.visible_to(person), {key.name for key in keys}, person)
    ordered = tasks.order_by(*(key.order() for key in keys))
    last, *page = ordered.values_list(*columns_of(keys))[depth - 1 : depth + DEFAULT_PAGE_SIZE]
    return cursor_after(last, keys), [row[-1] for row in page]


def _request(person: User, name: str, cursor: str = "") -> Any:
    request = RequestFactory().get("/api/tasks/", {"ordering": name, "cursor": cursor}, HTTP_HOST="localhost")
    force_authenticate(request, user=person)
    return request


def _page(person: User, name: str, cursor: str) -> Any:
    return view(_request(person, name, cursor))


def _explain(title: str, act: Any) -> None:
    """Shows how the database finds the rows."""
    with CaptureQueriesContext(connection) as queries:
        act()
    slowest = max(queries.captured_queries, key=lambda query: float(query["time"]))["sql"]
    how = "EXPLAIN (ANALYZE, BUFFERS)" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        cursor.execute(f"{how} {slowest}")
        lines = [str(line[-1]) for line in cursor.fetchall()]
    Console(stderr=True).print(title, *lines, sep="\n", markup=False, highlight=False, soft_wrap=True)
