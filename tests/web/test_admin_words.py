"""The admin speaks as the pages do: words instead of constants, and dates as the reader has them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from taskbell.accounts.lockout import STRANGERS
from taskbell.accounts.models import Attempt, Profile, User
from taskbell.common.clock import utc_now
from taskbell.notifications.messages import Message, notify
from taskbell.notifications.models import Delivery, DeliveryState
from taskbell.people.notifications import SESSION_ENDED
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import create_task, update_task
from taskbell.tasks.kinds import Priority, Stage
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import QueryBudget
from tests.web.conftest import Browser, person, text
from tests.web.test_admin import BrowserOf, task

__all__ = ["task"]  # a fixture
TABLES = {
    "tasks/task": 8,
    "notifications/notification": 8,
    "reminders/reminder": 8,
    "activity/activity": 8,
    "accounts/user": 8,
    "accounts/session": 8,
}
CONSTANTS = ("PENDING", "IN_PROGRESS", "MEMBER", "task_assigned", "armed", "URGENT", "None")


@pytest.fixture
def admin(browser_of: BrowserOf, alice: User) -> Browser:
    """Alice's browser."""
    return browser_of(alice)


@pytest.mark.usefixtures("task")
def test_no_list_shows_a_constant(admin: Browser) -> None:
    for table in TABLES:
        page = text(admin.get(f"/admin/{table}/"))
        rows = page[page.find('id="result_list"') : page.find("changelist-filter-header")]
        assert [one for one in CONSTANTS if f">{one}<" in rows] == [], table


def test_a_task_has_the_status_of_its_page(admin: Browser, alice: User, task: Task) -> None:
    update_task(task.pk, TaskPatch(stage=Stage.IN_PROGRESS, priority=Priority.URGENT), by=alice, now=utc_now())
    for path in ("/admin/tasks/task/", f"/admin/tasks/task/{task.pk}/change/"):
        assert "In progress" in text(admin.get(path))
    Profile.objects.filter(user=alice).update(language="de")
    page = text(admin.get("/admin/tasks/task/"))
    assert "In Arbeit" in page
    assert "Dringend" in page
    assert "Zurück zu Taskbell" in page


def test_moments_are_in_the_zone_and_clock_of_the_reader(admin: Browser, alice: User, task: Task) -> None:
    Profile.objects.filter(user=alice).update(timezone="America/New_York", clock="12")
    Task.objects.filter(pk=task.pk).update(created_at=datetime(2020, 3, 4, 21, 5, 6, tzinfo=UTC))
    page = text(admin.get(f"/admin/tasks/task/{task.pk}/change/"))
    assert '<time datetime="2020-03-04T21:05:06+00:00"' in page
    assert "4 Mar 2020 4:05 PM" in page
    assert "4 Mar 2020 4:05:06 PM EST" in page


def test_a_task_without_a_time_is_due_on_its_day(admin: Browser, alice: User) -> None:
    create_task(TaskPatch(title="Sow", due_date=datetime(2031, 5, 6, tzinfo=UTC).date()), by=alice, now=utc_now())
    page = text(admin.get("/admin/tasks/task/"))
    assert "6 May 2031" in page
    assert "7 May 2031" not in page


def test_the_history_is_in_sentences(admin: Browser, alice: User, task: Task) -> None:
    update_task(task.pk, TaskPatch(stage=Stage.COMPLETED), by=alice, now=utc_now())
    assert "from To do to Done." in text(admin.get("/admin/activity/activity/"))


def test_alice_sees_who_cannot_sign_in_and_why(admin: Browser, bob: User) -> None:
    cy, dan = person("cy"), person("dan")
    User.objects.filter(pk=cy.pk).update(is_active=False)
    Attempt.objects.bulk_create(Attempt(scope=STRANGERS.scope, key=str(bob.pk), at=utc_now()) for _ in range(10))
    dan.set_unusable_password()
    dan.save()
    page = admin.get("/admin/accounts/user/", {"sign_in": "no"})
    assert {one.username for one in page.context["cl"].queryset} == {"bob", "cy", "dan"}
    for why in ("no: deactivated", "no: too many attempts", "no: no password"):
        assert why in text(page)
    others = admin.get("/admin/accounts/user/", {"sign_in": "yes"}).context["cl"].queryset
    assert {one.username for one in others} == {"alice"}
    assert "1 account deactivated, 1 with too many attempts" in text(admin.get("/admin/"))


def test_alice_sees_which_emails_failed_and_why(admin: Browser, bob: User) -> None:
    now = utc_now() - timedelta(hours=1)
    notify([Message(bob.pk, SESSION_ENDED, key="failed", due_at=now)], now=now)
    Delivery.objects.update(
        state=DeliveryState.FAILED, server_reply="550 no such mailbox", reason="The mail server refused it."
    )
    page = text(admin.get("/admin/notifications/notification/", {"deliveries__state__exact": "failed"}))
    assert "The mail server refused it. 550 no such mailbox" in page
    assert "Signed out" in page
    assert "1 of the latest 1,000" in text(admin.get("/admin/"))


def test_alice_sees_what_is_late(admin: Browser, alice: User, bob: User, task: Task) -> None:
    long_ago = utc_now() - timedelta(hours=2)
    Reminder.objects.update(next_at=long_ago)
    Delivery.objects.update(due_at=long_ago)
    late = create_task(TaskPatch(title="In time"), by=alice, now=utc_now())
    Reminder.objects.create(task=late, created_by=alice, next_at=utc_now() + timedelta(hours=1), timezone="UTC")
    rows = admin.get("/admin/reminders/reminder/", {"late": "yes"}).context["cl"].queryset
    assert [one.task_id for one in rows] == [task.pk]
    assert admin.get("/admin/notifications/notification/", {"late": "yes"}).context["cl"].queryset.count() > 0
    page = text(admin.get("/admin/"))
    assert "1 reminder" in page
    assert "the oldest since" in page


def test_the_most_needed_tables_come_first(admin: Browser) -> None:
    groups: list[Any] = admin.get("/admin/").context["app_list"]
    assert [str(group["name"]) for group in groups[:4]] == ["People", "Emails", "Reminders", "Tasks"]
    shown = {table["object_name"] for group in groups for table in group["models"]}
    assert {"User", "Session", "Notification", "Reminder", "Task", "Project", "Activity", "Report"} <= shown


@pytest.mark.usefixtures("task")
@pytest.mark.parametrize("table", TABLES)
def test_a_list_costs_the_same_for_one_row_and_for_many(
    admin: Browser, alice: User, query_budget: QueryBudget, table: str
) -> None:
    for _ in range(2):
        with query_budget(TABLES[table]):
            assert admin.get(f"/admin/{table}/").status_code == 200
        for number in range(6):
            somebody = person(f"{table[:3]}{number}{User.objects.count()}")
            create_task(
                TaskPatch(title=f"Task {number}", assigned_to_id=somebody.pk, reminders=[ReminderPlan(at=utc_now())]),
                by=alice,
                now=utc_now(),
            )


def test_a_task_with_many_prerequisites_costs_what_one_with_a_single_one_does(
    admin: Browser, alice: User, query_budget: QueryBudget
) -> None:
    def beds(number: int) -> Task:
        return create_task(TaskPatch(title=f"Bed {number}"), by=alice, now=utc_now())

    for count in (1, 12):
        wanted = [beds(number).pk for number in range(count)]
        task = create_task(TaskPatch(title="Plant them", pre_tasks=wanted), by=alice, now=utc_now())
        with query_budget(11):
            page = text(admin.get(f"/admin/tasks/task/{task.pk}/change/"))
        assert page.count("selected>Bed") == count


def test_the_first_page_costs_few_queries(admin: Browser, query_budget: QueryBudget) -> None:
    with query_budget(10):
        admin.get("/admin/")


def test_a_task_that_is_not_done_has_no_moment_of_completion(admin: Browser, task: Task) -> None:
    page = text(admin.get(f"/admin/tasks/task/{task.pk}/change/"))
    assert '<div class="readonly">None</div>' not in page
    assert '<div class="readonly">-</div>' in page


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_admin_and_docs_have_the_theme_of_the_person_and_a_way_back(admin: Browser, alice: User, theme: str) -> None:
    Profile.objects.filter(user=alice).update(theme=theme)
    assert f'<meta name="color-scheme" content="{theme}">' in text(admin.get("/admin/tasks/task/"))
    page = text(admin.get("/api/docs/"))
    assert f'data-theme="{theme}"' in page
    assert 'href="/">← Back to Taskbell' in page
    assert "data-theme" not in text(Browser().get("/api/docs/"))
