"""People are added to projects, change their roles, leave, and see what their membership shows them."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import connections, transaction

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.activity.queries import current_checkpoint
from taskbell.common.errors import Conflict, Refusal
from taskbell.notifications.channels.mail.rendering import compose
from taskbell.notifications.messages import Message, notify
from taskbell.notifications.models import Delivery, DeliveryState, Notification
from taskbell.notifications.policy import reason_not_to_send
from taskbell.notifications.summary import SUMMARY
from taskbell.projects.models import Membership, Project
from taskbell.sharing import members
from taskbell.sharing.deleting import delete_project
from taskbell.sharing.members import add_member, remove_member
from taskbell.tasks.actions import create_task, delete_task, update_task
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW, Program, QueryBudget
from tests.feed.hearing import heard_by
from tests.reminders.mailbox import Mailbox, part
from tests.sharing.conftest import URL, a_task_in, shared_by
from tests.tasks.conftest import Somebody

OVERLAP_SECONDS = 0.3  # while the first transaction is open and the second has begun


def url_of(project: Project, person: User | None = None) -> str:
    return f"{URL}{project.pk}/members/" + (f"{person.pk}/" if person else "")


def test_bo_adds_cy_who_sees_the_tasks_at_once(program: Program, bo: User, cy: User, as_user: Somebody) -> None:
    garden = shared_by(bo)
    a_task_in(garden, bo)
    reader = as_user(cy)
    assert reader.get("/api/tasks/").json()["count"] == 0
    answer = program.post(url_of(garden), {"person": cy.pk, "role": "VIEWER"})
    assert answer.status_code == 201
    shown = {name: value for name, value in answer.json().items() if name != "added_at"}
    assert shown == {"person": cy.pk, "username": "cy", "first_name": "Cy", "last_name": "", "role": "VIEWER"}
    assert reader.get("/api/tasks/").json()["count"] == 1
    assert reader.get(f"{URL}{garden.pk}/").json()["role"] == "VIEWER"
    listed = reader.get(url_of(garden)).json()["results"]
    assert [(member["username"], member["role"]) for member in listed] == [("bo", "OWNER"), ("cy", "VIEWER")]


def test_a_new_member_is_an_editor_unless_said_otherwise(program: Program, bo: User, cy: User) -> None:
    assert program.post(url_of(shared_by(bo)), {"person": cy.pk}).json()["role"] == "EDITOR"


def test_nobody_is_added_twice(program: Program, garden: Project, cy: User) -> None:
    assert program.post(url_of(garden), {"person": cy.pk}).status_code == 409


@pytest.mark.parametrize("wrong", [{}, {"person": 0}, {"person": "cy"}, {"person": 1, "role": "KING"}, {"x": 1}, []])
def test_what_is_wrong_with_a_member_is_said(program: Program, garden: Project, wrong: Any) -> None:
    assert program.post(url_of(garden), wrong).status_code == 400


def test_only_active_people_are_added(program: Program, garden: Project, ivo: User) -> None:
    User.objects.filter(pk=ivo.pk).update(is_active=False)
    for pk in (ivo.pk, 999_999):
        answer = program.post(url_of(garden), {"person": pk})
        assert [error["field"] for error in answer.json()["errors"]] == ["person"]


def test_owners_and_managers_look_after_the_members(
    garden: Project, bo: User, cy: User, mia: User, ivo: User, as_user: Somebody
) -> None:
    for person, status in ((ivo, 404), (cy, 403), (mia, 201)):
        assert as_user(person).post(url_of(garden), {"person": ivo.pk}).status_code == status
    for person, status in ((cy, 403), (mia, 200), (bo, 200)):
        assert as_user(person).patch(url_of(garden, ivo), {"role": "VIEWER"}).status_code == status
    for person, status in ((cy, 403), (mia, 204), (bo, 404)):
        assert as_user(person).delete(url_of(garden, ivo)).status_code == status


def test_a_project_has_an_owner_at_all_times(program: Program, garden: Project, bo: User, cy: User) -> None:
    for answer in (
        program.delete(url_of(garden, bo)),
        program.patch(url_of(garden, bo), {"role": "VIEWER"}),
    ):
        assert answer.status_code == 409
        assert "last owner" in answer.json()["detail"]
    assert program.patch(url_of(garden, cy), {"role": "OWNER"}).status_code == 200
    assert program.delete(url_of(garden, bo)).status_code == 204
    assert program.get(f"{URL}{garden.pk}/").status_code == 404


def test_an_owner_who_left_the_installation_does_not_count(
    program: Program, garden: Project, bo: User, cy: User
) -> None:
    program.patch(url_of(garden, cy), {"role": "OWNER"})
    User.objects.filter(pk=cy.pk).update(is_active=False)
    assert program.delete(url_of(garden, bo)).status_code == 409


def test_everybody_but_the_last_owner_may_leave(
    garden: Project, bo: User, cy: User, ivo: User, as_user: Somebody
) -> None:
    add_member(garden.pk, ivo.pk, "VIEWER", by=bo, now=NOW)
    for person in (cy, ivo):
        assert as_user(person).delete(url_of(garden, person)).status_code == 204
        assert as_user(person).delete(url_of(garden, person)).status_code == 404
    assert Activity.objects.filter(subject_type="member", action="removed").count() == 2


def test_an_intern_who_owns_a_project_changes_nothing(garden: Project, ivo: User, bo: User, as_user: Somebody) -> None:
    add_member(garden.pk, ivo.pk, "OWNER", by=bo, now=NOW)
    program = as_user(ivo)
    assert program.patch(f"{URL}{garden.pk}/", {"name": "x"}).status_code == 403
    assert program.delete(url_of(garden, bo)).status_code == 403
    assert program.post("/api/tasks/", {"title": "x", "project": garden.pk}).status_code == 403
    assert program.get(f"{URL}{garden.pk}/").status_code == 200


def test_a_viewer_works_only_on_what_is_assigned_to_them(bo: User, cy: User, ivo: User, as_user: Somebody) -> None:
    garden = shared_by(bo, cy, ivo, role="VIEWER")
    for person, other in ((cy, ivo), (ivo, cy)):
        program, own = as_user(person), a_task_in(garden, bo, assigned_to_id=person.pk)
        for task in (a_task_in(garden, bo), a_task_in(garden, bo, assigned_to_id=other.pk)):
            path = f"/api/tasks/{task.pk}/"
            assert program.put(path, program.get(path).json()).status_code == 200, "what is unchanged is accepted"
            for change in ({"status": "COMPLETED"}, {"status": "IN_PROGRESS"}, {"assigned_to": bo.pk}):
                refused = program.patch(path, change)
                assert refused.status_code == 403
                assert "assignee" in refused.json()["detail"]
            assert program.post(f"{path}reminders/", {"at": "2027-03-31T09:00:00Z", "for_me": True}).status_code == 201
        assert program.patch(f"/api/tasks/{own.pk}/", {"status": "IN_PROGRESS"}).status_code == 200
        assert program.patch(f"/api/tasks/{own.pk}/", {"assigned_to": None}).status_code == 200


def test_who_is_removed_has_no_tasks_there_any_more_done_or_deleted(
    program: Program, bo: User, cy: User, garden: Project, as_user: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "TASKS_AT_ONCE", 2)
    tasks = [a_task_in(garden, bo, f"Task {number}", assigned_to_id=cy.pk) for number in range(6)]
    update_task(tasks[0].pk, TaskPatch(stage="COMPLETED"), by=bo, now=NOW)
    delete_task(tasks[1].pk, by=bo, now=NOW)
    elsewhere = a_task_in(shared_by(bo, cy), bo, assigned_to_id=cy.pk)
    assert program.delete(url_of(garden, cy)).status_code == 204
    left = Task.objects.filter(project=garden)
    assert set(left.values_list("assigned_to", flat=True)) == {None}
    assert Task.objects.get(pk=elsewhere.pk).assigned_to_id == cy.pk
    entries = Activity.objects.filter(action="assigned", new_value__isnull=True)
    assert {(entry.task_id, entry.old_value, entry.user_id) for entry in entries} == {
        (task.pk, cy.pk, bo.pk) for task in tasks
    }
    assert [task["id"] for task in as_user(cy).get("/api/tasks/").json()["results"]] == [elsewhere.pk]


def test_a_removed_member_gets_nothing_from_any_door(
    program: Program, bo: User, cy: User, garden: Project, as_user: Somebody
) -> None:
    task, reader = a_task_in(garden, bo, assigned_to_id=cy.pk), as_user(cy)
    cursor = reader.get("/api/changes/").json()["cursor"]
    listed = reader.get("/api/tasks/")
    program.delete(url_of(garden, cy))
    for path in (f"/api/tasks/{task.pk}/", f"{URL}{garden.pk}/", url_of(garden), f"{URL}{garden.pk}/logs/"):
        assert reader.get(path).status_code == 404
    again = reader.get("/api/tasks/", **{"If-None-Match": listed["ETag"]})
    assert (again.status_code, again.json()["count"]) == (200, 0)
    assert reader.get(f"/api/changes/?since={cursor}").json()["resync"] is True
    since = current_checkpoint().position
    update_task(task.pk, TaskPatch(title="Secret"), by=bo, now=NOW)
    assert heard_by(cy, since) == []


def test_members_and_the_person_concerned_hear_of_memberships(
    bo: User, cy: User, ivo: User, mia: User, garden: Project
) -> None:
    stranger = shared_by(ivo_as_member(ivo)).created_by
    since = current_checkpoint().position
    add_member(garden.pk, mia.pk, "VIEWER", by=bo, now=NOW)
    remove_member(garden.pk, mia.pk, by=bo, now=NOW)
    remove_member(garden.pk, cy.pk, by=cy, now=NOW)
    for person, expected in (
        (bo, ["member.added", "member.removed", "member.removed"]),
        (mia, ["member.added", "member.removed", "member.removed"]),  # sees everything
        (cy, ["member.removed"]),
        (stranger, []),
    ):
        heard = [event for event in heard_by(person, since) if event["event"].startswith("member.")]
        assert [event["event"] for event in heard] == expected
        assert all(event["project_id"] == garden.pk for event in heard)


def ivo_as_member(person: User) -> User:
    """Ivo, as somebody who may create projects."""
    User.objects.filter(pk=person.pk).update(role="MEMBER")
    person.role = "MEMBER"
    return person


def test_members_hear_of_their_project_and_others_do_not(program: Program, bo: User, cy: User, garden: Project) -> None:
    shared_by(bo, name="House")
    since = current_checkpoint().position
    program.patch(f"{URL}{garden.pk}/", {"name": "Meadow"})
    delete_project(garden.pk, move_to=None, by=bo, now=NOW)
    program.post(f"{URL}{garden.pk}/restore/")
    heard = [event["event"] for event in heard_by(cy, since)]
    assert heard == ["project.updated", "project.deleted", "project.restored"]


def test_a_copy_learns_of_the_projects_that_the_person_sees(
    program: Program, bo: User, cy: User, garden: Project, as_user: Somebody
) -> None:
    reader = as_user(cy)

    def all_changes(cursor: str) -> tuple[list[dict[str, Any]], str]:
        changes: list[dict[str, Any]] = []
        while True:
            page = reader.get(f"/api/changes/?since={cursor}").json()
            changes += page["changes"]
            cursor = page["cursor"]
            if not page["more"]:
                return changes, cursor

    first = reader.get("/api/changes/").json()
    _, cursor = all_changes(first["cursor"])
    program.patch(f"{URL}{garden.pk}/", {"name": "Meadow"})
    shared_by(bo, name="Secret")
    found, _ = all_changes(cursor)
    assert [(change["event"], change["project_id"]) for change in found] == [("project.updated", garden.pk)]


def test_cy_gets_an_email_and_bo_none_about_what_he_did(garden: Project, bo: User, cy: User) -> None:
    notice = Notification.objects.get(kind="project_shared")
    assert notice.recipient_id == cy.pk
    assert reason_not_to_send(notice) is None
    remove_member(garden.pk, cy.pk, by=bo, now=NOW)
    assert "no longer belongs" in (reason_not_to_send(notice) or "")


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("OWNER", "You can manage the project, its members and its tasks."),
        ("EDITOR", "You can create and edit its tasks."),
        ("VIEWER", "You can read and comment on its tasks."),
    ],
)
def test_the_email_says_what_the_new_member_may_do_and_leads_to_the_project(
    bo: User, cy: User, role: str, may: str
) -> None:
    garden = shared_by(bo, cy, role=role)
    mail = Delivery.objects.select_related("notification__recipient__profile", "notification__task").get()
    text = compose(mail, now=NOW).text
    assert f'"Bo" added you to the project "Garden". {may}' in text
    assert f"/projects/{garden.pk}/" in text


def test_several_projects_within_a_minute_are_one_email(bo: User, cy: User, mailbox: Mailbox) -> None:
    names = ("Garden", "House", "Attic")
    for name in names:
        shared_by(bo, cy, name=name)
    (mail,) = mailbox.send(NOW)
    assert [part(mail).count(name) for name in names] == [1, 1, 1]


def test_a_summary_names_each_project_once(bo: User, cy: User, garden: Project) -> None:
    for name in ("House", "Attic"):
        shared_by(bo, cy, name=name)
    data = {"by": bo.name, "unsubscribe": "project_shared"}
    notify([Message(cy.pk, SUMMARY, "summary", NOW, data=data)], now=NOW)
    summary = Notification.objects.get(kind="summary")
    inside = Delivery.objects.filter(notification__kind="project_shared")
    inside.finish(DeliveryState.GATHERED, gathered_into=summary)
    mails = Delivery.objects.select_related("notification__recipient__profile", "notification__task")
    text = compose(mails.get(notification=summary), now=NOW).text
    assert [text.count(name) for name in ("Garden", "House", "Attic")] == [1, 1, 1]


def test_a_project_has_so_many_members_and_not_more(
    program: Program, garden: Project, ivo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "MAX_MEMBERS", 2)
    assert program.post(url_of(garden), {"person": ivo.pk}).status_code == 409


def test_assigning_in_a_project_is_for_its_members(program: Program, garden: Project, cy: User, ivo: User) -> None:
    body = {"title": "x", "project": garden.pk}
    assert program.post("/api/tasks/", body | {"assigned_to": cy.pk}).status_code == 201
    refused = program.post("/api/tasks/", body | {"assigned_to": ivo.pk})
    assert refused.status_code == 400
    assert "Garden" in refused.json()["errors"][0]["message"]


def test_a_task_that_moves_is_not_left_with_somebody_outside(
    program: Program, bo: User, cy: User, garden: Project
) -> None:
    task, house = a_task_in(garden, bo, assigned_to_id=cy.pk), shared_by(bo, name="House")
    moved = program.patch(f"/api/tasks/{task.pk}/", {"project": house.pk})
    assert moved.json()["assigned_to"] == bo.pk


def test_a_list_of_members_costs_the_same_however_long(
    program: Program, garden: Project, query_budget: QueryBudget
) -> None:
    with query_budget(4):  # session, project, count and keys, members
        assert len(program.get(url_of(garden)).json()["results"]) == 2


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What comes of acts that begin together, each on its own connection; a refusal is an outcome."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return act()
        except Refusal as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_leave_at_once_one_stays(request: pytest.FixtureRequest) -> None:
    bo, cy = (request.getfixturevalue(name) for name in ("bo", "cy"))
    for _ in range(5):
        garden = shared_by(bo, cy, role="OWNER")
        outcomes = at_once(*(partial(remove_member, garden.pk, one.pk, by=one, now=NOW) for one in (bo, cy)))
        assert [type(outcome) for outcome in outcomes if outcome is not None] == [Conflict]
        assert Membership.objects.filter(project=garden).count() == 1


@pytest.mark.django_db(transaction=True)
def test_nothing_is_assigned_to_somebody_who_is_being_removed(request: pytest.FixtureRequest) -> None:
    bo, cy = (request.getfixturevalue(name) for name in ("bo", "cy"))
    for _ in range(5):
        garden = shared_by(bo, cy)
        task = a_task_in(garden, bo)
        body = TaskPatch(title="x", project_id=garden.pk, assigned_to_id=cy.pk)
        at_once(
            partial(remove_member, garden.pk, cy.pk, by=bo, now=NOW),
            partial(update_task, task.pk, TaskPatch(assigned_to_id=cy.pk), by=bo, now=NOW),
            partial(create_task, body, by=bo, now=NOW),
        )
        assert not Membership.objects.filter(project=garden, person=cy).exists()
        assert not Task.objects.filter(project=garden, assigned_to=cy).exists()


@pytest.mark.parametrize("move", [False, True])
@pytest.mark.django_db(transaction=True)
def test_no_task_is_left_in_a_project_that_is_being_deleted(request: pytest.FixtureRequest, move: bool) -> None:
    bo, begun = request.getfixturevalue("bo"), Event()
    garden, house = shared_by(bo), shared_by(bo, name="House")
    a_task_in(garden, bo)

    def create() -> None:
        with transaction.atomic():
            create_task(TaskPatch(title="x", project_id=garden.pk), by=bo, now=NOW)
            begun.set()
            time.sleep(OVERLAP_SECONDS)

    def delete() -> None:
        begun.wait()
        delete_project(garden.pk, move_to=house.pk if move else None, by=bo, now=NOW)

    assert at_once(create, delete) == [None, None]
    left = Task.objects.filter(project=garden)
    assert Project.objects.get(pk=garden.pk).deleted_at == NOW
    assert [task.deleted_at for task in left] == ([] if move else [NOW, NOW])
