"""The activity page: what happened, further back on demand, and by whom."""

from collections.abc import Callable

from taskbell.accounts.models import User
from taskbell.common.clock import utc_now
from taskbell.tasks.actions import delete_task, update_task
from taskbell.tasks.patch import TaskPatch
from tests.web.addresses import world_of
from tests.web.conftest import Browser, text

BrowserOf = Callable[[User], Browser]


def test_older_entries_come_on_demand_and_each_of_them_once(browser_of: BrowserOf, bo: User) -> None:
    world, browser = world_of(bo), browser_of(bo)
    for number in range(60):
        update_task(world.task.pk, TaskPatch(title=f"Rose {number:02}"), by=bo, now=utc_now())
    first = text(browser.get("/activity/"))
    assert "to “Rose 59”" in first
    further = first.partition('class="further"><a class="button" href="')[2].partition('"')[0]
    second = text(browser.get(f"/activity/{further}"))
    shown = [one for number in range(60) for one in (first, second) if f"to “Rose {number:02}”" in one]
    assert len(shown) == 60
    assert 'class="further"' not in second


def test_a_deleted_task_has_no_link_and_everybody_active_can_be_chosen(
    browser_of: BrowserOf, bo: User, cy: User
) -> None:
    world = world_of(bo)
    browser = browser_of(bo)
    assert f'href="{world.address("task")}"' in text(browser.get("/activity/"))
    delete_task(world.task.pk, by=bo, now=utc_now())
    page = text(browser.get("/activity/", {"user": str(bo.pk)}))
    assert f'href="{world.address("task")}"' not in page
    assert f'<option value="{cy.pk}">{cy.name}</option>' in page
    assert f'<option value="{bo.pk}" selected>' in page
