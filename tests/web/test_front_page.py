"""What strangers read, and what is next for Bob."""

import json
import shlex
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.conf import settings

from taskbell.accounts.models import User
from taskbell.common.clock import utc_now
from taskbell.people.editing import update_person
from taskbell.tasks.actions import create_task, delete_task
from taskbell.tasks.categories import create_category
from taskbell.tasks.kinds import Stage
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.web.pages import create_example, next_tasks, sign_in_example
from tests.web.conftest import PASSWORD, Browser, text

BrowserOf = Callable[[User], Browser]
QueryBudget = Callable[[int], Any]


def make(title: str, *, by: User, due: date | None = None, **fields: Any) -> Task:
    return create_task(TaskPatch(title=title, due_date=due, **fields), by=by, now=utc_now())


def today() -> date:
    return utc_now().date()


def test_strangers_read_what_it_is_and_where_to_go(browser: Browser, alice: User) -> None:
    page = text(browser.get("/"))
    assert "Tasks that ring on time" in page
    for link in ("/sign-up/", "/sign-in/", "/api/docs/"):
        assert f'href="{link}"' in page


def test_bob_sees_what_he_is_to_do_the_soonest_first(bob: User, alice: User) -> None:
    make("Later", by=bob, due=today() + timedelta(days=9))
    make("Some day", by=bob)
    make("From Alice", by=alice, assigned_to_id=bob.pk, due=today() + timedelta(days=2))
    make("For Alice to do", by=bob, assigned_to_id=alice.pk, due=today())
    make("Of Alice", by=alice, due=today())
    make("Done", by=bob, due=today(), stage=Stage.COMPLETED)
    delete_task(make("Deleted", by=bob, due=today()).pk, by=bob, now=utc_now())
    assert [task.title for task in next_tasks(bob)] == ["From Alice", "Later", "Some day"]


def test_the_page_says_when_in_the_time_of_its_reader(browser_of: BrowserOf, bob: User) -> None:
    make("Call", by=bob, due=date(2030, 6, 3), due_time=time(9))
    bob.profile.timezone = "Asia/Tokyo"
    bob.profile.save()
    page = text(browser_of(bob).get("/"))
    assert "Mon 3 Jun, 18:00" in page.replace("\n", " ")
    assert "2030-06-03T18:00:00+09:00" in page


def test_the_page_says_what_it_is_about_and_whether_it_waits(browser_of: BrowserOf, bob: User) -> None:
    garden = create_category("Garden", by=bob, now=utc_now())
    first = make("Order soil", by=bob)
    create_task(TaskPatch(title="Sow", category_id=garden.pk, pre_tasks=[first.pk]), by=bob, now=utc_now())
    page = text(browser_of(bob).get("/"))
    assert "Garden · Medium priority · blocked by another task" in page
    assert page.count("blocked by another task") == 1


def test_what_is_late_says_so_in_words(browser_of: BrowserOf, bob: User) -> None:
    make("Old", by=bob, due=today() - timedelta(days=3))
    assert "<strong>Overdue</strong>" in text(browser_of(bob).get("/"))


def test_titles_are_text_and_nothing_else(browser_of: BrowserOf, bob: User) -> None:
    make("<script>alert(1)</script>", by=bob)
    page = text(browser_of(bob).get("/"))
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_the_page_costs_the_same_for_one_task_and_for_ten(
    browser_of: BrowserOf, bob: User, alice: User, query_budget: QueryBudget
) -> None:
    for number in range(12):
        make(f"Task {number}", by=alice, assigned_to_id=bob.pk)
    browser = browser_of(bob)
    with query_budget(3):  # session and person, tasks, a mail that was refused
        assert text(browser.get("/")).count('class="task ') == 10


@pytest.mark.parametrize("name", ["bob", "o'brien@example.org", 'a"b', "$(rm)", "zoë"])
def test_the_examples_survive_the_shell(name: str) -> None:
    words = shlex.split(sign_in_example(name).replace("\\\n", " "))
    assert words[1] == f"{settings.URL}/api/token/"
    assert json.loads(words[-1])["username"] == name
    assert json.loads(shlex.split(create_example().replace("\\\n", " "))[-1]) == {"title": "Water the plants"}


def test_who_has_not_confirmed_the_address_is_shown_where_the_link_went(browser_of: BrowserOf, bob: User) -> None:
    browser = browser_of(bob)
    assert "Confirm your email address" not in text(browser.get("/"))
    User.objects.filter(pk=bob.pk).update(email_confirmed=False)
    assert f"sent to {bob.email}" in text(browser.get("/"))
    person = User.objects.get(pk=bob.pk)
    update_person(person, {"email": "rob@example.org", "current_password": PASSWORD}, by=person, now=utc_now())
    assert "sent to rob@example.org" in text(browser.get("/"))
