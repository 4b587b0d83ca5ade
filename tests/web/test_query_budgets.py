"""What pages and verbs ask of the database: the same for one task and for a hundred."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta

import pytest
from django.db import connection
from django.db.models.sql.compiler import SQLCompiler
from django.test.utils import CaptureQueriesContext

from taskbell.accounts.models import User
from taskbell.comments.actions import add_comment
from taskbell.common.clock import utc_now
from taskbell.common.durations import parse_duration
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import create_task, delete_task, update_task
from taskbell.tasks.kinds import Stage
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.reminder_actions import add_reminder, snooze_task
from taskbell.tasks.skipping import skip_with_undo
from tests.web.addresses import world_of
from tests.web.conftest import Browser

BrowserOf = Callable[[User], Browser]
QueryBudget = Callable[[int], AbstractContextManager[None]]
BUDGETS = {
    "home": 6,
    "upcoming": 4,
    "tasks": 4,
    "search": 4,
    "calendar-period": 4,
    "trash": 4,
    "board": 4,
    "task": 8,
    "project": 4,
    "project-board": 5,
    "activity": 4,
    "notifications": 4,
    "people": 5,
    "more": 2,
    "settings": 2,
}


def fill(person: User, project: int, number: int) -> None:
    """So many tasks of every kind, this week."""
    today = utc_now().date()
    for place in range(number):
        stage = [Stage.PENDING, Stage.IN_PROGRESS, Stage.COMPLETED][place % 3]
        patch = TaskPatch(
            title=f"Rose {place}",
            project_id=project,
            stage=stage,
            due_date=today + timedelta(days=place % 5),
            labels=["red", "tall"],
        )
        create_task(patch, by=person, now=utc_now())


@pytest.mark.parametrize("name", BUDGETS)
@pytest.mark.parametrize("number", [1, 100])
def test_a_page_costs_the_same_for_one_task_and_for_a_hundred(
    browser_of: BrowserOf, bo: User, query_budget: QueryBudget, name: str, number: int
) -> None:
    world, browser = world_of(bo), browser_of(bo)
    fill(bo, world.project.pk, number)
    address = world.address(name) + ("?q=Rose" if name == "search" else "")
    browser.get(address)  # some statements are put together once
    with query_budget(BUDGETS[name]):
        assert browser.get(address).status_code == 200


Verb = tuple[str, dict[str, str], Callable[[int, User], object]]
NOW, DAY = utc_now(), date(2030, 5, 4)
HOUR = timedelta(hours=1)
# Each by its address, with what is sent, and the same by its action alone.
VERBS: dict[str, Verb] = {
    "complete": ("task-complete", {}, lambda pk, bo: update_task(pk, TaskPatch(stage=Stage.COMPLETED), by=bo, now=NOW)),
    "stage": (
        "task-stage",
        {"stage": "IN_PROGRESS"},
        lambda pk, bo: update_task(pk, TaskPatch(stage="IN_PROGRESS"), by=bo, now=NOW),
    ),
    "edit": ("task-edit", {"title": "Tulip"}, lambda pk, bo: update_task(pk, TaskPatch(title="Tulip"), by=bo, now=NOW)),
    "assign": (
        "task-edit?field=assign",
        {"assigned_to_id": "ME"},
        lambda pk, bo: update_task(pk, TaskPatch(assigned_to_id=bo.pk), by=bo, now=NOW),
    ),
    "snooze": ("task-snooze?for=PT1H", {}, lambda pk, bo: snooze_task(pk, NOW + HOUR, by=bo, now=NOW)),
    "skip": ("task-skip", {}, lambda pk, bo: skip_with_undo(pk, by=bo, now=NOW)),
    "move": (
        "task-move",
        {"due_date": str(DAY)},
        lambda pk, bo: update_task(pk, TaskPatch(due_date=DAY), by=bo, now=NOW),
    ),
    "delete": ("task-delete", {}, lambda pk, bo: delete_task(pk, by=bo, now=NOW)),
    "reminder": (
        "task-reminders",
        {"when": "PT1H"},
        lambda pk, bo: add_reminder(pk, ReminderPlan(before_due=parse_duration("PT1H")), by=bo, now=NOW),
    ),
    "comment": ("task-comments", {"body": "Look"}, lambda pk, bo: add_comment(pk, "Look", by=bo, now=NOW)),
}


@pytest.mark.parametrize("number", [1, 100])
@pytest.mark.parametrize("name", VERBS)
def test_a_verb_needs_its_action_and_two_queries_more(
    browser_of: BrowserOf, bo: User, query_budget: QueryBudget, name: str, number: int
) -> None:
    world, browser = world_of(bo), browser_of(bo)
    fill(bo, world.project.pk, number)
    repeats = {"recurrence": "FREQ=DAILY"} if name == "skip" else {}
    patch = TaskPatch(title="Rose", project_id=world.project.pk, due_date=NOW.date() + timedelta(days=3), **repeats)
    alone, world.task = (create_task(patch, by=bo, now=NOW) for _ in range(2))
    address, sent, act = VERBS[name]
    with CaptureQueriesContext(connection) as asked:
        act(alone.pk, bo)
    url, _, query = address.partition("?")
    sent = {key: str(bo.pk) if value == "ME" else value for key, value in sent.items()}
    with query_budget(len(asked) + 2):
        answer = browser.post(f"{world.address(url)}?{query}", sent, HTTP_HX_REQUEST="true")
    assert answer.status_code == 200
    assert "taskbell:touched" in answer["HX-Trigger"]


@pytest.mark.parametrize("name", ["home", "upcoming", "tasks", "search", "board", "calendar-period", "project"])
def test_live_updates_cost_the_same_for_one_task_and_for_fifty(
    browser_of: BrowserOf, bo: User, query_budget: QueryBudget, name: str
) -> None:
    world, browser = world_of(bo), browser_of(bo)
    fill(bo, world.project.pk, 50)
    view = world.address(name) + ("?q=Rose" if name == "search" else "")
    for ids in (str(world.task.pk), ",".join(str(world.task.pk + place) for place in range(50))):
        browser.get("/live/", {"ids": ids, "view": view})
        with query_budget(4):
            assert browser.get("/live/", {"ids": ids, "view": view}).status_code == 200


@pytest.mark.parametrize("address", ["/", "/live/?ids=1&view=/"])
def test_today_and_its_live_updates_use_sql_that_was_put_together_before(
    browser_of: BrowserOf, bo: User, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    browser = browser_of(bo)
    browser.get(address)
    built: list[SQLCompiler] = []
    monkeypatch.setattr(SQLCompiler, "as_sql", lambda compiler, **_: built.append(compiler))
    assert browser.get(address).status_code == 200
    assert built == []
