"""Somebody leaves, and their work goes on."""

from datetime import date, timedelta

import pytest

from taskbell.accounts.actions import Client, open_session
from taskbell.accounts.models import Session, User
from taskbell.activity.models import Activity
from taskbell.notifications.models import Notification
from taskbell.people.leaving import deactivate_person
from taskbell.tasks.actions import delete_task
from taskbell.tasks.kinds import Stage
from taskbell.tasks.models import Task
from tests.conftest import NOW, Program
from tests.tasks.conftest import Somebody, a_task


def assignee(task: Task) -> User | None:
    return Task.objects.get(pk=task.pk).assigned_to


def leaves(person: User, by: User, hand_to: User | None = None) -> None:
    deactivate_person(person, hand_to=hand_to.pk if hand_to else None, by=by, now=NOW + timedelta(hours=1))


def test_open_tasks_go_to_whom_the_admin_names(ada: User, bo: User, cy: User, ivo: User) -> None:
    tasks = [a_task(bo, assigned_to_id=cy.pk), a_task(cy, assigned_to_id=cy.pk, stage=Stage.IN_PROGRESS)]
    leaves(cy, ada, ivo)
    for task in tasks:
        assert assignee(task) == ivo
        line = Activity.objects.get(task=task, action="assigned")
        assert (line.user, line.field, line.old_value, line.new_value) == (ada, "assigned_to", cy.pk, ivo.pk)
        assert Task.objects.get(pk=task.pk).version == 2
    told = Notification.objects.filter(kind="task_assigned", recipient=ivo)
    assert {mail.task_id for mail in told} == {task.pk for task in tasks}


def test_without_a_name_they_go_back_to_who_created_them(ada: User, bo: User, cy: User) -> None:
    given, own = a_task(bo, assigned_to_id=cy.pk), a_task(cy, assigned_to_id=cy.pk)
    leaves(cy, ada)
    assert assignee(given) == bo
    assert assignee(own) is None


def test_what_nobody_is_left_for_is_nobodys(ada: User, bo: User, cy: User) -> None:
    task = a_task(bo, assigned_to_id=cy.pk)
    leaves(bo, ada)
    leaves(cy, ada)
    assert assignee(task) is None


def test_what_is_done_stays_with_who_did_it(ada: User, bo: User, cy: User, ivo: User) -> None:
    done = a_task(bo, assigned_to_id=cy.pk, stage=Stage.COMPLETED)
    archived = a_task(bo, assigned_to_id=cy.pk, stage=Stage.ARCHIVED)
    gone = a_task(bo, assigned_to_id=cy.pk)
    delete_task(gone.pk, by=bo, now=NOW)
    others = a_task(bo, assigned_to_id=bo.pk)
    leaves(cy, ada, ivo)
    assert [assignee(task) for task in (done, archived, gone, others)] == [cy, cy, cy, bo]


def test_the_account_ends_with_its_sessions(ada: User, cy: User, as_user: Somebody) -> None:
    program = as_user(cy)
    open_session(cy, client=Client(), now=NOW)
    assert as_user(ada).delete(f"/api/users/{cy.pk}/").status_code == 204
    assert program.get("/api/tasks/").status_code == 401
    assert not Session.objects.filter(user=cy, ended_at=None).exists()
    assert as_user(ada).get(f"/api/users/{cy.pk}/").status_code == 404
    assert [row["id"] for row in as_user(ada).get("/api/users/").json()["results"]] == [ada.pk]


def test_bo_may_leave_by_himself_and_say_who_goes_on(bo: User, cy: User, as_user: Somebody) -> None:
    task = a_task(bo, assigned_to_id=bo.pk)
    assert as_user(bo).delete(f"/api/users/{bo.pk}/?hand_to={cy.pk}").status_code == 204
    assert assignee(task) == cy


@pytest.mark.parametrize("who", ["cy", "left", "999999", "0", "me"])
def test_tasks_go_only_to_somebody_who_is_here_or_nothing_happens(
    ada: User, bo: User, cy: User, ivo: User, as_user: Somebody, who: str
) -> None:
    leaves(ivo, ada)
    task = a_task(bo, assigned_to_id=cy.pk)
    hand_to = {"cy": str(cy.pk), "left": str(ivo.pk)}.get(who, who)
    answer = as_user(ada).delete(f"/api/users/{cy.pk}/?hand_to={hand_to}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "hand_to"
    assert User.objects.get(pk=cy.pk).is_active
    assert assignee(task) == cy


def test_nobody_is_given_a_task_who_has_left(ada: User, bo: User, cy: User, as_user: Somebody) -> None:
    leaves(cy, ada)
    answer = as_user(bo).post("/api/tasks/", {"title": "x", "assigned_to": cy.pk})
    assert answer.json()["errors"][0]["field"] == "assigned_to"


def opened_by(way: str, program: Program, task: Task) -> None:
    where, sent = f"/api/tasks/{task.pk}/", {"status": "PENDING"}
    if way == "restore":
        answer = program.post(f"{where}restore/")
    elif way == "bulk":
        answer = program.post("/api/tasks/bulk/", {"update": [{"id": task.pk} | sent]})
    elif way == "put":
        answer = program.put(where, program.get(where).json() | {"status": "IN_PROGRESS", "stage": "IN_PROGRESS"})
    elif way == "complete":
        answer = program.patch(where, {"status": "COMPLETED"})
    else:
        answer = program.patch(where, sent)
    assert answer.status_code == 200, answer.content


@pytest.mark.parametrize("stage", [Stage.COMPLETED, Stage.ARCHIVED])
@pytest.mark.parametrize("way", ["patch", "put", "bulk", "restore"])
@pytest.mark.parametrize("creator_is_here", [True, False])
def test_a_task_is_opened_for_somebody_who_is_here(
    ada: User, bo: User, cy: User, as_user: Somebody, way: str, stage: str, creator_is_here: bool
) -> None:
    task = a_task(bo, assigned_to_id=cy.pk, stage=Stage.PENDING if way == "restore" else stage)
    if way == "restore":
        delete_task(task.pk, by=bo, now=NOW)
    leaves(cy, ada)
    if not creator_is_here:
        leaves(bo, ada)
    opened_by(way, as_user(ada), task)
    assert Task.objects.get(pk=task.pk).is_open
    assert assignee(task) == (bo if creator_is_here else None)


@pytest.mark.parametrize("creator_is_here", [True, False])
def test_the_occurrence_that_follows_an_archived_one_is_too(
    ada: User, bo: User, cy: User, as_user: Somebody, creator_is_here: bool
) -> None:
    rule = {"recurrence": "FREQ=DAILY", "due_date": date(2096, 1, 1)}
    task = a_task(bo, assigned_to_id=cy.pk, stage=Stage.ARCHIVED, **rule)
    leaves(cy, ada)
    if not creator_is_here:
        leaves(bo, ada)
    opened_by("complete", as_user(ada), task)
    (following,) = Task.objects.open()
    assert assignee(following) == (bo if creator_is_here else None)
    assert assignee(task) == cy
    opened_by("patch", as_user(ada), task)  # withdraws the one that follows
    opened_by("complete", as_user(ada), task)
    assert not Task.objects.open().filter(assigned_to=cy).exists()
