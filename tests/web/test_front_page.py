"""The page that strangers read, with its example."""

import json
import shlex

from taskbell.accounts.models import User
from taskbell.web.pages import create_example
from tests.web.conftest import Browser, text


def test_strangers_read_what_it_is_and_where_to_go(browser: Browser, alice: User) -> None:
    page = text(browser.get("/"))
    assert "Tasks that ring on time" in page
    for link in ("/sign-up/", "/sign-in/", "/api/docs/"):
        assert f'href="{link}"' in page


def test_the_example_survives_the_shell() -> None:
    assert json.loads(shlex.split(create_example().replace("\\\n", " "))[-1]) == {"title": "Water the plants"}
