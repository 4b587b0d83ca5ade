"""A password that was forgotten, and one that is changed."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.tokens import default_token_generator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from taskbell.accounts.models import User
from taskbell.accounts.throttle import RESET_PER_ACCOUNT
from taskbell.notifications.models import Notification
from tests.web.conftest import PASSWORD, Browser, text

NEW = "a new and longer one"
BrowserOf = Callable[[User], Browser]


def link_for(person: User) -> str:
    uid = urlsafe_base64_encode(force_bytes(person.pk))
    return f"/password/reset/{uid}/{default_token_generator.make_token(person)}/"


def body(answer: Any) -> str:
    return text(answer).partition("<main")[2]


def test_the_answer_never_tells_whether_somebody_has_the_address(browser: Browser, bob: User) -> None:
    known = browser.post("/password/reset/", {"email": "Bob@Example.org"})
    unknown = browser.post("/password/reset/", {"email": "nobody@example.org"})
    assert known.status_code == unknown.status_code == 200
    assert body(known) == body(unknown)
    assert list(Notification.objects.values_list("recipient", "kind")) == [(bob.pk, "password_reset")]


def test_asking_too_often_is_refused_for_unknown_addresses_as_well(browser: Browser) -> None:
    for _ in range(RESET_PER_ACCOUNT.max_attempts):
        browser.post("/password/reset/", {"email": "nobody@example.org"})
    assert browser.post("/password/reset/", {"email": "nobody@example.org"}).status_code == 429


def test_bob_chooses_a_new_password_by_the_link_and_is_signed_out_everywhere(browser_of: BrowserOf, bob: User) -> None:
    before, after, link = browser_of(bob), Browser(), link_for(bob)
    assert "Choose a new password" in text(after.get(link))
    assert after.post(link, {"new_password": NEW})["Location"] == "/sign-in/"
    assert "Your password has been changed" in text(after.get("/sign-in/"))
    assert not before.is_signed_in
    assert Browser().sign_in("bob", PASSWORD).status_code == 401
    assert Browser().sign_in("bob", NEW).status_code == 302


def test_the_link_works_once(browser: Browser, bob: User) -> None:
    link = link_for(bob)
    browser.post(link, {"new_password": NEW})
    for answer in (browser.get(link), browser.post(link, {"new_password": "another one altogether"})):
        assert answer.status_code == 404
        assert "This link has expired" in text(answer)
    assert Browser().sign_in("bob", NEW).status_code == 302


def test_a_weak_new_password_leaves_the_link_valid(browser: Browser, bob: User) -> None:
    link = link_for(bob)
    answer = browser.post(link, {"new_password": "bob"})
    assert answer.status_code == 400
    assert 'id="id_new_password_error"' in text(answer)
    assert browser.post(link, {"new_password": NEW}).status_code == 302


def test_made_up_links_are_over_too(browser: Browser, bob: User) -> None:
    for link in ("/password/reset/x/y/", "/password/reset/%FF/%00/", f"/password/reset/{'9' * 40}/a-b/"):
        assert browser.get(link).status_code == 404, link


def test_bob_changes_his_password_and_stays_signed_in_here_alone(browser_of: BrowserOf, bob: User) -> None:
    here, there = browser_of(bob), browser_of(bob)
    answer = here.post("/password/change/", {"old_password": PASSWORD, "new_password": NEW})
    assert answer["Location"] == "/settings/security/"
    assert here.is_signed_in
    assert not there.is_signed_in


def test_without_the_old_password_nothing_changes(browser_of: BrowserOf, bob: User) -> None:
    browser = browser_of(bob)
    answer = browser.post("/password/change/", {"old_password": "wrong", "new_password": NEW})
    assert answer.status_code == 400
    assert "Wrong password." in text(answer)
    assert Browser().sign_in("bob", PASSWORD).status_code == 302
