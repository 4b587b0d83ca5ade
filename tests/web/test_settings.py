"""Bob's own settings, and where he is signed in."""

import re
from collections.abc import Callable
from datetime import time

import pytest

from taskbell.accounts.models import Session, User
from taskbell.accounts.preferences import MAIL_SWITCHES
from taskbell.accounts.profile import update_profile
from taskbell.common.clock import utc_now
from taskbell.people.editing import update_person
from taskbell.web.browsers import browser_name
from taskbell.web.forms import DIGEST, MAIL_LABELS, zone_choices
from tests.web.conftest import FIREFOX, PASSWORD, Browser, text

BrowserOf = Callable[[User], Browser]
LOOK = {"first_name": "Bob", "last_name": "Burns", "timezone": "Europe/Berlin", "language": "en"}
MAIL = {"digest_at": "07:30"}


def test_bob_says_what_he_is_called_and_how_pages_look(browser_of: BrowserOf, bob: User) -> None:
    browser = browser_of(bob)
    look = {"first_weekday": "6", "clock": "12", "theme": "dark"}
    assert browser.post("/settings/", LOOK | look)["Location"] == "/settings/"
    bob = User.objects.get(pk=bob.pk)
    assert (bob.name, bob.profile.timezone) == ("Bob Burns", "Europe/Berlin")
    assert (bob.profile.first_weekday, bob.profile.clock, bob.profile.theme) == (6, "12", "dark")
    assert not bob.profile.single_keys
    page = text(browser.get("/settings/"))
    assert '<option value="Europe/Berlin" selected>' in page
    assert 'data-theme="dark"' in page
    assert 'data-keys="off"' in page


def test_the_page_of_before_leads_here(browser_of: BrowserOf, bob: User) -> None:
    answer = browser_of(bob).get("/profile/")
    assert (answer.status_code, answer["Location"]) == (301, "/settings/")


def test_bob_says_which_mails_he_wants_and_when_they_wait(browser_of: BrowserOf, bob: User) -> None:
    browser = browser_of(bob)
    page = text(browser.get("/settings/mail/"))
    assert page.count(" checked") == 2 + len(MAIL_LABELS)  # and the digest, with overdue tasks
    night = {"quiet_from": "22:30", "quiet_until": "07:00", "quiet_reminders": "on"}
    wanted = {"mail_reminder": "on", "mail_overdue": "on"}
    assert browser.post("/settings/mail/", MAIL | night | wanted)["Location"] == "/settings/mail/"
    profile = User.objects.get(pk=bob.pk).profile
    assert {kind for kind in MAIL_SWITCHES if profile.wants(kind)} == {"reminder", "overdue"}
    assert (profile.digest_enabled, profile.digest_at) == (False, time(7, 30))
    assert (profile.quiet_from, profile.quiet_until, profile.quiet_reminders) == (time(22, 30), time(7), True)
    page = text(browser.get("/settings/mail/"))
    assert page.count(" checked") == 3
    assert 'value="22:30"' in page
    browser.post("/settings/mail/", MAIL)
    profile = User.objects.get(pk=bob.pk).profile
    assert (profile.quiet_from, profile.quiet_until, profile.quiet_reminders) == (None, None, False)


def test_every_kind_that_can_be_switched_off_has_a_box(browser_of: BrowserOf, bob: User) -> None:
    page = text(browser_of(bob).get("/settings/mail/"))
    assert {*MAIL_LABELS, DIGEST} == set(MAIL_SWITCHES)
    boxes = set(re.findall('<input type="checkbox"[^>]* id="([^"]+)"', page))
    assert {f"id_mail_{kind}" for kind in MAIL_LABELS} | {"id_digest_enabled", "id_quiet_reminders"} <= boxes


def test_who_stopped_the_daily_mail_by_its_link_starts_it_again_by_its_box(browser_of: BrowserOf, bob: User) -> None:
    update_profile(bob, now=utc_now(), mail_preferences={DIGEST: False})
    browser = browser_of(bob)
    box = re.search('<input[^>]* id="id_digest_enabled"[^>]*>', text(browser.get("/settings/mail/")))
    assert box
    assert "checked" not in box[0]
    browser.post("/settings/mail/", MAIL | {"digest_enabled": "on"})
    profile = User.objects.get(pk=bob.pk).profile
    assert profile.digest_enabled
    assert profile.wants(DIGEST)


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        ("/settings/", "timezone", "Mars/Olympus"),
        ("/settings/", "timezone", ""),
        ("/settings/", "language", "tlh"),
        ("/settings/", "first_weekday", "3"),
        ("/settings/", "clock", "13"),
        ("/settings/", "theme", "pink"),
        ("/settings/", "first_name", "x" * 151),
        ("/settings/mail/", "digest_at", "25:00"),
        ("/settings/mail/", "quiet_from", "late"),
    ],
)
def test_what_does_not_fit_is_told_beside_its_field(
    browser_of: BrowserOf, bob: User, path: str, field: str, value: str
) -> None:
    answer = browser_of(bob).post(path, LOOK | MAIL | {field: value})
    assert answer.status_code == 400
    assert f'id="id_{field}_error"' in text(answer)
    assert User.objects.get(pk=bob.pk).last_name == ""


@pytest.mark.parametrize(("given", "missing"), [("quiet_from", "quiet_until"), ("quiet_until", "quiet_from")])
def test_half_a_night_is_told_beside_the_empty_half(browser_of: BrowserOf, bob: User, given: str, missing: str) -> None:
    answer = browser_of(bob).post("/settings/mail/", MAIL | {given: "22:00"})
    assert answer.status_code == 400
    assert f'id="id_{missing}_error"' in text(answer)
    assert "Quiet hours need both a start and an end." in text(answer)


def test_a_zone_by_its_older_name_stays_chosen(browser_of: BrowserOf, bob: User) -> None:
    bob.profile.timezone = "US/Eastern"
    bob.profile.save()
    assert '<option value="US/Eastern" selected>' in text(browser_of(bob).get("/settings/"))


def test_zones_are_offered_by_their_part_of_the_world() -> None:
    world = dict(zone_choices())
    assert ("Europe/Berlin", "Berlin") in world["Europe"]
    assert ("America/Argentina/Buenos_Aires", "Argentina, Buenos Aires") in world["America"]
    assert "Etc" not in world


def test_bob_sees_his_sessions_and_nobody_elses(browser_of: BrowserOf, bob: User, alice: User) -> None:
    browser, _ = browser_of(bob), browser_of(alice)
    page = text(browser.get("/settings/security/"))
    assert page.count("Firefox on Linux") == 1
    assert "this device" in page


def test_bob_ends_another_session_of_his(browser_of: BrowserOf, bob: User) -> None:
    here, there = browser_of(bob), browser_of(bob)
    other = Session.objects.filter(user=bob).order_by("created_at").last()
    assert other is not None
    assert here.post(f"/settings/security/sessions/{other.pk}/end/")["Location"] == "/settings/security/"
    assert here.is_signed_in
    assert not there.is_signed_in


def test_alice_cannot_end_a_session_of_bob(browser_of: BrowserOf, alice: User, bob: User) -> None:
    his, hers = browser_of(bob), browser_of(alice)
    hers.post(f"/settings/security/sessions/{Session.objects.get(user=bob).pk}/end/")
    assert his.is_signed_in


def test_bob_signs_out_everywhere_else(browser_of: BrowserOf, bob: User) -> None:
    here, there = browser_of(bob), browser_of(bob)
    stolen = here.cookies["sessionid"].value
    assert here.post("/settings/security/sessions/end-others/")["Location"] == "/settings/security/"
    assert here.is_signed_in
    assert not there.is_signed_in
    thief = Browser()
    thief.cookies["sessionid"] = stolen
    assert not thief.is_signed_in


def test_who_had_to_sign_in_first_lands_on_the_settings(browser_of: BrowserOf, bob: User) -> None:
    assert browser_of(bob).get("/settings/security/sessions/end-others/")["Location"] == "/settings/security/"
    assert Session.objects.get(user=bob).ended_at is None


def test_who_has_not_confirmed_the_address_is_shown_where_the_link_went(browser_of: BrowserOf, bob: User) -> None:
    browser = browser_of(bob)
    assert "Confirm your email address" not in text(browser.get("/"))
    User.objects.filter(pk=bob.pk).update(email_confirmed=False)
    assert f"sent to {bob.email}" in text(browser.get("/"))
    person = User.objects.get(pk=bob.pk)
    update_person(person, {"email": "rob@example.org", "current_password": PASSWORD}, by=person, now=utc_now())
    assert "sent to rob@example.org" in text(browser.get("/"))


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
        ("", "Unknown program"),
    ],
)  # fmt: skip
def test_people_recognise_their_browsers(header: str, name: str) -> None:
    assert browser_name(header) == name
