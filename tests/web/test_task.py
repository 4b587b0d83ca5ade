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
from taskbell.notifications.models import Delivery, DeliveryState
from taskbell.projects.models import Project, ProjectRole
from taskbell.reminders.firing import deliver_due
from taskbell.reminders.schedule import ReminderPlan
from taskbell.sharing.members import add_member
from taskbell.sharing.projects import change_project, create_project
from taskbell.tasks.actions import create_task, delete_task, update_task
from taskbell.tasks.kinds import Priority, Stage
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW
from tests.web.conftest import Browser, person, text
from tests.web.test_every_page import Page, check_has_nothing_inline

BrowserOf = Callable[[User], Browser]
FIELDS: dict[str, Any] = {
    "title": "Order <b>seedlings</b>",
    "description": "Two trays of **tomatoes**.\n\n- One of basil <script>alert(1)</script>",
    "priority": Priority.HIGH.value,
    "due_date": date(2027, 5, 4),
    "due_time": time(9),
    "timezone": "UTC",
    "recurrence": "FREQ=WEEKLY;BYDAY=TU",
}


def made(by: User, **fields: Any) -> Task:
    return create_task(TaskPatch(**(FIELDS | fields)), by=by, now=NOW)


def shared(by: User, **roles: Any) -> Project:
    """A project with these members, each by a role."""
    garden = create_project({"name": "Garden", "colour": "green"}, by=by, now=NOW)
    for name, role in roles.items():
        add_member(garden.pk, User.objects.get(username=name).pk, role=role, by=by, now=NOW)
    return garden


def read(browser: Browser, task: Task, query: str = "") -> str:
    """The page without navigation, in one line, its tags kept."""
    answer = browser.get(f"/tasks/{task.pk}/{query}")
    assert answer.status_code == 200
    return " ".join(text(answer).partition("<main")[2].partition("</main>")[0].split())


def words_of(page: str) -> str:
    """What a person reads of it."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.mark.usefixtures("in_november")
def test_bob_reads_everything_about_his_task_in_his_own_time(browser_of: BrowserOf, alice: User, bob: User) -> None:
    update_profile(bob, now=NOW, timezone="Europe/Berlin")
    first = made(alice, title="Buy soil", assigned_to_id=bob.pk)
    plans = [
        ReminderPlan(before_due=parse_duration("P1D")),
        ReminderPlan(at=datetime(2027, 5, 3, 16, tzinfo=UTC), repeat="FREQ=DAILY"),
    ]
    task = made(alice, assigned_to_id=bob.pk, pre_tasks=[first.pk], reminders=plans, labels=["beds"])
    update_task(task.pk, TaskPatch(stage=Stage.IN_PROGRESS), by=bob, now=NOW)
    page = read(browser_of(bob), task)
    for words in (
        "Order &lt;b&gt;seedlings&lt;/b&gt;",
        "<p>Two trays of <strong>tomatoes</strong>.</p>",
        "<li>One of basil &lt;script&gt;",
        f'href="/tasks/{first.pk}/"',
        'aria-pressed="true">In progress</button>',
    ):
        assert words in page, words
    seen = words_of(page)
    for words in (
        *(
            "Tue 4 May, 11:00",
            "9:00 in UTC",
            "Every Tuesday at 11:00",
            "Counts from the due date. Next: Tue 11 May, Tue 18 May",
        ),
        *("High", "beds", "Assigned to B You", "Created by alice", "Blocked by one task.", "“Buy soil” has to be done"),
        *("Reminds Mon 3 May at 11:00 1 day before due", "Reminds Mon 3 May at 18:00 At a fixed time, repeating"),
        *("alice created the task.", "You changed the status from To do to In progress."),
    ):
        assert words in seen, words


def test_nothing_in_the_page_is_inline_and_each_field_has_a_label(browser_of: BrowserOf, bob: User) -> None:
    task, browser = made(bob), browser_of(bob)
    fields = ("title", "description", "due", "repeats", "priority", "stage", "move", "category", "labels", "assign")
    for path in ("", *(f"edit/?field={name}" for name in fields), "reminders/", "needs/?q=soil", "comments/"):
        answer = browser.get(f"/tasks/{task.pk}/{path}")
        assert answer.status_code == 200, path
        page = Page(text(answer))
        check_has_nothing_inline(page)
        labelled = {label.get("for") for label in page.all("label")}
        for field in page.all("input", "select", "textarea"):
            assert field.get("type") in ("hidden", "radio", "checkbox") or field["id"] in labelled, (path, field)
        ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
        assert len(ids) == len(set(ids)), path


def test_a_stranger_finds_the_same_page_as_for_a_task_that_is_not_there(
    browser_of: BrowserOf, alice: User, bob: User
) -> None:
    task, gone = made(alice), made(bob)
    delete_task(gone.pk, by=bob, now=NOW)
    browser = browser_of(bob)
    answers = [browser.get(f"/tasks/{pk}/") for pk in (task.pk, gone.pk, 999_999, 10**30)]
    assert {answer.status_code for answer in answers} == {404}
    # Each page has a token of its own, and its address.
    bodies = {re.sub('name="(csrfmiddlewaretoken|next)" value="[^"]+"', "", text(answer)) for answer in answers}
    assert len(bodies) == 1
    for path in ("edit/?field=due", "reminders/", "needs/", "comments/"):
        assert browser.get(f"/tasks/{task.pk}/{path}", headers={"HX-Request": "true"}).status_code == 404
        assert browser.post(f"/tasks/{task.pk}/{path}", headers={"HX-Request": "true"}).status_code == 404


def test_who_is_not_signed_in_signs_in_and_comes_back_to_the_task(browser: Browser, bob: User) -> None:
    task = made(bob)
    address = f"/tasks/{task.pk}/"
    assert browser.get(address)["Location"] == f"/sign-in/?next={address}"
    assert browser.sign_in("bob", next=address)["Location"] == address
    assert browser.get(address).status_code == 200


def test_what_bob_may_not_see_is_only_counted(browser_of: BrowserOf, bob: User) -> None:
    mia = person("mia", Role.MANAGER)
    secret = made(mia, title="Secret")
    private = ReminderPlan(before_due=parse_duration("PT7H"), for_me=True)
    task = made(mia, assigned_to_id=bob.pk, pre_tasks=[secret.pk], reminders=[private])
    made(mia, title="Later", pre_tasks=[task.pk])
    page = read(browser_of(bob), task)
    for words in ("Secret", "Later", "7 hours"):
        assert words not in page, words
    seen = words_of(page).replace("&#x27;", "'")
    assert "A task that you can't see" in seen
    assert "and one more task" in seen
    assert "Blocked by one task." in seen
    page = read(browser_of(mia), task)
    for words in ("Secret", "Later", "7 hours before due"):
        assert words in page, words


@pytest.mark.parametrize("number", [1, 30])
def test_the_page_costs_the_same_for_a_task_with_more_to_it(
    browser_of: BrowserOf, bob: User, query_budget: Any, number: int
) -> None:
    needed = [made(bob, title=f"Step {place}").pk for place in range(number)]
    plans = [ReminderPlan(before_due=parse_duration(f"PT{place + 1}H")) for place in range(number)]
    labels = [f"label {place}" for place in range(min(number, 20))]
    task = made(bob, pre_tasks=needed, reminders=plans, labels=labels, category_id=None)
    for place in range(number):
        update_task(task.pk, TaskPatch(title=f"Version {place}"), by=bob, now=NOW + timedelta(minutes=place))
        add_comment(task.pk, f"No. {place}", by=bob, now=NOW + timedelta(minutes=place))
    deliver_due(now=datetime(2027, 5, 4, 8, 30, tzinfo=UTC))
    browser = browser_of(bob)
    with query_budget(8):  # session and person, frame, task, graph, reminders, emails, story, and the names in it
        browser.get(f"/tasks/{task.pk}/")


def test_the_page_tells_what_became_of_each_email(browser_of: BrowserOf, alice: User, bob: User) -> None:
    plans = [ReminderPlan(at=NOW + timedelta(minutes=5))]
    task = made(alice, assigned_to_id=bob.pk, reminders=plans)
    deliver_due(now=NOW + timedelta(minutes=5))
    mails = Delivery.objects.filter(notification__task=task, notification__kind="reminder")
    sent_at = NOW + timedelta(minutes=5, milliseconds=400)
    mails.filter(notification__recipient=bob).update(
        state=DeliveryState.FAILED, server_reply="550 5.1.1 No such mailbox", not_before=None
    )
    mails.filter(notification__recipient=alice).update(state=DeliveryState.SENT, sent_at=sent_at, not_before=None)
    seen = words_of(read(browser_of(alice), task))
    assert "9:05:00 To you. The mail server accepted it 0.4 s later." in seen
    assert "9:05:00 To bob. The mail server replied: 550 5.1.1 No such mailbox failed" in seen
    assert "To alice" not in words_of(read(browser_of(bob), task)), "others see their own emails"


def test_somebody_who_may_only_work_on_it_sees_no_further_button(browser_of: BrowserOf, alice: User, bob: User) -> None:
    ivo, vera = person("ivo", Role.INTERN), person("vera")
    garden = shared(alice, bob=ProjectRole.EDITOR, ivo=ProjectRole.EDITOR, vera=ProjectRole.VIEWER)
    task = made(alice, project_id=garden.pk, assigned_to_id=ivo.pk)
    for who, edits, stages in ((alice, True, True), (bob, True, True), (ivo, False, True), (vera, False, False)):
        page = read(browser_of(who), task)
        assert ('data-edit="due"' in page) is edits, who
        assert ('data-verb="delete"' in page) is edits, who
        assert ("Skip this occurrence" in page) is edits, who
        assert ('aria-label="Stage"' in page) is stages, who
        assert ('data-edit="reminder"' in page) is True, "everybody may remind themselves"
        assert ("Add comment" in page) is True, "everybody may comment"
    assert "You can hand it back." in read(browser_of(ivo), task)


def test_a_blocked_task_says_why_it_can_not_be_completed(browser_of: BrowserOf, alice: User, bob: User) -> None:
    first = made(alice, title="Buy soil", assigned_to_id=bob.pk)
    task = made(alice, assigned_to_id=bob.pk, pre_tasks=[first.pk])
    page = read(browser_of(bob), task)
    assert 'aria-pressed="false" disabled aria-describedby="blocked">Done' in page
    assert "Complete anyway" not in page
    assert "Complete anyway" in read(browser_of(alice), task)
    browser_of(alice).post(f"/tasks/{task.pk}/complete/?force=true")
    assert Task.objects.get(pk=task.pk).stage == Stage.COMPLETED


def test_the_page_of_a_task_in_an_archived_project_can_only_be_read(browser_of: BrowserOf, bob: User) -> None:
    project = create_project({"name": "Garden"}, by=bob, now=NOW)
    task = made(bob, project_id=project.pk)
    change_project(project.pk, {"archived": True}, by=bob, now=NOW)
    browser = browser_of(bob)
    page = read(browser, task)
    assert "The project of this task is archived." in page
    for button in ("data-edit", "Add comment", "Snooze", 'data-verb="delete"'):
        assert button not in page, button
    assert browser.post(f"/tasks/{task.pk}/edit/?field=title", {"title": "Dig"}).status_code == 302
    assert Task.objects.get(pk=task.pk).title == FIELDS["title"]


def test_members_read_the_project_and_everybody_reads_the_labels(browser_of: BrowserOf, bob: User) -> None:
    garden = shared(bob)
    task = create_task(TaskPatch(title="Dig", project_id=garden.pk, labels=["urgent", "beds"]), by=bob, now=NOW)
    seen = words_of(read(browser_of(bob), task))
    assert "Project Garden" in seen
    assert "Labels beds urgent" in seen
    cy = person("cy", Role.MEMBER)
    Task.objects.filter(pk=task.pk).update(assigned_to=cy)
    seen = words_of(read(browser_of(cy), task))
    assert "Garden" not in seen, "who is only assigned does not belong to the project"
    assert "beds urgent" in seen


def test_the_tasks_beside_it_are_named_so_that_the_page_follows_them(browser_of: BrowserOf, bob: User) -> None:
    first = made(bob, title="Buy soil")
    task = made(bob, pre_tasks=[first.pk])
    last = made(bob, title="Water", pre_tasks=[task.pk])
    browser = browser_of(bob)
    assert f'data-watch="{task.pk} {first.pk} {last.pk}"' in read(browser, task)
    answer = browser.get("/live/", {"ids": "1", "view": f"/tasks/{task.pk}/"})
    assert answer.status_code == 200
    assert 'id="navigation"' in text(answer)


def late(by: User, **fields: Any) -> Task:
    """A daily task that became overdue nine days ago."""
    day = utc_now().date() - timedelta(days=9)
    return made(by, **{"due_date": day, "due_time": None, "recurrence": "FREQ=DAILY"} | fields)


@pytest.mark.parametrize(("query", "days"), [("", -8), ("?catch_up=true", 0)])
def test_a_task_that_is_days_late_can_go_on_in_the_future(
    browser_of: BrowserOf, bob: User, query: str, days: int
) -> None:
    task, browser = late(bob), browser_of(bob)
    assert "Complete, and skip missed occurrences" in read(browser, task)
    assert browser.post(f"/tasks/{task.pk}/complete/{query}").status_code == 302
    following = Task.objects.get(series=task.series, stage=Stage.PENDING)
    assert following.due_date == utc_now().date() + timedelta(days=days)


def test_bob_skips_an_occurrence_or_all_that_have_passed(browser_of: BrowserOf, bob: User) -> None:
    task, browser = late(bob), browser_of(bob)
    for query, days in (("", -8), ("?catch_up=true", 0)):
        assert browser.post(f"/tasks/{task.pk}/skip/{query}").status_code == 302
        task.refresh_from_db()
        assert task.due_date == utc_now().date() + timedelta(days=days)
    answer = browser.post(f"/tasks/{made(bob, recurrence='').pk}/skip/", headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert "Only open, recurring tasks" in text(answer)


def test_deleting_a_task_leads_back_to_the_list_and_can_be_undone(browser_of: BrowserOf, bob: User) -> None:
    task, browser = made(bob), browser_of(bob)
    answer = browser.post(f"/tasks/{task.pk}/delete/?leave=/upcoming/", headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == "/upcoming/"
    assert f'formaction="/tasks/{task.pk}/restore/"' in text(browser.get("/upcoming/"))
    browser.post(f"/tasks/{task.pk}/restore/")
    answer = browser.post(f"/tasks/{task.pk}/delete/?leave=https://example.org/")
    assert answer["Location"] == "/", "only to addresses of this site"


def test_a_copy_has_the_same_fields(browser_of: BrowserOf, bob: User) -> None:
    task = made(bob, labels=["beds"])
    answer = browser_of(bob).post(f"/tasks/{task.pk}/duplicate/")
    copy = Task.objects.exclude(pk=task.pk).get()
    assert answer["Location"] == f"/tasks/{copy.pk}/"
    for name in ("title", "description", "due_date", "recurrence", "project_id"):
        assert getattr(copy, name) == getattr(task, name)
    assert copy.series == copy.pk
