"""Requests end at their deadline, on both databases, and nobody has more than two slow ones."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection, connections, transaction

from taskbell.accounts.models import User
from taskbell.common import deadline as deadlines
from taskbell.common import fair_reads
from taskbell.common.deadline import deadline, has_passed, no_deadline, was_too_slow
from taskbell.common.errors import TooMany
from taskbell.common.fair_reads import MAX_READS, SLOW_AFTER, Reads
from taskbell.tasks.models import Task
from tests.conftest import Program
from tests.web.conftest import Browser

Somebody = Callable[[User], Program]
ENDLESS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n",
    "postgresql": "SELECT pg_sleep(60)",
}


def in_thread(work: Callable[[], Any]) -> Any:
    """The result in a thread with a connection of its own, as a request has one."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(work())
        except Exception as error:
            found.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    return found[0]


def endless() -> None:
    with connection.cursor() as cursor:
        cursor.execute(ENDLESS[connection.vendor])
        cursor.fetchall()


@pytest.mark.django_db(transaction=True)
def test_an_endless_statement_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taskbell.common.postgresql.base.MAX_SECONDS", 0.1)

    def work() -> None:
        with deadline(0.1):
            endless()

    error = in_thread(work)
    assert isinstance(error, OperationalError)
    assert was_too_slow(error)


@pytest.mark.django_db(transaction=True)
def test_after_the_deadline_no_statement_begins_and_the_transaction_is_undone() -> None:
    def work() -> None:
        with deadline(60), transaction.atomic():
            Task.objects.all().delete()
            deadlines._current.at = 0
            Task.objects.count()

    assert was_too_slow(in_thread(work))


@pytest.mark.django_db
def test_without_a_request_there_is_no_deadline() -> None:
    assert not has_passed()
    with deadline(-1):
        assert has_passed()
        with no_deadline():
            assert Task.objects.count() == 0
        with deadline():
            assert Task.objects.count() == 0
        with pytest.raises(OperationalError):
            Task.objects.count()
    assert Task.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_an_import_has_no_statement_timeout_and_what_follows_has_one_again() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("of PostgreSQL")

    def timeout() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            return str(cursor.fetchone()[0])

    def work() -> list[str]:
        found = []
        with deadline():
            found.append(timeout())
            with no_deadline():
                found.append(timeout())
            found.append(timeout())
        return found

    assert in_thread(work) == ["10s", "0", "10s"]
    assert in_thread(timeout) == "0"  # of a worker


def stopped(execute: Any, sql: str, *arguments: Any) -> Any:
    """Stops every statement after those that find out who asks."""
    if "accounts_session" not in sql:
        raise OperationalError("interrupted")
    return execute(sql, *arguments)


PATHS = ["tasks/", "tasks/?q=a", "reports/insights/?q=a", "tasks/logs/", "users/?q=a", "categories/", "changes/"]


@pytest.mark.parametrize("path", PATHS)
def test_a_program_that_asks_too_much_gets_503_and_a_sentence(ada: User, as_user: Somebody, path: str) -> None:
    program = as_user(ada)
    with connection.execute_wrapper(stopped):
        answer: Any = program.get(f"/api/{path}")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer.json()["detail"].startswith("This took longer than 10 seconds and was stopped")


def test_a_page_that_takes_too_long_says_so(ada: User) -> None:
    browser = Browser()
    browser.sign_in("ada")
    with connection.execute_wrapper(stopped):
        for path in ("/admin/tasks/task/?q=a", "/"):
            answer = browser.get(path, HTTP_ACCEPT="text/html")
            assert (answer.status_code, answer["Retry-After"]) == (503, "5")
            assert "longer than 10 seconds" in answer.content.decode()


def test_a_third_read_is_refused_once_two_are_slow() -> None:
    now = 0.0
    reads = Reads(clock=lambda: now)
    first, second = reads.begin(1), reads.begin(1)
    now = SLOW_AFTER
    with pytest.raises(TooMany) as refusal:
        reads.begin(1)
    assert refusal.value.retry_after == 1
    reads.begin(2)()  # somebody else
    first()
    third = reads.begin(1)
    second()
    third()
    assert not reads._begun


def test_a_third_read_waits_for_quick_ones() -> None:
    reads = Reads(clock=lambda: 0.0)
    first, second = reads.begin(1), reads.begin(1)
    begun = threading.Event()

    def third() -> None:
        end = reads.begin(1)
        begun.set()
        end()

    thread = threading.Thread(target=third)
    thread.start()
    assert not begun.wait(0.05)
    first()
    assert begun.wait(10)
    thread.join(10)
    second()
    assert not reads._begun


def test_programs_and_browsers_are_refused_in_their_own_ways(
    ada: User, as_user: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, browser = as_user(ada), Browser()
    browser.sign_in("ada")
    now = 0.0
    monkeypatch.setattr(fair_reads, "reads", Reads(clock=lambda: now))
    ends = [fair_reads.reads.begin(ada.pk) for _ in range(MAX_READS)]
    now = SLOW_AFTER
    refused = [program.get(f"/api/{path}") for path in ("tasks/?q=a", "reports/insights/", "tasks/logs/")]
    refused.append(browser.get("/admin/tasks/task/?q=a"))
    for answer in refused:
        assert (answer.status_code, answer["Retry-After"]) == (429, "1")
    assert program.get("/api/tasks/").status_code == 200  # the first page, and everything that writes
    assert program.post("/api/tasks/", {"title": "x"}).status_code == 201
    for end in ends:
        end()
    assert program.get("/api/tasks/?q=a").status_code == 200
    assert not fair_reads.reads._begun
