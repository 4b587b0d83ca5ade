"""Alice and Bob, and the browsers they come with."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from taskbell.accounts.models import Installation, User
from taskbell.accounts.policy import Role
from taskbell.common.clock import utc_now
from tests.conftest import NOW

PASSWORD = "correct horse battery"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class Browser(Client):
    """Keeps cookies, follows nothing, and shows error pages instead of raising."""

    def __init__(self, **extra: Any) -> None:
        super().__init__(HTTP_HOST="localhost", HTTP_USER_AGENT=FIREFOX, raise_request_exception=False, **extra)

    def sign_in(self, identifier: str, password: str = PASSWORD, **fields: str) -> Any:
        return self.post("/sign-in/", {"identifier": identifier, "password": password, **fields})

    @property
    def is_signed_in(self) -> bool:
        return self.get("/settings/").status_code == 200


def person(name: str, role: Role = Role.MEMBER) -> User:
    """Somebody of an installation that was claimed before."""
    Installation.objects.filter(claimed_at=None).update(claimed_at=utc_now())
    return User.objects.create_person(username=name, email=f"{name}@example.org", password=PASSWORD, role=role)


@pytest.fixture
def alice(db: None) -> User:
    """An ADMIN."""
    return person("alice", Role.ADMIN)


@pytest.fixture
def bob(db: None) -> User:
    """A MEMBER."""
    return person("bob")


@pytest.fixture
def browser(db: None) -> Browser:
    """Nobody has signed in here yet."""
    return Browser()


@pytest.fixture
def browser_of() -> Callable[[User], Browser]:
    """A browser that somebody has signed in with."""

    def signed_in(person: User) -> Browser:
        browser = Browser()
        assert browser.sign_in(person.username).status_code == 302
        return browser

    return signed_in


@pytest.fixture
def in_november(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are read at NOW: how a date is said depends on how far away it is."""
    monkeypatch.setattr("taskbell.web.shell.utc_now", lambda: NOW)


def text(response: Any) -> str:
    """The page as it was sent."""
    return str(response.content.decode())
