"""The search index, and search without it if PostgreSQL refuses the extension."""

import logging

import pytest
from django.db import connection

from taskbell.accounts.models import User
from taskbell.search.tasks import page_of_tasks
from taskbell.tasks import search_index
from tests.services import IS_POSTGRES
from tests.tasks.conftest import a_task


@pytest.mark.skipif(not IS_POSTGRES, reason="SQLite brings its own index.")
def test_without_the_extension_search_works_and_the_log_says_what_to_do(
    bo: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    search_index.drop_index(connection)
    refused = ["CREATE EXTENSION no_such_extension", search_index.ON_POSTGRESQL[1]]
    monkeypatch.setattr(search_index, "ON_POSTGRESQL", refused)
    with caplog.at_level(logging.WARNING):
        search_index.create_index(connection)
    assert "CREATE EXTENSION pg_trgm" in caplog.text
    assert "CREATE INDEX IF NOT EXISTS search_trigrams" in caplog.text
    a_task(bo, "Café")
    assert page_of_tasks({"q": "cafe"}, bo).count == 1


def test_the_index_can_be_removed_and_built_again_from_the_texts(bo: User) -> None:
    a_task(bo, "Café")
    connection.check_constraints()  # PostgreSQL builds no index while foreign keys wait to be checked
    search_index.drop_index(connection)
    search_index.create_index(connection)
    a_task(bo, "Caffè")
    assert page_of_tasks({"q": "caf"}, bo).count == 2
    assert page_of_tasks({"q": "cafe"}, bo).count == 1
