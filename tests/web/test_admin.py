"""Django's admin: for ADMINs, by our own sign-in, and never past the history."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry

from taskbell.accounts.models import Session, User
from taskbell.accounts.policy import Role
from taskbell.accounts.profile import update_profile
from taskbell.activity.models import Activity
from taskbell.common.clock import utc_now
from taskbell.notifications.messages import Message, notify
from taskbell.notifications.models import Delivery, Notification
from taskbell.people.editing import update_person
from taskbell.people.invitations import invite, make_invite
from taskbell.projects.models import Project, ProjectRole
from taskbell.reminders.notifications import REMINDER
from taskbell.reminders.schedule import ReminderPlan
from taskbell.sharing.members import add_member
from taskbell.sharing.projects import create_project
from taskbell.tasks.actions import create_task, delete_task
from taskbell.tasks.categories import create_category
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.web.conftest import PASSWORD, Browser, person, text

BrowserOf = Callable[[User], Browser]
TABLES = [
    "accounts/user",
    "accounts/session",
    "tasks/task",
    "reminders/reminder",
    "notifications/notification",
    "activity/activity",
    "tasks/category",
    "tasks/label",
    "projects/project",
    "accounts/invite",
]
READ_ONLY = [
    *("accounts/session", "reminders/reminder", "notifications/notification", "activity/activity", "projects/project"),
]


@pytest.fixture
def admin(browser_of: BrowserOf, alice: User) -> Browser:
    """Alice's browser."""
    return browser_of(alice)


@pytest.fixture
def task(alice: User, bob: User) -> Task:
    """A task for Bob, with everything that hangs on one; and somebody who is to come."""
    now = utc_now()
    create_category("Soil", by=alice, now=now)
    add_member(create_project({"name": "Garden"}, by=alice, now=now).pk, bob.pk, ProjectRole.EDITOR, by=alice, now=now)
    invite("cy@example.org", Role.MEMBER, by=alice, now=now)
    task = create_task(
        TaskPatch(title="Order soil", assigned_to_id=bob.pk, reminders=[ReminderPlan(at=now)], labels=["Soil"]),
        by=alice,
        now=now,
    )
    notify([Message(bob.pk, REMINDER, key="k", due_at=now, task_id=task.pk)], now=now)
    return task


def refusals_in(answer: Any) -> Any:
    return answer.context["errors"] if answer.context and "errors" in answer.context else None


def test_strangers_are_sent_to_our_sign_in_and_back(browser: Browser, alice: User) -> None:
    door = browser.get("/admin/tasks/task/")["Location"]
    assert door == "/admin/login/?next=/admin/tasks/task/"
    assert browser.get(door)["Location"] == "/sign-in/?next=/admin/tasks/task/"
    assert browser.sign_in("alice", next="/admin/tasks/task/")["Location"] == "/admin/tasks/task/"
    assert browser.get("/admin/tasks/task/").status_code == 200


@pytest.mark.parametrize("role", [Role.MANAGER, Role.MEMBER, Role.INTERN])
@pytest.mark.usefixtures("alice")
def test_only_admins_get_in(browser_of: BrowserOf, role: Role) -> None:
    browser = browser_of(person("eve", role))
    for table in TABLES:
        answer = browser.get(f"/admin/{table}/", follow=True)
        assert answer.status_code == 403
        assert "Admins only" in text(answer)
    assert "/admin/" not in text(browser.get("/"))


def test_signing_out_of_the_admin_ends_our_session(admin: Browser, alice: User) -> None:
    assert admin.post("/admin/logout/")["Location"] == "/"
    assert not admin.is_signed_in
    assert Session.objects.get(user=alice).ended_at is not None


@pytest.mark.usefixtures("task")
@pytest.mark.parametrize("table", TABLES)
def test_alice_looks_everything_up(admin: Browser, table: str) -> None:
    page = admin.get(f"/admin/{table}/", {"q": "o"})
    assert page.status_code == 200
    assert "Taskbell" in text(page)
    model = admin.get(f"/admin/{table}/").context["cl"].queryset
    assert admin.get(f"/admin/{table}/{model.first().pk}/change/").status_code == 200


def test_a_project_leads_to_its_tasks_and_its_history(admin: Browser, alice: User, task: Task) -> None:
    garden = Project.objects.get(name="Garden")
    create_task(TaskPatch(title="Dig", project_id=garden.pk), by=alice, now=utc_now())
    page = text(admin.get(f"/admin/projects/project/{garden.pk}/change/"))
    addresses = [unescape(address) for address in re.findall(r'href="([^"]*\?project_[^"]*)"', page)]
    tasks, entries = (admin.get(address).context["cl"].queryset for address in addresses)
    assert [one.title for one in tasks] == ["Dig"]
    assert {(one.subject_type, one.action) for one in entries} == {("project", "created"), ("member", "added")}


@pytest.mark.usefixtures("task")
@pytest.mark.parametrize("table", READ_ONLY)
def test_what_the_program_wrote_nobody_rewrites(admin: Browser, table: str) -> None:
    row = admin.get(f"/admin/{table}/").context["cl"].queryset.first()
    assert admin.get(f"/admin/{table}/add/").status_code == 403
    assert admin.post(f"/admin/{table}/{row.pk}/change/", {}).status_code == 403
    assert admin.post(f"/admin/{table}/{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_mail_itself_is_not_shown(admin: Browser, task: Task) -> None:
    notification = Notification.objects.get(recipient__username="bob", kind="reminder")
    Delivery.objects.update(mime=b"a link that lets its reader in")
    assert "lets its reader in" not in text(admin.get(f"/admin/notifications/notification/{notification.pk}/change/"))


def form_of(admin: Browser, path: str, **changes: Any) -> dict[str, Any]:
    """What the browser would send, with some changes."""
    page = admin.get(path).context
    forms = [page["adminform"].form, *(form for inline in page["inline_admin_formsets"] for form in inline.formset)]
    managements = [inline.formset.management_form for inline in page["inline_admin_formsets"]]
    values = {f.add_prefix(name): f[name].value() for f in [*forms, *managements] for name in f.fields}
    return {name: value for name, value in (values | changes).items() if value is not None and value is not False}


def test_a_task_changed_in_the_admin_has_its_line_of_history(admin: Browser, alice: User, task: Task) -> None:
    path = f"/admin/tasks/task/{task.pk}/change/"
    assert admin.post(path, form_of(admin, path, title="Order more soil")).status_code == 302
    task.refresh_from_db()
    assert (task.title, task.version) == ("Order more soil", 2)
    line = Activity.objects.filter(action="updated").get()
    assert (line.user, line.field, line.old_value, line.new_value) == (alice, "title", "Order soil", "Order more soil")
    assert LogEntry.objects.get().user == alice


def test_a_task_made_in_the_admin_is_made_by_its_maker(admin: Browser, alice: User) -> None:
    path = "/admin/tasks/task/add/"
    assert admin.post(path, form_of(admin, path, title="Sow", due_date="2030-06-01")).status_code == 302
    task = Task.objects.get()
    assert (task.created_by, task.due_at is not None) == (alice, True)
    assert Activity.objects.filter(task=task, action="created").exists()


def test_a_task_deleted_in_the_admin_is_kept_and_shown_on_demand(admin: Browser, task: Task) -> None:
    assert "Order soil" in text(admin.get(f"/admin/tasks/task/{task.pk}/delete/"))
    assert admin.post(f"/admin/tasks/task/{task.pk}/delete/", {"post": "yes"}).status_code == 302
    assert Task.objects.get(pk=task.pk).deleted_at is not None
    assert Activity.objects.filter(action="deleted").exists()
    assert list(admin.get("/admin/tasks/task/").context["cl"].queryset) == []
    assert list(admin.get("/admin/tasks/task/", {"deleted": "yes"}).context["cl"].queryset) == [task]
    assert admin.post(f"/admin/tasks/task/{task.pk}/change/", {}).status_code == 403


def test_several_tasks_are_deleted_by_the_same_verb(admin: Browser, task: Task) -> None:
    chosen = {"action": "delete_selected", "_selected_action": [task.pk], "post": "yes"}
    assert admin.post("/admin/tasks/task/", chosen).status_code == 302
    assert Activity.objects.filter(action="deleted").count() == 1


def test_a_refusal_is_told_above_the_form(admin: Browser, alice: User, task: Task) -> None:
    path = f"/admin/tasks/task/{task.pk}/change/"
    fields = form_of(admin, path, title="Too late")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "taskbell.tasks.admin.actions.update_task", lambda *_, **__: delete_task(0, by=alice, now=utc_now())
        )
        answer = admin.post(path, fields)
    assert answer["Location"] == path
    assert "Not found, or not visible to you." in text(admin.get(path))


def test_alice_adds_a_person_who_can_sign_in(admin: Browser) -> None:
    new = {"username": "Cy", "email": "Cy@Example.org", "role": "INTERN", "password1": PASSWORD, "password2": PASSWORD}
    assert admin.post("/admin/accounts/user/add/", new).status_code == 302
    cy = User.objects.get(username="Cy")
    assert (cy.email, cy.role, cy.profile.language) == ("cy@example.org", Role.INTERN, "en")
    assert Browser().sign_in("cy").status_code == 302


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", "ALICE"),
        ("email", "Alice@example.org"),
        ("username", "alice@example.org"),
        ("username", "two words"),
    ],
)
def test_a_person_that_others_could_be_mistaken_for_is_refused(admin: Browser, field: str, value: str) -> None:
    new = {"username": "cy", "email": "cy@example.org", "role": "MEMBER", "password1": PASSWORD, "password2": PASSWORD}
    answer = admin.post("/admin/accounts/user/add/", new | {field: value})
    assert answer.status_code == 200
    assert refusals_in(answer)
    assert User.objects.count() == 1


def test_bob_becomes_a_manager(admin: Browser, bob: User) -> None:
    path = f"/admin/accounts/user/{bob.pk}/change/"
    assert admin.post(path, form_of(admin, path, role="MANAGER")).status_code == 302
    assert User.objects.get(pk=bob.pk).role == Role.MANAGER


@pytest.mark.parametrize("change", [{"role": "MEMBER"}, {"is_active": None}])
def test_the_last_admin_stays(admin: Browser, alice: User, change: dict[str, Any]) -> None:
    path = f"/admin/accounts/user/{alice.pk}/change/"
    answer = admin.post(path, form_of(admin, path, **change))
    assert "This is the last admin." in text(answer)
    assert User.objects.get(pk=alice.pk).is_staff


def test_people_are_not_deleted(admin: Browser, bob: User) -> None:
    assert admin.post(f"/admin/accounts/user/{bob.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_password_set_by_alice_signs_bob_out(admin: Browser, browser_of: BrowserOf, bob: User) -> None:
    his = browser_of(bob)
    new = {"password1": "something quite new", "password2": "something quite new"}
    assert admin.post(f"/admin/accounts/user/{bob.pk}/password/", new).status_code == 302
    assert not his.is_signed_in
    assert Browser().sign_in("bob", "something quite new").status_code == 302


def test_alice_ends_the_sessions_of_bob(admin: Browser, browser_of: BrowserOf, bob: User) -> None:
    his = browser_of(bob)
    chosen = {"action": "end", "_selected_action": [str(Session.objects.get(user=bob).pk)]}
    assert admin.post("/admin/accounts/session/", chosen).status_code == 302
    assert not his.is_signed_in
    assert admin.is_signed_in


def test_the_history_of_the_admin_tells_of_people_and_invitations(admin: Browser, bob: User) -> None:
    ada = User.objects.get(role="ADMIN")
    update_person(bob, {"role": "MANAGER"}, by=ada, now=utc_now())
    make_invite("new@example.org", "MEMBER", by=ada, now=utc_now())
    shown = text(admin.get("/admin/activity/activity/"))
    assert "new@example.org" in shown
    assert "Role changed: Member → Manager" in shown
    only = text(admin.get("/admin/activity/activity/?subject_type=invitation"))
    assert "new@example.org" in only
    assert "Role changed" not in only


def test_alice_finds_rows_by_words_whatever_their_case_and_accents(admin: Browser, alice: User, bob: User) -> None:
    create_category("Gemüse", by=alice, now=utc_now())
    create_task(TaskPatch(title="Café Größe", description="Übermorgen"), by=alice, now=utc_now())
    create_task(TaskPatch(title="Other", assigned_to_id=bob.pk), by=alice, now=utc_now())
    update_profile(bob, first_name="Émile", now=utc_now())

    def shown(table: str, words: str) -> list[str]:
        return [str(row) for row in admin.get(f"/admin/{table}/", {"q": words}).context["cl"].result_list]

    assert shown("tasks/task", "grosse CAFE ubermorgen") == ["Café Größe"]
    assert shown("tasks/task", "emile") == ["Other"]
    assert shown("tasks/task", "%") == []
    assert shown("tasks/category", "GEMÜSE") == shown("tasks/category", "gemü") == ["Gemüse"]
    assert shown("accounts/user", "EMIL") == ["bob"]
    assert shown("accounts/user", "bob@ emi") == ["bob"]
