"""How PostgreSQL finds the rows of 1,000,000 tasks: by an index, wherever people wait for it (docs/decisions/0023)."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from benchmarks import shape
from benchmarks.seed import load, seed_people, seed_tasks
from taskbell.accounts.models import Profile, User
from taskbell.search.tasks import ORDERS
from taskbell.tasks.counting import recount
from taskbell.tasks.digest import send_digests
from taskbell.tasks.models import Prerequisite, Task
from tests.conftest import Program
from tests.services import IS_POSTGRES

pytestmark = [pytest.mark.django_db, pytest.mark.skipif(not IS_POSTGRES, reason="These are plans of PostgreSQL.")]
TASKS, PEOPLE = 1_000_000, 1000
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
MEMBER, ANY_TASK = 50, 77_777
FILTERS = [
    "",
    "stage=PENDING,IN_PROGRESS&priority=MEDIUM,HIGH&due_date_gte=2026-01-01&due_date_lte=2999-12-31",
    "status=OVERDUE",
    "completed=false&category=3",
    "blocked=true",
    "created_by=me",
    "assigned_to=me&priority=URGENT",
    "updated_since=2026-11-01T00:00:00Z",
    "q=water",
]
# For who sees everything: the orders that have an index, page by page and without a count.
INDEXED = ["id", "title", "due_date", "due_at", "priority", "created_at"]
# VACUUM can't run in the transaction of a test. It marks the pages whose rows can be read from an index alone. Where it
# never ran, a member's blocked tasks seem to cost as much as all tasks; with three tenths of the pages marked, less.
AS_VACUUMED = """
    UPDATE pg_class SET relallvisible = relpages WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""

Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def ask(django_db_setup: None, django_db_blocker: Any) -> Iterator[Ask]:
    """Asks the API in somebody's name, and fails where a query goes through all tasks."""
    with django_db_blocker.unblock(), transaction.atomic():
        seed_people(PEOPLE, now=NOW)  # with their Inboxes, which a trigger makes
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET LOCAL session_replication_role = replica")  # not a check and a count for every row
        seed_tasks(TASKS, people=PEOPLE, now=NOW)
        load(Prerequisite, ("task", "needs"), list(shape.prerequisites(TASKS)))
        recount()
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = origin")
            cursor.execute("ANALYZE")
            cursor.execute(AS_VACUUMED)
        yield asked
        transaction.set_rollback(True)


def asked(program: Program, path: str) -> Any:
    """The answer; all that was read for it was found by an index."""
    with CaptureQueriesContext(connection) as queries:
        answer = program.get(path)
    assert answer.status_code == 200, answer.content
    scanned = [sql for sql in (query["sql"] for query in queries.captured_queries) if scans_tasks(sql)]
    assert not scanned, f"{path} reads all tasks: {scanned[0][:2000]}"
    return answer.json()


def scans_tasks(sql: str) -> bool:
    """True where PostgreSQL would read the table of tasks, or of their texts, from its beginning to its end."""
    if not sql.lstrip().startswith(("SELECT", "WITH")):
        return False
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT JSON) " + sql.replace("%", "%%"), ())
        plan = cursor.fetchone()[0]
    nodes = [(json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]]
    while nodes:
        node = nodes.pop()
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in ("tasks_task", "tasks_searchtext"):
            return True
        nodes += node.get("Plans", [])
    return False


@pytest.fixture
def program(ask: Ask, as_user: Callable[[User], Program]) -> Callable[[int], Program]:
    """In the name of one of the people."""
    return lambda pk: as_user(User.objects.get(pk=pk))


def test_a_scan_would_be_seen(ask: Ask) -> None:
    assert scans_tasks("SELECT COUNT(description) FROM tasks_task")
    assert not scans_tasks("SELECT * FROM tasks_task WHERE id = 5")


@pytest.mark.parametrize("who", [MEMBER, shape.BUSY])
def test_members_find_their_tasks_by_an_index_in_every_order(
    ask: Ask, program: Callable[[int], Program], who: int
) -> None:
    one = program(who)
    for narrowing in FILTERS:
        # The plan depends on each of them, hardly on the two together.
        for order in ORDERS if narrowing in FILTERS[:2] else ["id"]:
            for way, page in (("", "page=1"), ("-", "cursor=")):
                ask(one, f"/api/tasks/?{narrowing}&ordering={way}{order}&page_size=5&{page}")


def test_managers_find_pages_of_all_tasks_by_an_index(ask: Ask, program: Callable[[int], Program]) -> None:
    mia = program(shape.MANAGER)
    for narrowing in FILTERS[:2]:
        for order in (way + name for name in INDEXED for way in ("", "-")):
            page = ask(mia, f"/api/tasks/?{narrowing}&ordering={order}&cursor=")
            for _ in range(2):
                page = ask(mia, page["next"])


def test_managers_know_how_many_match_without_counting_them(ask: Ask, program: Callable[[int], Program]) -> None:
    mia = program(shape.MANAGER)
    for narrowing in (*FILTERS[:3], "has_due=true&priority=URGENT", "category=none,3&status=OVERDUE,COMPLETED"):
        page = ask(mia, f"/api/tasks/?{narrowing}&page_size=5")
        assert page["count"] > 1000
        assert page["next"]


def test_managers_find_words_by_an_index(ask: Ask, program: Callable[[int], Program]) -> None:
    mia = program(shape.MANAGER)
    for words in (f"plants {ANY_TASK}", f"({ANY_TASK})", "cactus", "xyz water plants"):
        for page in ("page=1", "cursor="):
            ask(mia, f"/api/tasks/?q={words}&{page}")


@pytest.mark.parametrize("who", [MEMBER, shape.MANAGER])
def test_what_else_is_opened_all_day_is_found_by_an_index(
    ask: Ask, program: Callable[[int], Program], who: int
) -> None:
    one = program(who)
    task = Task.objects.filter(created_by=who, deleted_at=None).values_list("pk", flat=True).first()
    for path in (f"tasks/{task}/", f"tasks/{task}/logs/", f"tasks/{task}/schedule/", "notifications/", "changes/"):
        ask(one, f"/api/{path}")
    cursor = ask(one, "/api/changes/")["cursor"]
    ask(one, f"/api/changes/?since={cursor}")


def test_what_is_due_soon_is_found_by_an_index(ask: Ask, program: Callable[[int], Program]) -> None:
    ask(program(MEMBER), "/api/reports/insights/")
    Profile.objects.exclude(user=MEMBER).update(digest_enabled=False)
    Profile.objects.filter(user=MEMBER).update(digest_since=NOW - timedelta(days=3))
    with CaptureQueriesContext(connection) as queries:
        send_digests(NOW + timedelta(hours=12))
        list(Task.objects.newly_overdue(NOW)[:500])
    asked_for = [query["sql"] for query in queries.captured_queries if "tasks_task" in query["sql"]]
    assert asked_for
    assert not any(scans_tasks(sql) for sql in asked_for)
