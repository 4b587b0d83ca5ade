"""What a list costs does not grow with its length."""

from datetime import timedelta
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.reminders.models import Reminder
from taskbell.tasks.actions import update_task
from taskbell.tasks.categories import create_category
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW, Program
from tests.tasks.conftest import Somebody, a_task

MANY = 30
SIZES = [1, 10, 200]


@pytest.fixture
def crowd(bo: User, cy: User, mia: User) -> None:
    """Many tasks in which everything is set that hangs on a task, each with a history."""
    before: tuple[Any, ...] = ()
    for number in range(MANY):
        label = create_category(f"Category {number}", by=bo, now=NOW)
        task = a_task(bo, f"Task {number}", after=before[-3:], category_id=label.pk, assigned_to_id=cy.pk)
        for hours, recipient in ((1, None), (2, bo)):
            at = NOW + timedelta(hours=hours)
            Reminder.objects.create(
                task=task, created_by=bo, recipient=recipient, at=at, next_at=at, timezone=task.timezone
            )
        update_task(task.pk, TaskPatch(title=f"Task no. {number}"), by=mia, now=NOW)
        before += (task,)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("query", ["", "&q=task&ordering=remind_at,-status&blocked=true", "&cursor="])
def test_the_list_of_tasks_costs_four(
    crowd: None, bo: User, mia: User, as_user: Somebody, query_budget: Any, size: int, query: str
) -> None:
    for person in (bo, mia):
        program = as_user(person)
        with query_budget(4):  # session and person, count, tasks, reminders
            page = program.get(f"/api/tasks/?page_size={size}{query}").json()
        assert len(page["results"]) in (min(size, MANY), min(size, MANY - 1))
        assert all(task["category_name"] and task["remind_at"] for task in page["results"])


def test_one_task_costs_no_more_than_the_list(crowd: None, program: Program, query_budget: Any) -> None:
    pk = program.get("/api/tasks/?page_size=1").json()["results"][0]["id"]
    with query_budget(5):  # session and person; task and reminders, once to see it and once to show it
        assert program.get(f"/api/tasks/{pk}/").json()["pre_tasks"]


@pytest.mark.parametrize("size", SIZES)
def test_the_history_costs_four(crowd: None, program: Program, query_budget: Any, size: int) -> None:
    with query_budget(4):  # session and person, count, lines, prerequisites that may be named
        page = program.get(f"/api/tasks/logs/?page_size={size}").json()
    assert len(page["results"]) == min(size, 2 * MANY)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("path", ["/api/users/", "/api/categories/"])
def test_people_and_categories_cost_three(
    crowd: None, ada: User, as_user: Somebody, query_budget: Any, size: int, path: str
) -> None:
    program = as_user(ada)
    with query_budget(3):  # session and person, count, rows
        page = program.get(f"{path}?page_size={size}").json()
    assert len(page["results"]) == min(size, page["count"])
    assert page["count"] >= 4


def test_an_unchanged_page_is_not_sent_again(crowd: None, program: Program) -> None:
    for path in ("/api/tasks/", "/api/tasks/logs/", "/api/users/", "/api/categories/"):
        known = {"If-None-Match": program.get(path)["ETag"]}
        answer = program.get(path, **known)
        assert (answer.status_code, answer.content) == (304, b"")
        program.post("/api/categories/", {"name": f"New for {path}"})
        program.post("/api/tasks/", {"title": "New"})
        assert program.get(path, **known).status_code == (304 if path == "/api/users/" else 200)
