"""Every page in German: no English is left, dates and weeks are as people write them, and the API stays English."""

import re
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from taskbell.accounts.models import Profile, User
from taskbell.comments.actions import add_comment
from taskbell.common.clock import utc_now
from taskbell.common.durations import parse_duration
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import create_task, update_task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import Program
from tests.languages.english import Shown, english_in
from tests.web.addresses import FOR_ADMINS, PAGES, World, world_of
from tests.web.conftest import Browser, text

STRANGERS = ["/", "/sign-up/", "/sign-in/", "/password/reset/", "/password/reset/x/y/", "/setup/x/", "/invite/x/"]
STRANGERS += ["/mail/x/", "/email/confirm/x/", "/projects/join/x/", "/nowhere/", "/offline/"]
BrowserOf = Callable[[User], Browser]


@pytest.fixture
def german(ada: User) -> World:
    """Ada reads German, and has a task with everything."""
    Profile.objects.filter(user=ada).update(language="de")
    world, now = world_of(ada), utc_now()
    update_task(
        world.task.pk,
        TaskPatch(
            due_date=(now + timedelta(days=3)).date(),
            due_time=time(9),
            recurrence="FREQ=WEEKLY;BYDAY=MO,TH;COUNT=10",
            priority=4,
            labels=["rose"],
            reminders=[ReminderPlan(before_due=parse_duration(one)) for one in ("P1D", "PT30M")],
            description="Cut it.",
            assigned_to_id=ada.pk,
        ),
        by=ada,
        now=now,
    )
    late = create_task(TaskPatch(title="Late", due_date=now.date() - timedelta(days=2)), by=ada, now=now)
    update_task(world.task.pk, TaskPatch(pre_tasks=[late.pk]), by=ada, now=now)
    add_comment(world.task.pk, "Thorns", by=ada, now=now)
    return world


def check(answer: Any) -> str:
    page = text(answer)
    assert '<html lang="de"' in page
    assert not list(english_in(Shown(page).parts))
    return page


@pytest.mark.parametrize("name", PAGES | FOR_ADMINS)
def test_no_english_is_left_in_a_page(browser_of: BrowserOf, ada: User, bo: User, german: World, name: str) -> None:
    german.person = bo.pk
    check(browser_of(ada).get(german.address(name)))


@pytest.mark.parametrize("path", STRANGERS)
def test_strangers_read_the_language_of_their_browser(browser: Browser, path: str) -> None:
    check(browser.get(path, HTTP_ACCEPT_LANGUAGE="de-AT,de;q=0.9,en;q=0.5"))


def test_a_browser_with_another_language_gets_english(browser: Browser) -> None:
    assert '<html lang="en"' in text(browser.get("/", HTTP_ACCEPT_LANGUAGE="fi"))


def test_mistakes_in_a_form_are_explained_in_german(browser: Browser) -> None:
    page = check(browser.post("/sign-in/", {"identifier": "x", "password": "y"}, HTTP_ACCEPT_LANGUAGE="de"))
    assert "Benutzername oder Passwort ist falsch." in page
    check(browser.post("/sign-up/", {}, HTTP_ACCEPT_LANGUAGE="de"))
    given = {"email": "x", "password": "short"}
    check(browser.post("/sign-up/", given, HTTP_ACCEPT_LANGUAGE="de"))


def test_a_refused_verb_says_why_in_german(browser_of: BrowserOf, ada: User, german: World) -> None:
    answer = browser_of(ada).post(german.address("task-complete"), HTTP_HX_REQUEST="true")
    assert answer.status_code == 409
    assert "weil sie blockiert ist" in text(answer)


def test_dates_weeks_and_hours_are_german(
    browser_of: BrowserOf, ada: User, german: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, now = browser_of(ada), datetime(2026, 12, 1, 8, tzinfo=utc_now().tzinfo)
    monkeypatch.setattr("taskbell.web.shell.utc_now", lambda: now)
    patch = TaskPatch(title="Friday", due_date=datetime(2026, 12, 4).date(), due_time=time(16, 30))  # noqa: DTZ001
    create_task(patch, by=ada, now=now)
    assert "Fr. 4. Dez. 16:30" in text(browser.get("/tasks/"))
    page = text(browser.get("/calendar/2026-12/"))
    assert re.findall("<span>(Mo|Di|So)", page)[0] == "Mo"
    assert "Dezember 2026" in page


def test_the_api_speaks_english_to_everybody(ada: User, german: World, as_user: Callable[[User], Program]) -> None:
    program, path = as_user(ada), f"/api/tasks/{german.task.pk}/"
    program.http.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"
    assert program.post("/api/tasks/", {"title": ""}).json()["errors"][0]["message"] == "Must not be empty."
    assert program.patch(path, {"stage": "COMPLETED"}).json()["detail"].startswith("Can't complete this task")
    assert "created the task" in str(program.get(f"/api/tasks/{german.task.pk}/logs/").json())


def test_a_new_account_has_the_language_of_its_browser(browser: Browser, ada: User) -> None:
    given = {"email": "gerda@example.org", "username": "gerda", "password": "sehr langes wort"}
    browser.post("/sign-up/", given, HTTP_ACCEPT_LANGUAGE="de-CH")
    assert Profile.objects.get(user__username="gerda").language == "de"


def test_a_password_that_is_like_the_name_is_refused_in_german(browser: Browser, ada: User) -> None:
    given = {"email": "gerda@example.org", "username": "gerda-gardener", "password": "gerda-gardener"}
    page = check(browser.post("/sign-up/", given, HTTP_ACCEPT_LANGUAGE="de"))
    assert "Dieses Passwort ähnelt zu sehr einer deiner Angaben: Benutzername." in page


def test_scripts_and_the_role_are_german(browser: Browser, browser_of: BrowserOf, ivo: User) -> None:
    Profile.objects.filter(user=ivo).update(language="de")
    page = text(browser_of(ivo).get("/settings/"))
    assert "· Praktikum ·" in page
    assert 'data-offline="Keine Verbindung"' in page
    assert 'data-show="Anzeigen" data-hide="Verbergen"' in text(browser.get("/sign-in/", HTTP_ACCEPT_LANGUAGE="de"))
