"""What holds for every page: who can read it, and what it may load."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from html.parser import HTMLParser
from typing import Any
from unittest.mock import Mock
from urllib.parse import urlsplit

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import get_resolver

from taskbell.accounts.invites import token_of
from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.accounts.queries import setup_token
from taskbell.common.clock import utc_now
from taskbell.notifications.links import LinkAction
from taskbell.notifications.links import link_for as mail_link_for
from taskbell.people.invitations import invite
from taskbell.web.middleware import LOOSER, STRICT, policy_for
from tests.processes import ROOT
from tests.web.addresses import FOR_ADMINS, FORMS, PAGES, VERBS, world_of
from tests.web.conftest import Browser, person, text
from tests.web.test_password import link_for

BrowserOf = Callable[[User], Browser]
INLINE = re.compile(r"""(?i)\sstyle=|\shx-on|\bjs:|javascript:|<style|<script(?![^>]*\ssrc=)|\son[a-z]+=""")

FOR_STRANGERS = [
    *("/", "/sign-up/", "/sign-in/", "/password/reset/", "/password/reset/x/y/", "/setup/x/", "/invite/x/"),
    *("/mail/x/", "/email/confirm/x/", "/projects/join/x/", "/nowhere/"),
]
FOR_ADA = PAGES | FOR_ADMINS
# POST only, sending on to another page, or parts of a page.
NO_PAGES = {
    "sign-out",
    "end-other-sessions",
    "end-session",
    "email-resend",
    "favicon",
    "profile",
    "live",
    "service-worker",
}
NO_PAGES |= {"suggestions", "calendar", "project-calendar", "import-file", "offline"}
OLDER = {"email-change", "password-change"}  # with the frame of the pages for strangers


FIELDS = ("input", "select", "textarea")


class Page(HTMLParser):
    """What a screen reader and a browser find in a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.title = ""
        self.labelled: list[dict[str, str | None]] = []  # the fields inside a label
        self._in_label = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in_label = self._in_label or tag == "label"
        if self._in_label and tag in FIELDS:
            self.labelled.append(dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        self._in_label = self._in_label and tag != "label"

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] == "title" and not self.title:
            self.title = data

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.tags if tag in names]


def check_readable(page: Page) -> None:
    """One heading, landmarks, a language, a title, and a label for every field."""
    assert page.all("html")[0]["lang"] == "en"
    assert page.title.endswith(" · Taskbell")
    assert len(page.title) > len(" · Taskbell")
    is_of_app = any("data-cursor" in body for body in page.all("body"))
    for landmark in ("main", "h1") if is_of_app else ("header", "main", "footer", "h1"):
        assert len(page.all(landmark)) == 1, landmark
    assert all("aria-label" in one or "aria-labelledby" in one for one in page.all("nav", "dialog[open]"))
    labelled = {label.get("for") for label in page.all("label")} - {None}
    for field in page.all(*FIELDS):
        is_named = field.get("id") in labelled or "aria-label" in field or field in page.labelled
        assert is_named or field.get("type") in ("hidden", "submit"), field
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert all("alt" in image for image in page.all("img"))
    assert any(attrs.get("class") == "skip" and attrs["href"] in ("#content", "#main") for attrs in page.all("a"))


def check_names_no_foreign_host(page: Page) -> None:
    """Every address that the page loads from or leads to is on this server."""
    for tag, attrs in page.tags:
        for name in ("src", "href", "action", "srcset", "poster"):
            assert not re.match(r"(?i)\s*([a-z][a-z0-9+.-]*:|//)", attrs.get(name) or ""), (tag, attrs)


def check_has_nothing_inline(page: Page) -> None:
    """No script and no style stands in the page itself."""
    for tag, attrs in page.tags:
        assert not [name for name in attrs if name.startswith("on") or name == "style"], (tag, attrs)
    assert not page.all("style")
    assert all(script.get("src") for script in page.all("script"))


def check(answer: Any) -> None:
    page = Page(text(answer))
    check_readable(page)
    check_names_no_foreign_host(page)
    check_has_nothing_inline(page)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", FOR_STRANGERS)
def test_strangers_can_read_every_page(browser: Browser, path: str) -> None:
    check(browser.get(path))


@pytest.mark.parametrize("name", FOR_ADA)
def test_ada_can_read_every_page(browser_of: BrowserOf, ada: User, bo: User, name: str) -> None:
    world = world_of(ada)
    world.person = bo.pk
    answer = browser_of(ada).get(world.address(name))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    check(answer)


@pytest.mark.parametrize("path", ["/nowhere/", "/tasks/1/", "/projects/1/", "/admin/login/"])
def test_a_page_that_is_not_for_bo_has_the_navigation_all_the_same(
    browser_of: BrowserOf, bo: User, query_budget: Callable[[int], AbstractContextManager[None]], path: str
) -> None:
    browser = browser_of(bo)
    browser.get(path)
    with query_budget(4):
        answer = browser.get(path)
    assert answer.status_code in (403, 404)
    check(answer)
    assert 'id="navigation"' in text(answer)
    assert browser.get("/live/", {"view": path}).status_code == 200


def test_what_bo_may_not_do_has_the_navigation_as_well(
    browser_of: BrowserOf, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = browser_of(bo)
    monkeypatch.setattr("taskbell.web.pages.today", Mock(side_effect=PermissionDenied))
    answer = browser.get("/")
    assert answer.status_code == 403
    check(answer)
    assert 'id="navigation"' in text(answer)


@pytest.mark.parametrize("name", sorted(PAGES.keys() - OLDER))
def test_in_an_open_page_a_form_comes_without_the_frame(browser_of: BrowserOf, ada: User, name: str) -> None:
    page = Page(text(browser_of(ada).get(world_of(ada).address(name), HTTP_HX_REQUEST="true")))
    check_has_nothing_inline(page)
    if name in FORMS:
        assert not page.all("html", "main")


@pytest.mark.parametrize("path", ["/sign-up/", "/sign-in/", "/password/reset/"])
def test_a_form_with_mistakes_can_be_read_as_well(browser: Browser, path: str) -> None:
    answer = browser.post(path, {})
    assert answer.status_code == 400
    check(answer)
    wrong = [attrs for attrs in Page(text(answer)).all("input") if attrs.get("aria-invalid") == "true"]
    assert wrong
    assert "autofocus" in wrong[0]


def test_pages_behind_a_link_can_be_read(browser: Browser, bob: User) -> None:
    check(browser.get(link_for(bob)))
    check(browser.post("/password/reset/", {"email": "bob@example.org"}))
    check(browser.get(f"/setup/{setup_token()}/"))
    sent = invite("cy@example.org", Role.MEMBER, by=person("mia", Role.MANAGER), now=utc_now())
    check(browser.get(f"/invite/{token_of(sent.pk)}/"))
    check(Browser(enforce_csrf_checks=True).post("/sign-in/", {}))


def test_pages_behind_the_links_in_mails_can_be_read(browser: Browser, bob: User) -> None:
    link = urlsplit(mail_link_for(LinkAction(bob.pk, "unsubscribe", "overdue"))).path
    for answer in (browser.get(link), browser.post(link)):
        assert answer.status_code == 200
        check(answer)


def test_a_mistake_of_ours_can_be_read(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taskbell.web.pages.is_claimed", lambda: 1 / 0)
    answer = browser.get("/")
    assert answer.status_code == 500
    check(answer)
    assert "ZeroDivisionError" not in text(answer)


def test_no_page_is_forgotten_here() -> None:
    looked_at = {get_resolver().resolve(path).url_name for path in FOR_STRANGERS if path != "/nowhere/"}
    looked_at |= FOR_ADA.keys() | VERBS.keys()
    patterns = get_resolver("taskbell.web.urls").url_patterns
    ours = {name for name in (getattr(pattern, "name", None) for pattern in patterns) if name}
    assert ours - looked_at - NO_PAGES == set()


def test_no_template_has_a_style_or_a_script_in_it() -> None:
    for template in (ROOT / "taskbell/web/templates").rglob("*.html"):
        found = INLINE.findall(template.read_text())
        assert not found, template


def test_no_script_runs_text() -> None:
    for script in (ROOT / "taskbell/web/static/web").glob("*.js"):
        assert not re.findall(r"\beval\(|new Function\(|\.setAttribute\(.style|insertAdjacentHTML", script.read_text())


def test_the_looser_policies_are_for_the_pages_of_others_alone() -> None:
    assert set(LOOSER) == {"/api/docs/", "/api/redoc/"}
    for path in LOOSER:
        assert "frame-ancestors 'none'" in policy_for(path)
        assert "http" not in policy_for(path)
    assert (
        policy_for("/api/tasks/") == policy_for("/") == "; ".join(f"{name} {value}" for name, value in STRICT.items())
    )


@pytest.mark.parametrize("path", sorted(LOOSER))
def test_the_pages_of_others_name_no_foreign_host_either(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 200
    check_names_no_foreign_host(Page(text(answer)))


def test_the_admin_needs_no_looser_policy(browser_of: BrowserOf, alice: User) -> None:
    answer = browser_of(alice).get("/admin/")
    assert "unsafe" not in answer["Content-Security-Policy"]
    check_has_nothing_inline(Page(text(answer)))
