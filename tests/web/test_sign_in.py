"""Signing in and out with a browser."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.db.models import F
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from taskbell.accounts.actions import WRONG_SIGN_IN
from taskbell.accounts.known_browsers import COOKIE, LIFETIME
from taskbell.accounts.lockout import STRANGERS
from taskbell.accounts.models import Session, User
from tests.web.conftest import PASSWORD, Browser, text

BrowserOf = Callable[[User], Browser]


def alert(answer: Any) -> str:
    page = text(answer)
    return page.partition('role="alert">')[2].partition("</div>")[0]


def test_bob_signs_in_by_name_or_address(bob: User) -> None:
    for identifier in ("bob", "BOB", "bob@example.org"):
        browser = Browser()
        assert browser.sign_in(identifier)["Location"] == "/"
        assert browser.is_signed_in


@pytest.mark.usefixtures("bob")
def test_a_wrong_password_and_an_unknown_name_read_alike(browser: Browser) -> None:
    wrong, unknown = browser.sign_in("bob", "wrong"), browser.sign_in("nobody", "wrong")
    assert wrong.status_code == unknown.status_code == 401
    assert alert(wrong) == alert(unknown) == f"<p>{WRONG_SIGN_IN}</p>"
    assert not browser.is_signed_in


@pytest.mark.usefixtures("bob")
def test_too_many_attempts_are_told_with_the_time_to_wait(browser: Browser) -> None:
    for _ in range(STRANGERS.max_attempts):
        browser.sign_in("bob", "wrong")
    answer = browser.sign_in("bob")
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert "Too many attempts" in text(answer)


def test_bob_lands_where_he_was_going(browser: Browser, bob: User) -> None:
    door = browser.get("/password/change/")["Location"]
    assert door == "/sign-in/?next=/password/change/"
    assert 'name="next" value="/password/change/"' in text(browser.get(door))
    assert browser.sign_in("bob", next="/password/change/")["Location"] == "/password/change/"


FOREIGN = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "http:evil.example",
    "javascript:alert(1)",
    " https://evil.example/",
    "/\t/evil.example",
]


@pytest.mark.parametrize("target", FOREIGN)
def test_nobody_is_sent_to_a_foreign_place(browser: Browser, bob: User, target: str) -> None:
    assert "evil" not in text(browser.get("/sign-in/", {"next": target}))
    assert browser.sign_in("bob", next=target)["Location"] == "/"
    assert browser.get("/sign-in/", {"next": target})["Location"] == "/"


def test_signing_out_ends_the_session_so_that_its_old_cookie_is_refused(browser_of: BrowserOf, bob: User) -> None:
    browser = browser_of(bob)
    stolen = browser.cookies["sessionid"].value
    assert browser.post("/sign-out/")["Location"] == "/"
    assert not browser.is_signed_in
    assert Session.objects.get(user=bob).ended_because == "signed out"
    thief = Browser()
    thief.cookies["sessionid"] = stolen
    assert not thief.is_signed_in


def test_signing_out_here_leaves_the_other_browser_signed_in(browser_of: BrowserOf, bob: User) -> None:
    here, there = browser_of(bob), browser_of(bob)
    here.post("/sign-out/")
    assert there.is_signed_in


def test_a_link_cannot_sign_anybody_out(browser_of: BrowserOf, bob: User) -> None:
    browser = browser_of(bob)
    assert browser.get("/sign-out/").status_code == 405
    assert browser.is_signed_in


def test_signing_out_twice_is_no_error(browser: Browser) -> None:
    assert browser.post("/sign-out/").status_code == 302


def test_somebody_who_was_made_inactive_is_out_at_once(browser_of: BrowserOf, bob: User) -> None:
    browser = browser_of(bob)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert not browser.is_signed_in
    assert browser.sign_in("bob").status_code == 401


@pytest.mark.usefixtures("bob")
def test_forms_need_the_token_of_the_browser() -> None:
    browser = Browser(enforce_csrf_checks=True)
    for path in (
        "/sign-in/",
        "/sign-up/",
        "/sign-out/",
        "/password/reset/",
        "/settings/",
        reverse("end-other-sessions"),
    ):
        answer = browser.post(path, {})
        assert answer.status_code == 403, path
        assert "This form has expired" in text(answer)


def test_a_form_of_before_the_sign_in_is_over_after_it(bob: User) -> None:
    browser = Browser(enforce_csrf_checks=True)
    browser.get("/sign-in/")
    old = browser.cookies["csrftoken"].value
    assert browser.sign_in("bob", csrfmiddlewaretoken=old).status_code == 302
    assert browser.post("/sign-out/", {"csrfmiddlewaretoken": old}).status_code == 403
    assert browser.is_signed_in


def lock(name: str) -> None:
    """What strangers do; the browser that bob signs in with is not among them."""
    for _ in range(STRANGERS.max_attempts):
        Browser(headers={"X-Forwarded-For": "192.0.2.1"}).sign_in(name, "wrong")


def test_bobs_browser_gets_in_while_strangers_are_refused(bob: User, alice: User) -> None:
    mine, hers = Browser(), Browser()
    for browser, name in ((mine, "bob"), (hers, "alice")):
        browser.sign_in(name)
        browser.post("/sign-out/")
    Session.objects.update(network="")
    lock("bob")
    assert Browser().sign_in("bob").status_code == 429
    assert hers.sign_in("bob").status_code == 429
    assert mine.sign_in("BOB@example.org").status_code == 302


def test_the_cookie_of_a_known_browser_is_signed_and_hidden_from_scripts(browser: Browser, bob: User) -> None:
    browser.sign_in("bob")
    cookie = browser.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert int(cookie["max-age"]) == LIFETIME.total_seconds()
    browser.post("/sign-out/")
    Session.objects.update(network="")
    lock("bob")
    for forged in ("", "x", cookie.value[:-1], f"{cookie.value}x", "W1wiYVwiLFsxXV0:1:x"):
        browser.cookies[COOKIE] = forged
        assert browser.sign_in("bob").status_code == 429, forged


def test_two_people_share_a_browser(browser: Browser, bob: User, alice: User) -> None:
    for name in ("bob", "alice"):
        browser.sign_in(name)
        browser.post("/sign-out/")
    Session.objects.update(network="")
    for name in ("bob", "alice"):
        lock(name)
        assert browser.sign_in(name).status_code == 302
        browser.post("/sign-out/")


def test_the_browser_in_which_bob_chose_a_new_password_is_known(browser: Browser, bob: User) -> None:
    uid = urlsafe_base64_encode(force_bytes(bob.pk))
    link = f"/password/reset/{uid}/{default_token_generator.make_token(bob)}/"
    assert browser.post(link, {"new_password": "a new and longer one"}).status_code == 302
    lock("bob")
    assert Browser().sign_in("bob", "a new and longer one").status_code == 429
    assert browser.sign_in("bob", "a new and longer one").status_code == 302


def test_a_browser_that_signed_in_before_there_was_the_cookie_gets_it(browser: Browser, bob: User) -> None:
    browser.sign_in("bob")
    del browser.cookies[COOKIE]
    assert browser.is_signed_in
    assert COOKIE not in browser.cookies
    Session.objects.update(last_used_at=F("last_used_at") - timedelta(hours=2))
    assert browser.is_signed_in
    assert COOKIE in browser.cookies


def test_a_program_that_keeps_the_cookie_is_known_as_well(browser: Browser, bob: User) -> None:
    browser.sign_in("bob")
    Session.objects.update(network="")
    lock("bob")
    body = {"username": "bob", "password": PASSWORD}
    assert Browser().post("/api/token/", body, "application/json").status_code == 429
    assert browser.post("/api/token/", body, "application/json").status_code == 200
