"""What people and programs are told while the database is away."""

from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
from django.db import OperationalError, connection

from tests.web.conftest import Browser, text
from tests.web.test_every_page import check

HTML = {"HTTP_ACCEPT": "text/html,application/xhtml+xml;q=0.9"}


def away(*_: Any, **__: Any) -> NoReturn:
    raise OperationalError("could not connect to server")


@pytest.fixture
def database_is_away(browser: Browser, bob: Any) -> Iterator[None]:
    """Bob is signed in, and then no connection can be had."""
    browser.sign_in("bob")
    with connection.execute_wrapper(away):
        yield


@pytest.mark.usefixtures("database_is_away")
@pytest.mark.parametrize("path", ["/", "/settings/", "/nowhere/", "/admin/"])
def test_a_browser_is_shown_a_page_that_asks_no_database(browser: Browser, path: str) -> None:
    answer = browser.get(path, **HTML)
    assert answer.status_code == 503
    assert (answer["Retry-After"], answer["Cache-Control"]) == ("5", "no-store")
    assert "Back in a moment" in text(answer)
    check(answer)


@pytest.mark.usefixtures("database_is_away")
def test_whoever_asks_for_no_page_gets_one_line(browser: Browser) -> None:
    answer = browser.get("/", HTTP_ACCEPT="*/*")
    assert (answer.status_code, answer["Content-Type"]) == (503, "text/plain")
    assert text(answer) == "Can't reach the database right now. Try again in a few seconds."


@pytest.mark.usefixtures("database_is_away")
def test_a_program_gets_a_problem_document(browser: Browser) -> None:
    answer = browser.get("/api/tasks/", **HTML)
    assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
    assert answer["Retry-After"] == "5"
