"""Odd and hostile requests: no page breaks, and nothing changes."""

from collections.abc import Callable
from itertools import cycle
from urllib.parse import quote

import pytest

from taskbell.accounts.models import Profile, User
from taskbell.activity.models import Activity
from taskbell.tasks.models import Task
from tests.web.addresses import EVERYTHING, FOR_ADMINS, PAGES, VERBS, world_of
from tests.web.conftest import Browser, text

BrowserOf = Callable[[User], Browser]
HUGE, PLACE = 10**30, 123456789
ODD = [
    "",
    "0",
    "-1",
    "9" * 30,
    "9" * 5000,
    "x" * 10_000,
    "\0",
    "a\0b",
    "\u202e",
    "é" * 300,
    "1,2,\0",
    "[]",
    "' OR 1=1 --",
    "%00",
    "٣",
]
# For each parameter alone: of several, the first that is wrong hides the others.
ODDEST = ["9" * 30, "1\0"]
PARAMETERS = (
    *("page", "days", "q", "project", "category", "label", "label_any", "assigned_to", "created_by", "stage", "status"),
    *("priority", "ordering", "due_date", "due_date_gte", "has_due", "blocked", "archived", "everyone", "cursor"),
    *("state", "field", "query", "at", "text", "action", "task", "user", "format", "ids", "view", "name", "token"),
)
FIELDS = (
    *(
        "stage",
        "due_date",
        "due_time",
        "force",
        "next",
        "ids",
        "do",
        "value",
        "all",
        "query",
        "name",
        "text",
        "refused",
    ),
    *("project", "person", "email", "role", "move_to", "hand_to", "colour", "description", "version", "body", "at"),
    *("timezone", "unread", "archived", "minutes", "reminder", "before", "catch_up", "needs", "pre_tasks"),
)


@pytest.mark.parametrize("name", [*PAGES, *FOR_ADMINS])
def test_no_parameter_breaks_a_page(browser_of: BrowserOf, ada: User, name: str) -> None:
    browser, at = browser_of(ada), world_of(ada).address(name)
    written = Activity.objects.count()
    for odd in ODD:
        together = "&".join(f"{parameter}={quote(odd)}" for parameter in PARAMETERS)
        assert browser.get(f"{at}?{together}").status_code < 500, odd
    for parameter, odd in zip(PARAMETERS, cycle(ODDEST), strict=False):
        assert browser.get(f"{at}?{parameter}={quote(odd)}").status_code < 500, (parameter, odd)
    assert Activity.objects.count() == written


@pytest.mark.parametrize("name", [name for name, needs in EVERYTHING.items() if needs])
def test_no_id_breaks_a_page_or_a_verb(browser_of: BrowserOf, ada: User, name: str) -> None:
    browser, world = browser_of(ada), world_of(ada)
    written = Activity.objects.count()
    for odd in (0, HUGE, 2**63 - 1, 2**63, 2**31):
        for need in set(EVERYTHING[name].split()) - {"period"}:
            at = world.address(name, **{need: PLACE}).replace(str(PLACE), str(odd))
            for act in (browser.get, browser.post):
                assert act(at).status_code < 500, at
                assert act(at, HTTP_HX_REQUEST="true").status_code < 500, at
    assert Activity.objects.count() == written


@pytest.mark.parametrize("period", ["0000-01", "2026-13", "2026-00", "2026-W54", "2026-W00", "9999-12", "x", "%00"])
def test_no_period_breaks_the_calendar(browser_of: BrowserOf, bo: User, period: str) -> None:
    world = world_of(bo)
    for at in (f"/calendar/{period}/", f"/projects/{world.project.pk}/calendar/{period}/"):
        assert browser_of(bo).get(at).status_code == 404
        assert browser_of(bo).get("/live/", {"ids": "1", "view": at}).status_code < 500


@pytest.mark.parametrize("name", [*VERBS, "bulk", "view-form", "quick-add", "project-new", "project-edit", "settings"])
def test_no_field_breaks_a_verb(browser_of: BrowserOf, ada: User, name: str) -> None:
    browser, world = browser_of(ada), world_of(ada)
    address = world.address(name, person=HUGE // HUGE)  # nobody's
    for odd in ODD:
        for is_htmx in ({}, {"HTTP_HX_REQUEST": "true"}):
            sent = dict.fromkeys(FIELDS, odd) | {"next": "/tasks/"}
            assert browser.post(f"{address}?token={quote(odd)}", sent, **is_htmx).status_code < 500, odd
    for field, odd in zip(FIELDS, cycle(ODDEST), strict=False):
        assert browser.post(address, {field: odd}).status_code < 500, (field, odd)


@pytest.mark.parametrize("do", ["stage", "due", "assign", "category", "priority", "project", "labels", "complete", "x"])
def test_no_value_breaks_a_bulk_change(browser_of: BrowserOf, bo: User, do: str) -> None:
    browser, world = browser_of(bo), world_of(bo)
    for odd in ODD:
        sent = {"ids": world.task.pk, "do": do, "value": odd}
        assert browser.post("/tasks/bulk/", sent, HTTP_HX_REQUEST="true").status_code < 500, odd
    assert browser.post("/tasks/bulk/", {"ids": [HUGE, world.task.pk], "do": "delete"}).status_code < 500


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/New_York"])
@pytest.mark.parametrize("day", ["x", "0001-01-01", "9999-12-31"])
def test_no_day_breaks_a_form_of_a_task(browser_of: BrowserOf, bo: User, zone: str, day: str) -> None:
    world = world_of(bo)
    Profile.objects.filter(pk=bo.pk).update(timezone=zone)
    Task.objects.update(timezone=zone)
    browser, at = browser_of(bo), world.address("task-edit")
    for field, sent in (
        ("due", {"day": day}),
        ("due", {"due_date": day}),
        ("repeats", {"frequency": "DAILY", "due_date": day}),
        ("reminder", {"when": "at", "at": f"{day}T00:00"}),
    ):
        assert browser.post(f"{at}?field={field}", sent, HTTP_HX_REQUEST="true").status_code == 400, sent
    sent = {"frequency": "DAILY", "due_date": day, "preview": "true"}
    assert browser.post(f"{at}?field=repeats", sent, HTTP_HX_REQUEST="true").status_code == 200


@pytest.mark.parametrize("plan", ["at=2030-01-01T09:00", "at=2030-01-01", "at=0001-01-01T00:00", "before=P9999D", ""])
def test_no_reminder_that_comes_back_breaks_the_task(browser_of: BrowserOf, bo: User, plan: str) -> None:
    at = world_of(bo).address("task-reminders")
    assert browser_of(bo).post(f"{at}?plan=true&{plan}", HTTP_HX_REQUEST="true").status_code < 500


def test_a_filter_by_project_may_have_spaces(browser_of: BrowserOf, bo: User) -> None:
    world = world_of(bo)
    answer = browser_of(bo).get("/tasks/", {"project": f"inbox , {world.project.pk}"})
    assert answer.status_code == 200
    assert "Inbox, Garden of bo" in text(answer)


VIEWS = [
    *("", "/", "/nowhere/", "//", "http://[", f"/projects/{HUGE}/", "/projects/PROJECT/", "/tasks/?stage=x"),
    *("/settings/", "\0"),
]


@pytest.mark.parametrize("view", VIEWS)
def test_no_view_breaks_the_live_updates(browser_of: BrowserOf, bo: User, view: str) -> None:
    browser = browser_of(bo)
    view = view.replace("PROJECT", str(world_of(bo).project.pk))
    for ids in ("", "1", "1,2,x", ",".join(map(str, range(60))), "9" * 30, "\0"):
        assert browser.get("/live/", {"ids": ids, "view": view}).status_code < 500, ids


def test_a_forged_undo_changes_nothing(browser_of: BrowserOf, bo: User) -> None:
    browser, world = browser_of(bo), world_of(bo)
    version = Task.objects.get(pk=world.task.pk).version
    for token in ("", "x", "W1siYSJdXQ:1:x", "\0"):
        answer = browser.post("/undo/?token=" + quote(token), HTTP_HX_REQUEST="true")
        assert answer.status_code == 409
    assert Task.objects.get(pk=world.task.pk).version == version


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "javascript:alert(1)", "/\\evil"])
def test_no_verb_leads_to_a_foreign_place(browser_of: BrowserOf, bo: User, target: str) -> None:
    world = world_of(bo)
    assert browser_of(bo).post(world.address("task-complete"), {"next": target})["Location"] == "/"
