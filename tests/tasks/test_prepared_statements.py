"""On PostgreSQL, statements that stay the same are prepared, and a connection keeps the text of no others."""

from typing import Any

import pytest
from django.db import connection

from taskbell.accounts.models import User
from taskbell.web.rows import tasks_for_rows
from tests.conftest import NOW
from tests.services import IS_POSTGRES

pytestmark = [pytest.mark.django_db, pytest.mark.skipif(not IS_POSTGRES, reason="SQLite prepares by itself")]


def prepared() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM pg_prepared_statements")
        return int(cursor.fetchone()[0])


def test_the_rows_of_a_list_are_prepared_once(bo: User) -> None:
    tasks_for_rows([1], bo)
    before = prepared()
    tasks_for_rows([1], bo)
    assert 0 < before == prepared()


def test_a_connection_keeps_no_statement_with_its_values(bo: User) -> None:
    tasks_for_rows([1], bo)
    for number in range(20):
        User.objects.filter(pk=bo.pk).update(first_name=f"Bo {number}", last_login=NOW)
    kept: Any = connection.connection._prepared  # psycopg has no other word on it
    assert not kept._counts
    assert all(b"Bo 1" not in text for text, _types in kept._names)
