"""The pages of a project: list, board and calendar."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from taskbell.accounts.models import User
from taskbell.common.clock import utc_now
from taskbell.sharing.projects import change_project
from taskbell.tasks.actions import create_task, update_task
from taskbell.tasks.kinds import Stage
from taskbell.tasks.patch import TaskPatch
from tests.web.addresses import world_of
from tests.web.conftest import Browser, text

BrowserOf = Callable[[User], Browser]


@pytest.mark.parametrize("page", ["", "board/", "calendar/2030-05/"])
@pytest.mark.parametrize("is_archived", [False, True])
def test_an_archived_project_still_shows_its_tasks_on_each_page(
    browser_of: BrowserOf, bo: User, page: str, is_archived: bool
) -> None:
    world = world_of(bo)
    patch = TaskPatch(title="Pruning", project_id=world.project.pk, due_date=date(2030, 5, 4))
    task = create_task(patch, by=bo, now=utc_now())
    change_project(world.project.pk, {"archived": is_archived}, by=bo, now=utc_now())
    browser, at = browser_of(bo), f"/projects/{world.project.pk}/{page}"
    assert "Pruning" in text(browser.get(at))
    assert "data-gone" not in text(browser.get("/live/", {"ids": task.pk, "view": at}))


def test_a_row_read_again_is_the_row_that_the_page_of_the_project_shows(browser_of: BrowserOf, bo: User) -> None:
    world, browser = world_of(bo), browser_of(bo)
    at = f"/projects/{world.project.pk}/"
    again = text(browser.get("/live/", {"ids": world.task.pk, "view": at, "here": world.project.pk}))
    row, navigation = again.split('<div id="navigation"')
    assert row.strip() in text(browser.get(at))
    assert f'<a href="{at}" aria-current="page">' in navigation


def test_open_tasks_come_by_due_date_and_done_ones_the_last_first(browser_of: BrowserOf, bo: User) -> None:
    world, today = world_of(bo), date(2030, 5, 4)
    dues = {"Later": today + timedelta(days=9), "Some day": None, "Soon": today, "First done": None, "Last done": None}
    for number, (title, due) in enumerate(dues.items()):
        task = create_task(TaskPatch(title=title, project_id=world.project.pk, due_date=due), by=bo, now=utc_now())
        if title.endswith("done"):
            done = utc_now() + timedelta(minutes=number)
            update_task(task.pk, TaskPatch(stage=Stage.COMPLETED), by=bo, now=done)
    page = text(browser_of(bo).get(f"/projects/{world.project.pk}/"))
    shown = [title for title in re.findall(r'class="title"[^>]*>([^<]*)<', page) if title in dues]
    assert shown == ["Soon", "Later", "Some day", "Last done", "First done"]
