"""The list of all tasks, and where its rows belong."""

import re
from collections.abc import Callable
from datetime import date

import pytest

from taskbell.accounts.models import User
from taskbell.common.clock import utc_now
from taskbell.tasks.actions import create_task
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.web.conftest import Browser, text

BrowserOf = Callable[[User], Browser]
ORDERINGS = ("due_at", "-due_at", "title", "-project", "priority", "status", "created_at", "-id", "title,-priority")
PLACE = re.compile(r'data-section="all" data-sort="([^"]*)"')
SELECT, OPTION = re.compile(r'<select name="(\w+)">(.*?)</select>', re.DOTALL), re.compile(r'<option value="([^"]+)"')


@pytest.fixture
def tasks(bo: User) -> list[int]:
    """Two that are due, and one that is not."""
    days = (date(2030, 5, 5), None, date(2030, 5, 4))
    return [create_task(TaskPatch(title=f"{day}", due_date=day), by=bo, now=utc_now()).pk for day in days]


@pytest.mark.parametrize("view", ["/tasks/", *(f"/tasks/?ordering={one}" for one in ORDERINGS)])
def test_a_row_that_changes_stays_in_its_place(browser_of: BrowserOf, bo: User, tasks: list[int], view: str) -> None:
    browser = browser_of(bo)
    shown = PLACE.findall(text(browser.get(view)))
    fresh = PLACE.findall(text(browser.get("/live/", {"ids": ",".join(map(str, tasks)), "view": view})))
    assert len(shown) == len(tasks)
    assert sorted(shown) == sorted(fresh)


@pytest.mark.parametrize("ordering", [one for one in ORDERINGS if "," not in one])
def test_the_places_follow_the_order_of_the_list(
    browser_of: BrowserOf, bo: User, tasks: list[int], ordering: str
) -> None:
    Task.objects.filter(pk=tasks[0]).update(priority=4, stage="IN_PROGRESS")
    shown = PLACE.findall(text(browser_of(bo).get(f"/tasks/?ordering={ordering}")))
    assert shown == sorted(shown, reverse=ordering.startswith("-"))


def test_each_choice_of_the_filter_form_filters(browser_of: BrowserOf, bo: User, tasks: list[int]) -> None:
    browser = browser_of(bo)
    selects = SELECT.findall(text(browser.get("/tasks/filter/")))
    choices = [(name, value) for name, options in selects for value in OPTION.findall(options)]
    assert {name for name, _value in choices} >= {"stage", "priority", "project", "category", "assigned_to"}
    for name, value in choices:
        assert browser.get("/tasks/", {name: value}).status_code == 200, f"{name}={value}"
