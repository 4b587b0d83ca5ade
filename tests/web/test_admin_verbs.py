"""What an ADMIN changes in the admin is done by the same verbs as everywhere, refusals included."""

from collections.abc import Sequence
from typing import Any

import pytest

from taskbell.accounts.models import Invite, User
from taskbell.accounts.policy import Role
from taskbell.activity.models import Activity
from taskbell.comments.actions import add_comment
from taskbell.comments.models import Comment
from taskbell.common.clock import utc_now
from taskbell.notifications.models import Delivery, Notification
from taskbell.people.invitations import invite
from taskbell.tasks.actions import create_task, delete_task
from taskbell.tasks.categories import create_category
from taskbell.tasks.kinds import Stage
from taskbell.tasks.label_models import Label
from taskbell.tasks.models import Category, Task
from taskbell.tasks.patch import TaskPatch
from tests.web.conftest import Browser, person, text
from tests.web.test_admin import BrowserOf, form_of


@pytest.fixture
def admin(browser_of: BrowserOf, alice: User) -> Browser:
    """Alice's browser."""
    return browser_of(alice)


def make(title: str, *, by: User, pre_tasks: Sequence[int] = (), **fields: Any) -> Task:
    return create_task(TaskPatch(title=title, **fields, pre_tasks=pre_tasks), by=by, now=utc_now())


def change_of(row: Any, app: str) -> str:
    return f"/admin/{app}/{row.pk}/change/"


def save(admin: Browser, path: str, **changes: Any) -> Any:
    return admin.post(path, form_of(admin, path, **changes), follow=True)


def linked(number: int, needs: Task, **more: Any) -> dict[str, Any]:
    """The inline's row for one prerequisite."""
    row = {"id": "", "needs": needs.pk, **more}
    return {"needs-TOTAL_FORMS": number + 1} | {f"needs-{number}-{name}": value for name, value in row.items()}


# Tasks


def test_the_list_says_who_waits_and_in_which_category(admin: Browser, alice: User) -> None:
    soil = create_category("Soil", by=alice, now=utc_now())
    first = make("Order soil", by=alice, category_id=soil.pk)
    second = make("Fill the beds", by=alice, pre_tasks=[first.pk])
    page = text(admin.get("/admin/tasks/task/"))
    assert "Soil" in page
    rows = {
        answer: admin.get("/admin/tasks/task/", {"blocked": answer}).context["cl"].queryset for answer in ("yes", "no")
    }
    assert {answer: list(tasks) for answer, tasks in rows.items()} == {"yes": [second], "no": [first]}


def test_a_prerequisite_is_linked_and_unlinked_with_its_line_of_history(admin: Browser, alice: User) -> None:
    first, second = make("Order soil", by=alice), make("Fill the beds", by=alice)
    path = change_of(second, "tasks/task")
    save(admin, path, **linked(0, first))
    assert list(second.pre_tasks.all()) == [first]
    save(admin, path, **{"needs-0-DELETE": "on"})
    assert list(second.pre_tasks.all()) == []
    lines = Activity.objects.filter(task=second, field="pre_tasks").order_by("id")
    assert [(line.old_value, line.new_value) for line in lines] == [([], [first.pk]), ([first.pk], [])]


def test_a_circle_is_refused_and_nothing_else_is_saved_with_it(admin: Browser, alice: User) -> None:
    first = make("Order soil", by=alice)
    second = make("Fill the beds", by=alice, pre_tasks=[first.pk])
    answer = save(admin, change_of(first, "tasks/task"), title="Order more", **linked(0, second))
    assert f"A task can&#x27;t block itself: {first.pk} → {second.pk} → {first.pk}." in text(answer)
    first.refresh_from_db()
    assert (first.title, first.version) == ("Order soil", 1)


def test_a_task_that_waits_is_not_completed(admin: Browser, alice: User) -> None:
    task = make("Fill the beds", by=alice, pre_tasks=[make("Order soil", by=alice).pk])
    answer = save(admin, change_of(task, "tasks/task"), stage=Stage.COMPLETED)
    assert "because it is blocked. Finish its prerequisites first." in text(answer)
    assert Task.objects.get(pk=task.pk).stage == Stage.PENDING


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_that_no_calendar_can_reckon_with_is_refused(admin: Browser, alice: User, day: str) -> None:
    task = make("Order soil", by=alice)
    assert save(admin, change_of(task, "tasks/task"), due_date=day).status_code == 200
    assert Task.objects.get(pk=task.pk).due_date is None


def test_no_deleted_task_is_offered_to_wait_for(admin: Browser, alice: User) -> None:
    make("Order soil", by=alice)
    delete_task(make("Order sand", by=alice).pk, by=alice, now=utc_now())
    where = {"app_label": "tasks", "model_name": "prerequisite", "field_name": "needs", "term": "Order"}
    found = admin.get("/admin/autocomplete/", where).json()["results"]
    assert [row["text"] for row in found] == ["Order soil"]


# Categories


def test_a_category_is_made_renamed_and_deleted(admin: Browser, alice: User) -> None:
    save(admin, "/admin/tasks/category/add/", name="Soil")
    soil = Category.objects.get()
    assert (soil.key, soil.created_by) == ("soil", alice)
    save(admin, change_of(soil, "tasks/category"), name="Earth")
    soil.refresh_from_db()
    assert (soil.name, soil.key) == ("Earth", "earth")
    assert admin.post(f"/admin/tasks/category/{soil.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Category.objects.exists()


def test_a_name_that_is_taken_is_told_above_the_form(admin: Browser, alice: User) -> None:
    create_category("Soil", by=alice, now=utc_now())
    assert "A category with this name already exists." in text(save(admin, "/admin/tasks/category/add/", name="SOIL "))
    assert Category.objects.count() == 1


@pytest.mark.parametrize("several", [False, True])
def test_a_category_that_tasks_are_in_stays(admin: Browser, alice: User, several: bool) -> None:
    empty, soil = (create_category(name, by=alice, now=utc_now()) for name in ("Empty", "Soil"))
    make("Order soil", by=alice, category_id=soil.pk)
    if several:
        chosen = {"action": "delete_selected", "_selected_action": [empty.pk, soil.pk], "post": "yes"}
        answer = admin.post("/admin/tasks/category/", chosen, follow=True)
    else:
        answer = admin.post(f"/admin/tasks/category/{soil.pk}/delete/", {"post": "yes"}, follow=True)
    assert "because it has tasks." in text(answer)
    assert Category.objects.count() == 2


def test_labels_are_renamed_merged_and_deleted_but_not_made(admin: Browser, alice: User) -> None:
    task = make("Order soil", by=alice, labels=["Yard", "Urgent", "Garden"])
    yard, urgent, garden = (Label.objects.get(name=name) for name in ("Yard", "Urgent", "Garden"))
    save(admin, change_of(yard, "tasks/label"), name="Courtyard")
    assert "Courtyard, Garden, Urgent" in text(admin.get(change_of(task, "tasks/task")))
    assert save(admin, change_of(yard, "tasks/label"), name="garden").status_code == 200
    assert admin.post(f"/admin/tasks/label/{urgent.pk}/delete/", {"post": "yes"}).status_code == 302
    assert [label.pk for label in Label.objects.all()] == [garden.pk]
    task.refresh_from_db()
    assert task.version == 3
    assert admin.get("/admin/tasks/label/add/").status_code == 403


# People


def test_who_is_made_inactive_hands_on_their_tasks_and_is_signed_out(
    admin: Browser, browser_of: BrowserOf, bob: User
) -> None:
    his, mia = browser_of(bob), person("mia")
    mine = make("Order soil", by=User.objects.get(username="alice"), assigned_to_id=bob.pk)
    save(admin, change_of(bob, "accounts/user"), is_active=None, hand_to=mia.pk)
    mine.refresh_from_db()
    assert mine.assigned_to == mia
    assert Activity.objects.filter(task=mine, action="assigned", new_value=mia.pk).exists()
    assert not his.is_signed_in
    assert not User.objects.get(pk=bob.pk).is_active


def test_who_is_made_active_again_can_sign_in(admin: Browser, bob: User) -> None:
    path = change_of(bob, "accounts/user")
    save(admin, path, is_active=None)
    assert Browser().sign_in("bob").status_code == 401
    save(admin, path, is_active="on")
    assert Browser().sign_in("bob").status_code == 302


def test_names_and_role_are_changed_together(admin: Browser, bob: User) -> None:
    save(admin, change_of(bob, "accounts/user"), username="Robert", first_name="Robert", role="MANAGER")
    bob.refresh_from_db()
    assert (bob.username, bob.username_key, bob.first_name, bob.role) == ("Robert", "robert", "Robert", Role.MANAGER)


def test_a_time_zone_that_does_not_exist_is_refused(admin: Browser, bob: User) -> None:
    answer = save(admin, change_of(bob, "accounts/user"), first_name="Robert", **{"profile-0-timezone": "Mars/Olympus"})
    assert "Must be an IANA time zone" in text(answer)
    bob.refresh_from_db()
    assert (bob.first_name, bob.profile.timezone) == ("", "UTC")


# Invitations


def test_alice_invites_cy_who_gets_the_mail(admin: Browser, alice: User) -> None:
    save(admin, "/admin/accounts/invite/add/", email="Cy@example.org", role="INTERN")
    sent = Invite.objects.get()
    assert (sent.email, sent.role, sent.invited_by) == ("cy@example.org", Role.INTERN, alice)
    assert Notification.objects.get().kind == "invite"
    assert "cy@example.org" in text(admin.get("/admin/notifications/notification/", {"q": "cy@"}))


def test_who_has_an_account_is_not_invited(admin: Browser, bob: User) -> None:
    answer = save(admin, "/admin/accounts/invite/add/", email=bob.email, role="INTERN")
    assert "An account with this email address already exists." in text(answer)


def test_an_open_invitation_is_withdrawn_and_a_used_one_stays(admin: Browser, alice: User) -> None:
    sent = invite("cy@example.org", Role.MEMBER, by=alice, now=utc_now())
    Invite.objects.update(accepted_at=utc_now())
    assert admin.post(f"/admin/accounts/invite/{sent.pk}/delete/", {"post": "yes"}).status_code == 403
    Invite.objects.update(accepted_at=None)
    assert admin.post(f"/admin/accounts/invite/{sent.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Invite.objects.exists()


# Mails


@pytest.mark.parametrize(
    ("name", "value"), [("deliveries__state", "pending"), ("kind", "task_assigned"), ("deliveries__ambiguous", "0")]
)
def test_mails_are_found_by_what_became_of_them(admin: Browser, alice: User, bob: User, name: str, value: str) -> None:
    make("Order soil", by=alice, assigned_to_id=bob.pk)
    mails = "/admin/notifications/notification/"
    assert len(admin.get(mails, {f"{name}__exact": value}).context["cl"].queryset) == 1
    Notification.objects.update(kind="reminder")
    Delivery.objects.update(state="sent", ambiguous=True)
    assert len(admin.get(mails, {f"{name}__exact": value}).context["cl"].queryset) == 0


# Comments


def test_an_admin_reads_and_deletes_comments_and_changes_none(admin: Browser, alice: User) -> None:
    bob = person("bob")
    task, gone = make("Water the plants", by=bob), make("Gone", by=bob)
    comment, hidden = (add_comment(one.pk, "**Dry** again", by=bob, now=utc_now()) for one in (task, gone))
    delete_task(gone.pk, by=bob, now=utc_now())
    assert "**Dry** again" in text(admin.get("/admin/comments/comment/"))
    assert [*admin.get("/admin/comments/comment/", {"q": "BOB"}).context["cl"].queryset] == [comment]
    page = admin.get(change_of(comment, "comments/comment"))
    assert "**Dry** again" in text(page)
    assert 'name="body"' not in page.content.decode()
    assert admin.get(change_of(hidden, "comments/comment")).status_code == 302
    admin.post(f"/admin/comments/comment/{comment.pk}/delete/", {"post": "yes"})
    assert not Comment.objects.filter(pk=comment.pk).exists()
    entry = Activity.objects.get(subject_type="comment", action="deleted")
    assert (entry.user, entry.task_id) == (alice, task.pk)
