"""The calendar: on a phone, a month of dots and the list of one day."""

import re
from collections.abc import Callable
from datetime import date

import pytest

from taskbell.accounts.models import User
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import create_task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW
from tests.reminders.patches import DAY_BEFORE
from tests.web.conftest import Browser, text

BrowserOf = Callable[[User], Browser]


def cell(page: str, day: str) -> str:
    """The part of the page about this day."""
    found = re.search(rf'<section [^>]*data-drop="{day}".*?</section>', page, re.DOTALL)
    assert found
    return found[0]


def due(bo: User, day: date, *reminders: ReminderPlan) -> None:
    create_task(TaskPatch(title="Rose", due_date=day, reminders=list(reminders)), by=bo, now=NOW)


def test_a_day_has_a_dot_for_each_task_up_to_three_and_those_that_remind_are_marked(
    browser_of: BrowserOf, bo: User
) -> None:
    due(bo, date(2030, 5, 4), DAY_BEFORE)
    for _ in range(5):
        due(bo, date(2030, 5, 6))
    page = text(browser_of(bo).get("/calendar/2030-05/"))
    dots = {day: cell(page, day).partition('class="dots">')[2].partition("</span>")[0] for day in DAYS}
    assert list(dots.values()) == ['<i class="rings"></i>', "", "<i></i><i></i><i></i>"]


DAYS = ("2030-05-04", "2030-05-05", "2030-05-06")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("", "2030-05-01"),
        ("?day=2030-05-06", "2030-05-06"),
        ("?day=2030-06-01", "2030-06-01"),
        ("?day=x", "2030-05-01"),
    ],
)
def test_the_day_whose_list_is_shown_is_in_the_address(
    browser_of: BrowserOf, bo: User, address: str, shown: str
) -> None:
    page = text(browser_of(bo).get(f"/calendar/2030-05/{address}"))
    chosen = re.findall(r'class="cell[^"]* shown" data-drop="([^"]*)"', page)
    assert chosen == [shown]
    assert page.count('class="choose" href="?day=2030-05-04"') == 1


def test_the_other_months_keep_the_filter_but_not_the_day(browser_of: BrowserOf, mia: User) -> None:
    page = text(browser_of(mia).get("/calendar/2030-05/?everyone=true&day=2030-05-06"))
    assert 'href="../2030-06/?everyone=true"' in page
    assert 'href="?everyone=true&amp;day=2030-05-07"' in page


def test_a_week_without_tasks_says_so(browser_of: BrowserOf, bo: User) -> None:
    assert '<div class="month week" data-none="Nothing is due.">' in text(browser_of(bo).get("/calendar/2030-W18/"))
