"""What pages and verbs ask of the database: the same for one task and for a hundred."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest

from taskbell.accounts.models import User
from taskbell.common.clock import utc_now
from taskbell.tasks.actions import create_task
from taskbell.tasks.kinds import Stage
from taskbell.tasks.patch import TaskPatch
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
    "board": 5,
    "project": 5,
    "project-board": 6,
    "activity": 7,
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
