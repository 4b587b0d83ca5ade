from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from taskbell.accounts.models import User
from taskbell.common.postgresql.statistics import analyze_tables_without_statistics
from taskbell.tasks.actions import create_task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW
from tests.processes import eventually
from tests.services import IS_POSTGRES

pytestmark = [pytest.mark.skipif(not IS_POSTGRES, reason="SQLite has no connection to lose."), pytest.mark.django_db]


@pytest.fixture
def kept() -> Iterator[Any]:
    """A connection as a web process keeps it from one request to the next."""
    kept = connection.copy("kept")
    kept.settings_dict |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
    yield kept
    kept.close()


def request_on(kept: Any) -> int:
    """What happens to the connection around a request that asks once; the process that answers on the other side."""
    kept.close_if_unusable_or_obsolete()
    with kept.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def last_asked(process: int) -> Any:
    """When the server was last asked something by this connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT state_change FROM pg_stat_get_activity(%s)", [process])
        return cursor.fetchone()


def test_the_connection_is_kept_and_looked_at_without_a_query(kept: Any) -> None:
    process = request_on(kept)
    before = last_asked(process)
    assert kept.is_usable()
    assert last_asked(process) == before
    assert request_on(kept) == process


def test_a_server_that_has_hung_up_is_noticed_before_the_request_asks(kept: Any) -> None:
    first = request_on(kept)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [first])
    eventually(lambda: not kept.is_usable(), within=20)
    assert request_on(kept) != first


def test_a_notice_that_arrived_meanwhile_costs_a_query_and_no_connection(kept: Any) -> None:
    first = request_on(kept)
    with kept.cursor() as cursor:
        cursor.execute("LISTEN somebody")
    with closing(connection.copy("teller")) as teller, teller.cursor() as cursor:
        cursor.execute("SELECT pg_notify('somebody', 'hello')")
    assert request_on(kept) == first


def test_a_table_that_postgresql_knows_nothing_of_is_looked_at_once(bo: User) -> None:
    create_task(TaskPatch(title="Water the plants"), by=bo, now=NOW)
    forget_statistics("tasks_task")
    analyze_tables_without_statistics()
    with CaptureQueriesContext(connection) as queries:
        analyze_tables_without_statistics()
    assert 'ANALYZE "tasks_task"' not in [query["sql"] for query in queries]
    with connection.cursor() as cursor:
        cursor.execute("SELECT null_frac FROM pg_stats WHERE tablename = 'tasks_task' AND attname = 'deleted_at'")
        assert cursor.fetchone() == (1,)


def forget_statistics(table: str) -> None:
    """As a crash does, soon after the table was filled."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_clear_attribute_stats('public', %s, attname, false) FROM pg_attribute "
            "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
            [table, table],
        )
