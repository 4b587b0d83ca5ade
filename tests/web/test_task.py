"""The page of a task, where emails lead to."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.accounts.profile import update_profile
from taskbell.common.clock import utc_now
from taskbell.common.durations import parse_duration
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import create_task, delete_task, update_task
from taskbell.tasks.models import Priority, Stage, Task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW
from tests.web.conftest import Browser, person, text
from tests.web.test_every_page import check

BrowserOf = Callable[[User], Browser]
FIELDS: dict[str, Any] = {
    "title": "Order <b>seedlings</b>",
    "description": "Two trays of tomatoes.\nOne of basil <script>alert(1)</script>",
    "priority": Priority.HIGH.value,
    "due_date": date(2027, 5, 4),
    "due_time": time(9),
    "timezone": "UTC",
    "recurrence": "FREQ=WEEKLY;BYDAY=TU",
}


def made(by: User, **fields: Any) -> Task:
    return create_task(TaskPatch(**(FIELDS | fields)), by=by, now=NOW)


def test_bob_reads_everything_about_his_task_in_his_own_time(browser_of: BrowserOf, alice: User, bob: User) -> None:
    update_profile(bob, now=NOW, timezone="Europe/Berlin")
    first = made(alice, title="Buy soil", assigned_to_id=bob.pk)
    plans = [
        ReminderPlan(before_due=parse_duration("P1D")),
        ReminderPlan(at=datetime(2027, 5, 3, 16, tzinfo=UTC), repeat="FREQ=DAILY"),
    ]
    task = made(alice, assigned_to_id=bob.pk, pre_tasks=[first.pk], reminders=plans)
    update_task(task.pk, TaskPatch(stage=Stage.IN_PROGRESS), by=bob, now=NOW)
    answer = browser_of(bob).get(f"/tasks/{task.pk}/")
    check(answer)
    page = text(answer)
    for words in (
        *("Order &lt;b&gt;seedlings&lt;/b&gt;", "In progress", "Tuesday, 4 May 2027, 11:00 (Europe/Berlin)", "High"),
        *("Two trays of tomatoes.<br>One of basil &lt;script&gt;", "bob (you)", "alice", "Every Tuesday at 11:00"),
        *("This task is blocked", f'href="/tasks/{first.pk}/">Buy soil', "1 day before due"),
        *("Monday, 3 May 2027, 18:00, then every day at 18:00", "alice created the task."),
        "bob changed the status from Pending to In progress.",
    ):
        assert words in page, words


def test_a_stranger_finds_the_same_page_as_for_a_task_that_is_not_there(
    browser_of: BrowserOf, alice: User, bob: User
) -> None:
    task, gone = made(alice), made(bob)
    delete_task(gone.pk, by=bob, now=NOW)
    browser = browser_of(bob)
    answers = [browser.get(f"/tasks/{pk}/") for pk in (task.pk, gone.pk, 999_999, 10**30)]
    assert {answer.status_code for answer in answers} == {404}
    bodies = {re.sub('name="csrfmiddlewaretoken" value="[^"]+"', "", text(answer)) for answer in answers}
    assert len(bodies) == 1
    assert browser.get("/tasks/x/").status_code == 404


def test_who_is_not_signed_in_signs_in_and_comes_back_to_the_task(browser: Browser, bob: User) -> None:
    task = made(bob)
    address = f"/tasks/{task.pk}/"
    answer = browser.get(address)
    assert answer["Location"] == f"/sign-in/?next={address}"
    answer = browser.sign_in("bob", next=address)
    assert answer["Location"] == address
    assert browser.get(address).status_code == 200


def test_what_bob_may_not_see_is_not_on_the_page(browser_of: BrowserOf, bob: User) -> None:
    mia = person("mia", Role.MANAGER)
    secret = made(mia, title="Secret")
    private = ReminderPlan(before_due=parse_duration("PT7H"), for_me=True)
    task = made(mia, assigned_to_id=bob.pk, pre_tasks=[secret.pk], reminders=[private])
    page = text(browser_of(bob).get(f"/tasks/{task.pk}/"))
    assert "Secret" not in page
    assert "7 hours" not in page
    assert "A task that you can&#x27;t see" in page or "A task that you can't see" in page
    page = text(browser_of(mia).get(f"/tasks/{task.pk}/"))
    assert "Secret" in page
    assert "7 hours before due" in page


@pytest.mark.parametrize("prerequisites", [1, 12])
def test_the_page_costs_the_same_for_a_task_with_more_to_it(
    browser_of: BrowserOf, bob: User, query_budget: Any, prerequisites: int
) -> None:
    needed = [made(bob, title=f"Step {number}").pk for number in range(prerequisites)]
    plans = [ReminderPlan(before_due=parse_duration(f"PT{number + 1}H")) for number in range(prerequisites)]
    task = made(bob, pre_tasks=needed, reminders=plans)
    for number in range(prerequisites):
        update_task(task.pk, TaskPatch(title=f"Version {number}"), by=bob, now=NOW + timedelta(minutes=number))
    browser = browser_of(bob)
    with query_budget(6):  # session and person, task, prerequisites, reminders, history and its names
        browser.get(f"/tasks/{task.pk}/")


def test_the_front_page_leads_to_the_tasks(browser_of: BrowserOf, bob: User) -> None:
    task = create_task(TaskPatch(title="Buy soil"), by=bob, now=utc_now())
    assert f'<a href="/tasks/{task.pk}/">Buy soil</a>' in text(browser_of(bob).get("/"))
