"""What a browser may send to the admin by mistake or on purpose: a form error or a short list, never a failure."""

from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.tasks.models import Task
from tests.web.conftest import Browser
from tests.web.test_admin import TABLES, BrowserOf, form_of, task

__all__ = ["task"]  # a fixture
HUGE = "9" * 40
BAD = ("x", "\0", HUGE)
TASK = "/admin/tasks/task/"
FIELDS = {
    "tasks/task": ["stage__exact", "is_overdue__exact", "blocked", "priority__exact", "deleted", "category__id__exact"],
    "accounts/user": ["role__exact", "is_active__exact"],
    "accounts/session": ["ended_at__isempty", "ended_because"],
    "accounts/invite": ["accepted_at__isempty", "role__exact"],
    "activity/activity": ["subject_type", "action", "field", "task__id__exact", "project_id", "task__isnull"],
    "notifications/notification": ["deliveries__state__exact", "kind__exact", "task__id__exact"],
    "reminders/reminder": ["state__exact"],
    "projects/project": ["archived_at__isempty"],
    "tasks/category": [],
    "tasks/label": [],
}
DATED = {
    "tasks/task": "due_at",
    "accounts/user": "date_joined",
    "activity/activity": "timestamp",
    "notifications/notification": "due_at",
    "reminders/reminder": "at",
}
ALWAYS = ("q", "p", "o", "e", "all", "_facets", "_popup", "_to_field", "_changelist_filters", "unknown", "id", "id__in")


@pytest.fixture
def admin(browser_of: BrowserOf, alice: User) -> Browser:
    """Alice's browser."""
    return browser_of(alice)


@pytest.mark.usefixtures("task")
@pytest.mark.parametrize("table", TABLES)
def test_no_query_string_breaks_a_list(admin: Browser, table: str) -> None:
    years = [f"{DATED[table]}__{part}" for part in ("year", "month", "day") if table in DATED]
    names = [*ALWAYS, *FIELDS[table], *years]
    broken = {}
    for name in names:
        for value in BAD:
            status = admin.get(f"/admin/{table}/", {name: value}, follow=True).status_code
            if status not in (200, 400):
                broken[name, value] = status
    assert broken == {}


@pytest.mark.usefixtures("task")
@pytest.mark.parametrize("table", TABLES)
def test_no_id_in_the_path_breaks_a_page(admin: Browser, table: str) -> None:
    for page in ("change", "history", "delete"):
        for value in ("x", "%00", HUGE, "-1", "_5F_00", "%F0%9F%94%94"):
            answer = admin.get(f"/admin/{table}/{value}/{page}/", follow=True)
            assert answer.status_code in (200, 403, 404), (page, value)


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("field", ["category", "assigned_to", "stage", "priority", "due_date", "due_time"])
def test_a_bad_value_of_a_task_is_an_error_at_its_field(admin: Browser, task: Task, field: str, value: str) -> None:
    path = f"{TASK}{task.pk}/change/"
    answer = admin.post(path, {**form_of(admin, path), field: value})
    assert answer.status_code in (200, 302)


@pytest.mark.parametrize("value", BAD)
def test_bad_values_in_the_rows_of_prerequisites_are_errors(admin: Browser, task: Task, value: str) -> None:
    path = f"{TASK}{task.pk}/change/"
    form = form_of(admin, path)
    for row in (
        {"needs-0-needs": value},
        {"needs-0-id": value, "needs-0-needs": task.pk},
        {"needs-0-needs": task.pk, "needs-0-id": value, "needs-INITIAL_FORMS": 1},
        {"needs-TOTAL_FORMS": value},
        {"needs-INITIAL_FORMS": value},
        {"needs-0-task": value},
    ):
        answer = admin.post(path, {**form, "needs-TOTAL_FORMS": 1, **row})
        assert answer.status_code in (200, 302), row


@pytest.mark.parametrize("value", BAD)
def test_bad_values_of_people_are_errors(admin: Browser, bob: User, value: str) -> None:
    path = f"/admin/accounts/user/{bob.pk}/change/"
    for field in ("role", "hand_to", "username", "email", "profile-0-timezone", "profile-0-digest_at"):
        answer = admin.post(path, {**form_of(admin, path), field: value})
        assert answer.status_code in (200, 302), field
    for field in ("profile-0-user", "profile-INITIAL_FORMS", "profile-TOTAL_FORMS", "profile-0-task_quota"):
        answer = admin.post(path, {**form_of(admin, path), field: value})
        assert answer.status_code in (200, 302), field


@pytest.mark.usefixtures("task")
@pytest.mark.parametrize(
    ("table", "action"),
    [
        *(("tasks/task", "delete_selected"), ("accounts/session", "end"), ("notifications/notification", "send_again")),
        *(("tasks/category", "delete_selected"), ("comments/comment", "delete_selected")),
    ],
)
def test_actions_on_rows_that_do_not_exist_do_nothing(admin: Browser, table: str, action: str) -> None:
    for value in BAD:
        for more in ({}, {"post": "yes"}, {"action": value}, {"index": value}, {"select_across": value}):
            given: dict[str, Any] = {"action": action, "_selected_action": [value], "index": "0", **more}
            assert admin.post(f"/admin/{table}/", given, follow=True).status_code == 200, (value, more)


@pytest.mark.parametrize("value", BAD)
def test_no_search_for_a_row_breaks(admin: Browser, task: Task, value: str) -> None:
    where = {"app_label": "tasks", "model_name": "prerequisite", "field_name": "needs", "term": "o"}
    for name in where:
        assert admin.get("/admin/autocomplete/", {**where, name: value}).status_code in (200, 403, 404), name
    assert admin.get("/admin/autocomplete/", {**where, "page": value}).status_code in (200, 404)
    assert admin.get(f"{TASK}add/", {"category": value, "due_date": value, "stage": value}).status_code == 200
