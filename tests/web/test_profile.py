"""Bob's own settings, and where he is signed in."""

from collections.abc import Callable
from datetime import time

import pytest

from taskbell.accounts.models import Session, User
from taskbell.web.browsers import browser_name
from taskbell.web.forms import zone_choices
from tests.web.conftest import FIREFOX, Browser, text

BrowserOf = Callable[[User], Browser]
FORM = {"first_name": "Bob", "last_name": "Burns", "timezone": "Europe/Berlin", "digest_at": "07:30"}


def test_bob_says_what_he_is_called_and_when_he_wants_mail(browser_of: BrowserOf, bob: User) -> None:
    browser = browser_of(bob)
    assert browser.post("/profile/", FORM)["Location"] == "/profile/"
    bob = User.objects.get(pk=bob.pk)
    assert (bob.name, bob.profile.timezone) == ("Bob Burns", "Europe/Berlin")
    assert (bob.profile.digest_enabled, bob.profile.digest_at) == (False, time(7, 30))
    page = text(browser.get("/profile/"))
    assert 'value="07:30"' in page
    assert '<option value="Europe/Berlin" selected>' in page


@pytest.mark.parametrize(
    ("field", "value"),
    [("timezone", "Mars/Olympus"), ("timezone", ""), ("digest_at", "25:00"), ("first_name", "x" * 151)],
)
def test_what_does_not_fit_is_told_beside_its_field(browser_of: BrowserOf, bob: User, field: str, value: str) -> None:
    answer = browser_of(bob).post("/profile/", FORM | {field: value})
    assert answer.status_code == 400
    assert f'id="id_{field}_error"' in text(answer)
    assert User.objects.get(pk=bob.pk).last_name == ""


def test_a_zone_by_its_older_name_stays_chosen(browser_of: BrowserOf, bob: User) -> None:
    bob.profile.timezone = "US/Eastern"
    bob.profile.save()
    assert '<option value="US/Eastern" selected>' in text(browser_of(bob).get("/profile/"))


def test_zones_are_offered_by_their_part_of_the_world() -> None:
    world = dict(zone_choices())
    assert ("Europe/Berlin", "Berlin") in world["Europe"]
    assert ("America/Argentina/Buenos_Aires", "Argentina, Buenos Aires") in world["America"]
    assert "Etc" not in world


def test_bob_sees_his_sessions_and_nobody_elses(browser_of: BrowserOf, bob: User, alice: User) -> None:
    browser, _ = browser_of(bob), browser_of(alice)
    page = text(browser.get("/profile/"))
    assert page.count("Firefox on Linux") == 1
    assert "this one" in page


def test_bob_ends_another_session_of_his(browser_of: BrowserOf, bob: User) -> None:
    here, there = browser_of(bob), browser_of(bob)
    other = Session.objects.filter(user=bob).order_by("created_at").last()
    assert other is not None
    assert here.post(f"/profile/sessions/{other.pk}/end/")["Location"] == "/profile/"
    assert here.is_signed_in
    assert not there.is_signed_in


def test_alice_cannot_end_a_session_of_bob(browser_of: BrowserOf, alice: User, bob: User) -> None:
    his, hers = browser_of(bob), browser_of(alice)
    hers.post(f"/profile/sessions/{Session.objects.get(user=bob).pk}/end/")
    assert his.is_signed_in


def test_bob_signs_out_everywhere_else(browser_of: BrowserOf, bob: User) -> None:
    here, there = browser_of(bob), browser_of(bob)
    stolen = here.cookies["sessionid"].value
    assert here.post("/profile/sessions/end-others/")["Location"] == "/profile/"
    assert here.is_signed_in
    assert not there.is_signed_in
    thief = Browser()
    thief.cookies["sessionid"] = stolen
    assert not thief.is_signed_in


def test_who_had_to_sign_in_first_lands_on_the_profile(browser_of: BrowserOf, bob: User) -> None:
    assert browser_of(bob).get("/profile/sessions/end-others/")["Location"] == "/profile/"
    assert Session.objects.get(user=bob).ended_at is None


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.14.1", "curl"),
        ("python-httpx/0.28", "Python"),
        ("my-backup-script 3", "my-backup-script 3"),
        ("", "An unnamed program"),
    ],
)  # fmt: skip
def test_people_recognise_their_browsers(header: str, name: str) -> None:
    assert browser_name(header) == name
