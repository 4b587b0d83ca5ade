"""Getting an account with a browser."""

import re
from typing import Any

import pytest
from pytest_django import Settings

from taskbell.accounts.models import Installation, User
from taskbell.accounts.policy import Role
from taskbell.accounts.queries import setup_token
from taskbell.notifications.models import Notification
from tests.web.conftest import PASSWORD, Browser, text

ALICE = {"email": "Alice@Example.org", "username": "alice", "password": PASSWORD, "first_name": "Alice"}
BOB = {"email": "bob@example.org", "password": PASSWORD}


def strip_tokens(page: tuple[Any, ...]) -> tuple[Any, ...]:
    return *page[:-1], re.sub(r'value="\w{64}"', "", page[-1])


@pytest.fixture
def empty(db: None) -> None:
    Installation.objects.update(claimed_at=None)


@pytest.mark.usefixtures("empty")
def test_alice_signs_up_first_and_becomes_admin(browser: Browser) -> None:
    assert "becomes the admin" in text(browser.get("/sign-up/"))
    answer = browser.post("/sign-up/", ALICE)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    alice = User.objects.get()
    assert (alice.role, alice.email, alice.first_name) == (Role.ADMIN, "alice@example.org", "Alice")
    assert "Welcome, Alice." in text(browser.get("/"))
    assert browser.is_signed_in


@pytest.mark.usefixtures("alice")
def test_bob_signs_up_second_and_becomes_a_member_named_by_the_local_part_of_his_address(browser: Browser) -> None:
    assert "becomes the admin" not in text(browser.get("/sign-up/"))
    assert browser.post("/sign-up/", BOB)["Location"] == "/sign-in/"
    assert "Your account is ready: sign in." in text(browser.get("/sign-in/"))
    bob = User.objects.get(email="bob@example.org")
    assert (bob.role, bob.username) == (Role.MEMBER, "bob")
    assert browser.sign_in("bob@example.org").status_code == 302


@pytest.mark.usefixtures("alice")
def test_a_taken_username_is_told_above_the_form_which_keeps_what_was_typed(browser: Browser) -> None:
    answer = browser.post("/sign-up/", BOB | {"username": "Alice"})
    assert answer.status_code == 409
    assert "An account with this username already exists." in text(answer)
    assert 'value="Alice"' in text(answer)
    assert PASSWORD not in text(answer)


@pytest.mark.usefixtures("alice")
def test_the_page_does_not_tell_whether_an_address_is_taken() -> None:
    pages = []
    for email in ("alice@example.org", "bob@example.org"):
        browser = Browser()
        answer = browser.post("/sign-up/", BOB | {"email": email, "username": email[:3]})
        assert (answer.status_code, answer["Location"]) == (302, "/sign-in/")
        main = text(browser.get("/sign-in/")).partition("<main")[2]
        pages.append((sorted(browser.cookies), sorted(answer.headers), main.replace(email, "")))
    assert strip_tokens(pages[0]) == strip_tokens(pages[1])
    assert User.objects.count() == 2
    assert [mail.address for mail in Notification.objects.filter(kind="account_exists")] == ["alice@example.org"]


def test_a_weak_password_is_told_beside_its_field_with_every_reason(browser: Browser) -> None:
    answer = browser.post("/sign-up/", ALICE | {"password": "alice"})
    assert answer.status_code == 400
    assert "too short" in text(answer)
    assert "too similar" in text(answer)
    assert 'aria-describedby="id_password_helptext id_password_error"' in text(answer)
    assert not User.objects.exists()


@pytest.mark.parametrize("email", ["", "alice", "alice@", "a\x00@example.org"])
def test_what_is_no_address_is_refused_by_a_sentence(browser: Browser, email: str) -> None:
    answer = browser.post("/sign-up/", ALICE | {"email": email})
    assert answer.status_code == 400
    assert 'id="id_email_error"' in text(answer)


def test_somebody_who_is_signed_in_needs_no_second_account(browser: Browser) -> None:
    browser.post("/sign-up/", ALICE)
    assert browser.get("/sign-up/")["Location"] == "/"


@pytest.mark.usefixtures("alice")
@pytest.mark.parametrize("mode", ["invite", "closed"])
def test_without_open_registration_nobody_signs_up(browser: Browser, settings: Settings, mode: str) -> None:
    settings.TASKBELL_REGISTRATION = mode
    for answer in (browser.get("/sign-up/"), browser.post("/sign-up/", BOB)):
        assert answer.status_code == 403
        assert "by invitation" in text(answer)
    assert "/sign-up/" not in text(browser.get("/"))
    assert "/sign-up/" not in text(browser.get("/sign-in/"))
    assert not User.objects.filter(email=BOB["email"]).exists()


@pytest.mark.usefixtures("empty")
def test_the_setup_link_makes_the_first_admin_of_a_closed_installation(browser: Browser, settings: Settings) -> None:
    settings.TASKBELL_REGISTRATION = "closed"
    link = f"/setup/{setup_token()}/"
    assert "Create the first account" in text(browser.get(link))
    assert browser.post(link, ALICE).status_code == 302
    assert User.objects.get().role == Role.ADMIN


@pytest.mark.usefixtures("alice")
def test_the_setup_link_is_over_once_somebody_has_used_it(browser: Browser) -> None:
    link = f"/setup/{setup_token()}/"
    for answer in (browser.get(link), browser.post(link, BOB)):
        assert answer.status_code == 404
        assert "The first account has already been created" in text(answer)
    assert User.objects.count() == 1


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize("token", ["x", "ö", "0" * 32])
def test_a_wrong_setup_link_says_where_the_right_one_is(browser: Browser, token: str) -> None:
    answer = browser.get(f"/setup/{token}/")
    assert answer.status_code == 404
    assert "prints the right link when it starts" in text(answer)
