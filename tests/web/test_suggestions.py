"""Suggestions while a name is typed: at most eight, only what the person may see."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.common.clock import utc_now
from taskbell.sharing.members import add_member
from taskbell.sharing.projects import change_project, create_project
from taskbell.tasks.actions import create_task
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.tasks.test_audience import people, seen
from tests.web.addresses import world_of
from tests.web.conftest import Browser, person, text

__all__ = ["people", "seen"]
BrowserOf = Callable[[User], Browser]
QueryBudget = Callable[[int], AbstractContextManager[None]]


def suggested(browser: Browser, **query: Any) -> list[str]:
    answer = browser.get("/suggestions/", query, HTTP_HX_REQUEST="true")
    assert answer.status_code == 200
    return [found.replace("&quot;", '"') for found in re.findall('data-text="([^"]*)"', text(answer))]


def test_those_who_see_the_task_can_be_mentioned_and_nobody_else(
    browser_of: BrowserOf, bo: User, cy: User, mia: User, ivo: User
) -> None:
    world, browser = world_of(bo), browser_of(bo)
    assert suggested(browser, mark="@", task=world.task.pk) == ["@mia"]
    add_member(world.project.pk, cy.pk, "VIEWER", by=bo, now=utc_now())
    assert suggested(browser, mark="@", task=world.task.pk) == ["@cy", "@mia"]
    assert suggested(browser, mark="@", task=world.task.pk, q="M") == ["@mia"]
    assert browser_of(ivo).get("/suggestions/", {"task": world.task.pk}).status_code == 404


def test_the_same_people_as_the_rule_says(browser_of: BrowserOf, people: list[User], seen: dict[int, set[int]]) -> None:
    for one in people:
        one.set_password("correct horse battery")
        one.save()
    admin = next(one for one in people if one.username == "admin1")
    browser = browser_of(admin)
    for task in Task.objects.filter(deleted_at=None):
        expected = {f"@{one.username}" for one in people if task.pk in seen[one.pk] and one != admin}
        found = set(suggested(browser, mark="@", task=task.pk))
        assert found <= expected
        assert len(found) == min(8, len(expected))


def test_quick_add_suggests_what_a_line_can_name(browser_of: BrowserOf, bo: User, cy: User, mia: User) -> None:
    now = utc_now()
    create_task(TaskPatch(title="Rose", labels=["tall", "red roses"]), by=bo, now=now)
    for name in ("Garden", "Green house", 'The "old" one', "Gone"):
        made = create_project({"name": name}, by=bo, now=now)
    change_project(made.pk, {"archived": True}, by=bo, now=now)
    create_project({"name": "Gold of Cy"}, by=cy, now=now)
    browser = browser_of(bo)
    assert suggested(browser, mark="+", q="g") == ["+Garden", '+"Green house"']
    assert suggested(browser, mark="*") == ['*"red roses"', "*tall"]
    assert suggested(browser, mark="@", q="c") == ["@cy"]
    assert suggested(browser, mark="!") == []


def test_eight_at_most_for_one_query_or_two(browser_of: BrowserOf, bo: User, query_budget: QueryBudget) -> None:
    for number in range(12):
        create_task(TaskPatch(title="Rose", labels=[f"red {number}"]), by=bo, now=utc_now())
    world, browser = world_of(bo), browser_of(bo)
    for place in range(10):
        add_member(world.project.pk, person(f"reader{place}").pk, "VIEWER", by=bo, now=utc_now())
    for query, queries in (({"mark": "*", "q": "re"}, 2), ({"mark": "@", "task": world.task.pk}, 3)):
        suggested(browser, **query)
        with query_budget(queries):  # the session is one of them
            assert len(suggested(browser, **query)) == 8


@pytest.mark.parametrize("query", [{"mark": "@", "q": "%"}, {"mark": "+", "q": "\\"}])
def test_odd_beginnings_match_nothing(browser_of: BrowserOf, bo: User, query: dict[str, str]) -> None:
    assert suggested(browser_of(bo), **query) == []


def test_strangers_get_none(browser: Browser, bo: User) -> None:
    answer = browser.get("/suggestions/", {"mark": "@"}, HTTP_HX_REQUEST="true")
    assert answer.status_code == 401
    assert "bo" not in text(answer)
