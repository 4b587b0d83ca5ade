"""Somebody leaves the installation: their projects, their Inbox and their tasks go on."""

import pytest

from taskbell.accounts.models import User
from taskbell.people import leaving
from taskbell.people.leaving import deactivate_person, reactivate_person
from taskbell.projects.models import Membership, Project
from taskbell.sharing.members import add_member
from taskbell.tasks.actions import delete_task, update_task
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW
from tests.sharing.conftest import a_task_in, shared_by
from tests.tasks.conftest import Somebody, a_task


def leaves(person: User, by: User, hand_to: User | None = None) -> None:
    deactivate_person(person, hand_to=hand_to.pk if hand_to else None, by=by, now=NOW)


def where(task: Task) -> tuple[Project, User | None]:
    found = Task.objects.get(pk=task.pk)
    return found.project, found.assigned_to


def test_in_a_project_tasks_go_only_to_a_member(ada: User, bo: User, cy: User, ivo: User, garden: Project) -> None:
    task = a_task_in(garden, bo, assigned_to_id=cy.pk)
    leaves(cy, ada, hand_to=ivo)
    assert where(task) == (garden, bo)


def test_a_member_gets_them_if_named(ada: User, bo: User, cy: User, ivo: User, garden: Project) -> None:
    add_member(garden.pk, ivo.pk, "VIEWER", by=bo, now=NOW)
    task = a_task_in(garden, bo, assigned_to_id=cy.pk)
    leaves(cy, ada, hand_to=ivo)
    assert where(task) == (garden, ivo)


def test_a_creator_who_is_no_member_gets_nothing(ada: User, bo: User, cy: User, mia: User, garden: Project) -> None:
    task = a_task_in(garden, mia, assigned_to_id=cy.pk)
    leaves(cy, ada)
    assert where(task) == (garden, None)


def test_the_inbox_goes_to_the_person_who_is_named(ada: User, bo: User, cy: User) -> None:
    own, theirs, done = a_task(bo), a_task(bo, assigned_to_id=bo.pk), a_task(bo, stage="COMPLETED")
    leaves(bo, ada, hand_to=cy)
    assert where(own) == (cy.inbox, None)
    assert where(theirs) == (cy.inbox, cy)
    assert where(done) == (bo.inbox, None)


def test_without_a_name_others_get_back_what_they_put_into_the_inbox(ada: User, bo: User, mia: User) -> None:
    own, hers = a_task(bo, assigned_to_id=bo.pk), a_task_in(bo.inbox, mia, assigned_to_id=bo.pk)
    leaves(bo, ada)
    assert where(own) == (bo.inbox, None)
    assert where(hers) == (mia.inbox, mia)


def test_very_many_tasks_go_in_batches(
    ada: User, bo: User, mia: User, cy: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaving, "TASKS_AT_ONCE", 2)
    tasks = [a_task_in(bo.inbox, mia, assigned_to_id=bo.pk) for _ in range(7)]
    leaves(bo, ada, hand_to=cy)
    assert {where(task) for task in tasks} == {(cy.inbox, cy)}


def test_memberships_end_and_stay_ended(ada: User, bo: User, cy: User, garden: Project, as_user: Somebody) -> None:
    leaves(cy, ada)
    assert not Membership.objects.filter(person=cy, project=garden).exists()
    assert Membership.objects.filter(person=cy, project=cy.inbox).exists()
    reactivate_person(cy, by=ada, now=NOW)
    cy.refresh_from_db()
    assert as_user(cy).get(f"/api/projects/{garden.pk}/").status_code == 404


def test_a_project_without_an_owner_gets_the_admin(ada: User, bo: User, cy: User, garden: Project) -> None:
    house = shared_by(bo, ada, role="VIEWER", name="House")
    kept = shared_by(bo, cy, role="OWNER", name="Kept")
    leaves(bo, ada)
    roles = {pk: dict(Membership.objects.filter(project=pk).values_list("person", "role")) for pk in (garden, house)}
    assert roles == {garden: {cy.pk: "EDITOR", ada.pk: "OWNER"}, house: {ada.pk: "OWNER"}}
    assert not Membership.objects.filter(project=kept, person=ada).exists()


def test_who_leaves_by_oneself_leaves_the_projects_to_an_admin(ada: User, bo: User, garden: Project) -> None:
    leaves(bo, bo)
    assert Membership.objects.get(project=garden, role="OWNER").person == ada


@pytest.mark.parametrize("is_member", [True, False])
def test_what_is_reopened_or_restored_goes_to_a_creator_who_still_belongs_there(
    ada: User, bo: User, cy: User, mia: User, garden: Project, as_user: Somebody, is_member: bool
) -> None:
    if is_member:
        add_member(garden.pk, mia.pk, "EDITOR", by=bo, now=NOW)
    done, gone = (a_task_in(garden, mia, assigned_to_id=cy.pk) for _ in range(2))
    update_task(done.pk, TaskPatch(stage="COMPLETED"), by=bo, now=NOW)
    delete_task(gone.pk, by=bo, now=NOW)
    leaves(cy, ada)
    program = as_user(bo)
    assert program.patch(f"/api/tasks/{done.pk}/", {"status": "PENDING"}).status_code == 200
    assert program.post(f"/api/tasks/{gone.pk}/restore/").status_code == 200
    assert {where(task) for task in (done, gone)} == {(garden, mia if is_member else None)}
