"""People, programs that ask in their name, and a limit to what an answer may cost."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import hypothesis
import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection
from django.db.backends.sqlite3.base import DatabaseOperations
from django.db.models import AutoField
from django.http import HttpResponse
from django.test import Client as DjangoClient
from django.test.utils import CaptureQueriesContext
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import sync_playwright

from taskbell.accounts import actions, tokens
from taskbell.accounts.models import Installation, User
from taskbell.accounts.policy import Role
from taskbell.common.clock import utc_now
from taskbell.tasks.counting import drop_statements, trigger_statements
from tests import openapi
from tests.processes import RunningTaskbell, taskbell

APPEND_ONLY = import_module("taskbell.activity.migrations.0002_append_only")
MONTHS = import_module("taskbell.activity.migrations.0009_months")
PASSWORD = "correct horse battery"
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ID_DISTANCE = 1_000_000  # between the first ids of two tables

# Two runs of the tests say the same, on a busy machine as well.
# `make test PYTEST=--hypothesis-profile=explore` looks for new counter-examples.
hypothesis.settings.register_profile("explore", derandomize=False, deadline=None)
hypothesis.settings.register_profile("same-every-time", derandomize=True, deadline=None)
hypothesis.settings.load_profile("same-every-time")


def pytest_itemcollected(item: Any) -> None:
    """A test whose module starts Taskbell has a mark, by which `make check` leaves it out."""
    if any(value is RunningTaskbell or value is taskbell for value in vars(item.module).values()):
        item.add_marker("processes")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes begins first: all else is run beside it."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


class Program:
    """A program that speaks JSON with the API, in somebody's name or in nobody's."""

    def __init__(self, access: str | None = None) -> None:
        self.access = access
        self.http = DjangoClient(HTTP_HOST="localhost", raise_request_exception=False)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        if self.access:
            headers.setdefault("Authorization", f"Bearer {self.access}")
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        content_type = headers.pop("content_type", "application/json")
        answer = self.http.generic(method, path, data, content_type=content_type, headers=headers)
        if not answer.streaming:
            openapi.check(method, path, answer, answer.content)
        return answer

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self("POST", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self("PUT", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self("PATCH", path, body, **headers)

    def delete(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self("DELETE", path, body, **headers)


def make_person(name: str, role: Role) -> User:
    """A person of an installation that somebody has claimed long ago."""
    Installation.claim(NOW)
    return User.objects.create_person(
        username=name, email=f"{name}@example.org", password=PASSWORD, first_name=name.title(), role=role
    )


@pytest.fixture
def ada(db: None) -> User:
    """An ADMIN."""
    return make_person("ada", Role.ADMIN)


@pytest.fixture
def mia(db: None) -> User:
    """A MANAGER."""
    return make_person("mia", Role.MANAGER)


@pytest.fixture
def bo(db: None) -> User:
    """A MEMBER."""
    return make_person("bo", Role.MEMBER)


@pytest.fixture
def cy(db: None) -> User:
    """Another MEMBER, who has nothing to do with Bo."""
    return make_person("cy", Role.MEMBER)


@pytest.fixture
def ivo(db: None) -> User:
    """An INTERN."""
    return make_person("ivo", Role.INTERN)


@pytest.fixture
def anonymous() -> Program:
    """A program in nobody's name."""
    return Program()


@pytest.fixture
def as_user() -> Callable[[User], Program]:
    """A program in the name of a person who has just signed in."""

    def signed_in(person: User) -> Program:
        session = actions.open_session(person, client=actions.Client(), now=utc_now())
        return Program(tokens.pair_for(session).access)

    return signed_in


QueryBudget = Callable[[int], AbstractContextManager[None]]


@pytest.fixture
def query_budget() -> QueryBudget:
    """Fails when the block asks the database more often than it may."""

    @contextmanager
    def within(most: int) -> Iterator[None]:
        with CaptureQueriesContext(connection) as queries:
            yield
        said = "\n".join(query["sql"][:200] for query in queries.captured_queries)
        assert len(queries) <= most, f"{len(queries)} queries where {most} are enough:\n{said}"

    return within


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The tables count from different numbers, so that no test passes with the id of another table's row."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for place, model in enumerate(apps.get_models(include_auto_created=True), start=1):
            table, key, first = model._meta.db_table, model._meta.pk, place * ID_DISTANCE
            if not isinstance(key, AutoField):
                continue
            if connection.vendor == "postgresql":
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s)", [table, key.column, first])
            else:
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
                cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, first])


@pytest.fixture(scope="session", autouse=True)
def _tables_can_be_emptied_between_tests() -> Iterator[None]:
    """SQLite empties tables by DELETE, which some triggers refuse and others count; PostgreSQL truncates."""
    sql_flush = DatabaseOperations.sql_flush
    drop = [f"DROP TRIGGER IF EXISTS activity_{verb}" for verb in ("update", "delete")] + drop_statements("sqlite")
    anew = [APPEND_ONLY.statements("sqlite")[0], MONTHS.SQLITE, *trigger_statements("sqlite")]

    def flush(self: DatabaseOperations, *args: Any, **kwargs: Any) -> list[str]:
        return [*drop, *sql_flush(self, *args, **kwargs), *anew]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", flush)
        yield


@pytest.fixture(autouse=True)
def _history_takes_its_place_without_a_commit(request: pytest.FixtureRequest) -> None:
    """Most tests run in a transaction that is never committed; PostgreSQL would place their lines when it is."""
    if connection.vendor != "postgresql" or "db" not in request.fixturenames:
        return
    request.getfixturevalue("db")
    if connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS activity_come_last, activity_take_places IMMEDIATE")


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=["--no-sandbox"])  # it opens no other site
        yield browser
        browser.close()
