"""The page of a task, where emails lead to."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.accounts.profile import update_profile
from taskbell.comments.actions import add_comment
from taskbell.common.clock import utc_now
from taskbell.common.durations import parse_duration
from taskbell.reminders.schedule import ReminderPlan
from taskbell.sharing.projects import change_project, create_project
from taskbell.tasks.actions import create_task, delete_task, update_task
from taskbell.tasks.kinds import Priority, Stage
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.web.tasks import MAX_COMMENTS
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
    with query_budget(8):  # session and person, task, labels, prerequisites, reminders, comments, history and its names
        browser.get(f"/tasks/{task.pk}/")


def test_the_front_page_leads_to_the_tasks(browser_of: BrowserOf, bob: User) -> None:
    task = create_task(TaskPatch(title="Buy soil"), by=bob, now=utc_now())
    assert f'<a href="/tasks/{task.pk}/">Buy soil</a>' in text(browser_of(bob).get("/"))


def press(browser: Browser, task: Task, do: str, **fields: Any) -> Any:
    return browser.post(f"/tasks/{task.pk}/", {"do": do, **fields})


def late(by: User, **fields: Any) -> Task:
    """A daily task that became overdue nine days ago."""
    day = utc_now().date() - timedelta(days=9)
    return made(by, **{"due_date": day, "due_time": None, "recurrence": "FREQ=DAILY"} | fields)


def test_bob_completes_a_task_on_its_page(browser_of: BrowserOf, bob: User) -> None:
    task, browser = made(bob, recurrence=""), browser_of(bob)
    page = text(browser.get(f"/tasks/{task.pk}/"))
    assert "Skip this time" not in page
    assert "Continue with the next date" not in page
    answer = press(browser, task, "complete")
    assert answer["Location"] == f"/tasks/{task.pk}/"
    assert "Completed." in text(browser.get(answer["Location"]))
    assert Task.objects.get(pk=task.pk).stage == Stage.COMPLETED
    page = text(browser.get(f"/tasks/{task.pk}/")).partition("<article")[2]
    assert re.findall("<button[^>]*>", page) == ['<button name="do" value="comment">']


@pytest.mark.parametrize(("fields", "days"), [({}, -8), ({"catch_up": "on"}, 0)])
def test_a_task_that_is_days_late_can_continue_in_the_future(
    browser_of: BrowserOf, bob: User, fields: dict[str, str], days: int
) -> None:
    task = late(bob)
    assert press(browser_of(bob), task, "complete", **fields).status_code == 302
    following = Task.objects.get(series=task.series, stage=Stage.PENDING)
    assert following.due_date == utc_now().date() + timedelta(days=days)


def test_bob_skips_an_occurrence_or_all_that_have_passed(browser_of: BrowserOf, bob: User) -> None:
    task, browser = late(bob), browser_of(bob)
    for fields, days in (({}, -8), ({"catch_up": "on"}, 0)):
        assert press(browser, task, "skip", **fields).status_code == 302
        task.refresh_from_db()
        assert task.due_date == utc_now().date() + timedelta(days=days)


@pytest.mark.parametrize(("fields", "anchor"), [({"only_this_one": "on"}, date(2027, 5, 4)), ({}, date(2027, 5, 6))])
def test_bob_moves_only_this_one_or_all_that_follow(
    browser_of: BrowserOf, bob: User, fields: dict[str, str], anchor: date
) -> None:
    task = made(bob, recurrence="FREQ=WEEKLY")
    assert press(browser_of(bob), task, "move", due_date="2027-05-06", due_time="10:30", **fields).status_code == 302
    task.refresh_from_db()
    assert (task.due_date, task.due_time, task.anchor_date) == (date(2027, 5, 6), time(10, 30), anchor)


def test_a_refusal_is_shown_beside_its_field_or_above_the_buttons(browser_of: BrowserOf, bob: User) -> None:
    task, browser = made(bob, pre_tasks=[made(bob, title="Buy soil").pk]), browser_of(bob)
    for do, fields, status, words in (
        ("move", {"due_date": "soon"}, 400, "Enter a valid date."),
        ("complete", {}, 409, "Buy soil"),
        ("explode", {}, 400, "This field is required."),
    ):
        answer = press(browser, task, do, **fields)
        assert answer.status_code == status
        check(answer)
        assert words in text(answer)
    assert Task.objects.get(pk=task.pk).version == 1


def test_somebody_who_may_only_complete_sees_no_other_button(
    browser_of: BrowserOf, alice: User, bob: User, cy: User
) -> None:
    task, mia = made(alice, assigned_to_id=bob.pk), person("mia", Role.MANAGER)
    for who, buttons in ((alice, 4), (bob, 2), (mia, 4)):
        assert text(browser_of(who).get(f"/tasks/{task.pk}/")).count('name="do"') == buttons
    assert press(browser_of(bob), task, "skip").status_code == 403
    assert press(browser_of(cy), task, "complete").status_code == 404


def test_the_page_of_a_task_in_an_archived_project_has_no_buttons(browser_of: BrowserOf, bob: User) -> None:
    project = create_project({"name": "Garden"}, by=bob, now=NOW)
    task = made(bob, project_id=project.pk)
    change_project(project.pk, {"archived": True}, by=bob, now=NOW)
    assert 'name="do"' not in text(browser_of(bob).get(f"/tasks/{task.pk}/"))


def test_bob_reads_the_comments_and_adds_one(browser_of: BrowserOf, alice: User, bob: User, cy: User) -> None:
    task, browser = made(alice, assigned_to_id=bob.pk), browser_of(bob)
    add_comment(task.pk, "# Two **trays**\n<script>alert(1)</script>", by=alice, now=NOW)
    answer = browser.get(f"/tasks/{task.pk}/")
    check(answer)
    assert "<h3>Two <strong>trays</strong></h3>" in text(answer)
    assert "<script>alert" not in text(answer)
    assert press(browser, task, "comment", body="They are here.").status_code == 302
    assert "<p>They are here.</p>" in text(browser.get(f"/tasks/{task.pk}/"))
    for body, status, words in (("", 400, "This field is required."), ("x" * 20_001, 400, "20,000")):
        refused = press(browser, task, "comment", body=body)
        assert refused.status_code == status
        check(refused)
        assert words in text(refused)
    assert press(browser_of(cy), task, "comment", body="Me, too").status_code == 404
    assert task.comments.count() == 2


def test_the_page_shows_the_latest_comments(browser_of: BrowserOf, bob: User) -> None:
    task = made(bob)
    for number in range(MAX_COMMENTS + 1):
        add_comment(task.pk, f"No. {number}.", by=bob, now=NOW)
    page = text(browser_of(bob).get(f"/tasks/{task.pk}/"))
    assert "Only the latest are shown here." in page
    assert "No. 0." not in page
    assert page.index("No. 1.") < page.index(f"No. {MAX_COMMENTS}.")


def test_members_read_the_project_and_everybody_reads_the_labels(browser_of: BrowserOf, bob: User) -> None:
    garden = create_project({"name": "Garden"}, by=bob, now=NOW)
    task = create_task(TaskPatch(title="Dig", project_id=garden.pk, labels=["urgent", "beds"]), by=bob, now=NOW)
    page = text(browser_of(bob).get(f"/tasks/{task.pk}/"))
    assert "<dt>Project</dt><dd>Garden</dd>" in page
    assert "<dt>Labels</dt><dd>beds, urgent</dd>" in page
    cy = person("cy", Role.MEMBER)
    Task.objects.filter(pk=task.pk).update(assigned_to=cy)
    page = text(browser_of(cy).get(f"/tasks/{task.pk}/"))
    assert "Garden" not in page, "who is only assigned does not belong to the project"
    assert "beds, urgent" in page
