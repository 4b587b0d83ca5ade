"""A response can be sent back unchanged through every door, and changes nothing."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.common.clock import utc_now
from taskbell.notifications.models import Notification
from taskbell.people.leaving import deactivate_person
from taskbell.reminders.firing import deliver_due
from taskbell.reminders.models import Reminder
from taskbell.tasks.actions import update_task
from taskbell.tasks.kinds import OVERDUE
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.scheduled import mark_overdue
from tests.conftest import Program
from tests.tasks.conftest import Somebody, a_task
from tests.web.conftest import Browser
from tests.web.test_admin import form_of

Make = Callable[[Program, User, User], int]
YESTERDAY = (utc_now() - timedelta(days=1)).date().isoformat()
SOON, PAST = "2096-03-30T01:30:00.123456+02:00", "2020-01-01T09:00:00Z"


def made(program: Program, **fields: Any) -> int:
    answer = program.post("/api/tasks/", {"title": "Water"} | fields)
    assert answer.status_code == 201, answer.content
    return int(answer.json()["id"])


def patched(program: Program, pk: int, **fields: Any) -> int:
    answer = program.patch(f"/api/tasks/{pk}/", fields)
    assert answer.status_code == 200, answer.content
    return pk


def overdue(program: Program, bo: User, cy: User) -> int:
    pk = made(program, due_date=YESTERDAY, status="IN_PROGRESS")
    mark_overdue(utc_now())
    return pk


def of_somebody_who_left(program: Program, bo: User, cy: User) -> int:
    pk = made(program, assigned_to=cy.pk, status="COMPLETED", due_date=YESTERDAY)
    deactivate_person(cy, hand_to=None, by=cy, now=utc_now())
    return pk


def archived(program: Program, bo: User, cy: User) -> int:
    return patched(program, made(program), status="ARCHIVED")


def reminded(program: Program, bo: User, cy: User) -> int:
    return made(
        program,
        timezone="Europe/Berlin",
        due_date="2096-03-31",
        due_time="09:00",
        reminders=[
            {"at": SOON},
            {"at": "2096-03-25T02:30"},
            {"before_due": "P1D"},
            {"before_due": "PT24H", "for_me": True},
            {"at": SOON, "for_me": True},
            {"at": "2096-03-01T09:00", "repeat": "FREQ=WEEKLY;BYDAY=TH;COUNT=4"},
        ],
    )


def waiting_for_a_date(program: Program, bo: User, cy: User) -> int:
    return made(program, reminders=[{"before_due": "PT1H"}])


def fired(program: Program, bo: User, cy: User) -> int:
    pk = made(program, reminders=[{"at": PAST}, {"at": SOON}, {"at": PAST, "repeat": "FREQ=DAILY"}])
    Reminder.objects.filter(repeat="FREQ=DAILY").update(next_at=utc_now())
    deliver_due(utc_now())
    assert Reminder.objects.filter(state="fired").exists()
    return pk


def all_fired(program: Program, bo: User, cy: User) -> int:
    pk = made(program, remind_at=PAST)
    deliver_due(utc_now())
    return pk


def snoozed(program: Program, bo: User, cy: User) -> int:
    pk = all_fired(program, bo, cy)
    assert program.post(f"/api/tasks/{pk}/snooze/", {"span": "PT1H"}).status_code == 201
    return pk


def skipped(program: Program, bo: User, cy: User) -> int:
    pk = made(program, due_date=YESTERDAY, reminders=[{"before_due": "P7D"}, {"at": SOON}])
    return patched(program, pk, status="COMPLETED")


def repeating(program: Program, bo: User, cy: User) -> int:
    rule = {"recurrence": "FREQ=MONTHLY", "recurrence_from": "completion"}
    pk = made(program, due_date="2096-01-31", reminders=[{"at": SOON}], **rule)
    assert program.post(f"/api/tasks/{pk}/skip/").status_code == 200
    return pk


def repeated(program: Program, bo: User, cy: User) -> int:
    return patched(program, made(program, due_date="2096-01-31", recurrence="FREQ=DAILY"), status="COMPLETED")


def blocked(program: Program, bo: User, cy: User) -> int:
    return made(program, pre_tasks=[made(program)])


def blocked_and_completed(program: Program, bo: User, cy: User) -> int:
    pk = made(program, pre_tasks=[(first := made(program))])
    patched(program, first, status="COMPLETED")
    patched(program, pk, status="COMPLETED")
    patched(program, first, status="PENDING")
    return pk


def with_hidden_prerequisites(program: Program, bo: User, cy: User) -> int:
    hidden, shown = a_task(cy, assigned_to_id=bo.pk), made(program)
    pk = made(program, pre_tasks=[hidden.pk, shown])
    update_task(hidden.pk, TaskPatch(assigned_to_id=None), by=cy, now=utc_now())
    return pk


def with_a_deleted_prerequisite(program: Program, bo: User, cy: User) -> int:
    pk = made(program, pre_tasks=[(first := made(program)), made(program)])
    program.delete(f"/api/tasks/{first}/")
    return pk


def in_a_category_that_was_deleted(program: Program, bo: User, cy: User) -> int:
    old, new = (program.post("/api/categories/", {"name": name}).json()["id"] for name in ("Old", "New"))
    pk = made(program, category=old)
    assert program.delete(f"/api/categories/{old}/?move_to={new}").status_code == 204
    return pk


def of_an_earlier_version(program: Program, bo: User, cy: User) -> int:
    pk = made(program)
    stored = {"title": "a\nb\u202e\u200b", "description": "a\r\nb", "timezone": "Europe/Kyiv"}
    Task.objects.filter(pk=pk).update(**stored)
    return pk


STATES: list[Make] = [
    *(overdue, of_somebody_who_left, archived, reminded, waiting_for_a_date, fired, all_fired, snoozed, skipped),
    *(repeating, repeated, blocked, blocked_and_completed, with_hidden_prerequisites, with_a_deleted_prerequisite),
    *(in_a_category_that_was_deleted, of_an_earlier_version),
]


def by_put(program: Program, task: dict[str, Any]) -> Any:
    return program.put(f"/api/tasks/{task['id']}/", task)


def by_patch(program: Program, task: dict[str, Any]) -> Any:
    return program.patch(f"/api/tasks/{task['id']}/", task)


def by_bulk(program: Program, task: dict[str, Any]) -> Any:
    return program.post("/api/tasks/bulk/", {"update": [task]})


DOORS = [by_put, by_patch, by_bulk]
Door = Callable[[Program, dict[str, Any]], Any]


def traces() -> tuple[int, int, list[Any]]:
    """All that a change would leave behind."""
    reminders = Reminder.objects.order_by("id").values_list("id", "at", "next_at", "state", "fired_at")
    return Activity.objects.count(), Notification.objects.count(), list(reminders)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("state", STATES)
def test_a_task_is_accepted_as_it_was_read(program: Program, bo: User, cy: User, state: Make, door: Door) -> None:
    path = f"/api/tasks/{state(program, bo, cy)}/"
    links = set(Task.pre_tasks.through.objects.values_list("task", "needs"))
    read, before = program.get(path), traces()
    answer = door(program, read.json())
    assert answer.status_code == 200, answer.content
    again = program.get(path)
    assert (again.json(), again["ETag"]) == (read.json(), read["ETag"])
    assert traces() == before
    assert set(Task.pre_tasks.through.objects.values_list("task", "needs")) == links


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", ["status", "stage"])
@pytest.mark.parametrize("make", [overdue, made])
def test_one_of_status_and_stage_may_change_while_the_other_is_as_it_was_read(
    program: Program, bo: User, cy: User, make: Any, name: str, door: Door
) -> None:
    pk = make(program, bo, cy) if make is overdue else made(program)
    task = program.get(f"/api/tasks/{pk}/").json()
    assert door(program, task | {name: "COMPLETED"}).status_code == 200
    assert Task.objects.get(pk=pk).stage == "COMPLETED"


@pytest.mark.parametrize("door", DOORS)
def test_an_overdue_task_is_moved_by_a_form_that_sends_all_of_it(
    program: Program, bo: User, cy: User, door: Door
) -> None:
    task = program.get(f"/api/tasks/{overdue(program, bo, cy)}/").json()
    assert door(program, task | {"due_date": "2096-01-01"}).status_code == 200
    seen = program.get(f"/api/tasks/{task['id']}/").json()
    assert (seen["status"], seen["stage"], seen["due_date"]) == ("IN_PROGRESS", "IN_PROGRESS", "2096-01-01")


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("stage", [{}, {"stage": "COMPLETED"}])
def test_nobody_makes_a_task_overdue(program: Program, bo: User, door: Door, stage: dict[str, str]) -> None:
    task = {"id": made(program), "title": "Water", "status": OVERDUE} | stage
    answer = door(program, task)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"].endswith("status")
    assert program.post("/api/tasks/", {"title": "x", "status": OVERDUE} | stage).status_code == 400


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("fields", [{"due_date": "2096-01-01"}, {"status": "COMPLETED"}])
def test_a_copy_from_when_the_task_was_overdue_says_its_stage(
    program: Program, bo: User, cy: User, door: Door, fields: dict[str, str]
) -> None:
    task = program.get(f"/api/tasks/{overdue(program, bo, cy)}/").json()
    patched(program, task["id"], **fields)
    del task["version"]  # a bulk request would notice that it is an old copy
    answer = door(program, task | {"due_date": "2096-01-02"})
    assert answer.status_code == 200, answer.content
    assert (Task.objects.get().status, Task.objects.get().stage) == ("IN_PROGRESS", "IN_PROGRESS")


@pytest.mark.parametrize(
    "state", [overdue, archived, reminded, waiting_for_a_date, fired, all_fired, skipped, repeating]
)
def test_an_answer_is_the_start_of_another_task(program: Program, bo: User, cy: User, state: Make) -> None:
    task = program.get(f"/api/tasks/{state(program, bo, cy)}/").json()
    for answer in (program.post("/api/tasks/", task), program.post("/api/tasks/bulk/", {"create": [task]})):
        assert answer.status_code in (200, 201), answer.content
    assert list(Task.objects.values_list("title", "stage", "is_overdue")[:2]) == [("Water", task["stage"], False)] * 2


@pytest.mark.parametrize("door", DOORS)
def test_two_wishes_for_the_stage_are_still_refused(program: Program, bo: User, door: Door) -> None:
    task = {"id": made(program), "title": "Water", "status": "COMPLETED", "stage": "IN_PROGRESS"}
    assert door(program, task).status_code == 400


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("state", [reminded, fired, blocked, with_hidden_prerequisites, overdue, repeating])
def test_the_assignee_sends_all_of_it_with_a_new_status(
    program: Program, bo: User, cy: User, as_user: Somebody, state: Make, door: Door
) -> None:
    pk = state(program, bo, cy)
    update_task(pk, TaskPatch(assigned_to_id=cy.pk), by=bo, now=utc_now())
    hers = as_user(cy)
    mine = hers.post(f"/api/tasks/{pk}/reminders/", {"at": SOON, "for_me": True})
    assert mine.status_code == 201
    task, before = hers.get(f"/api/tasks/{pk}/").json(), traces()
    assert door(hers, task).status_code == 200
    assert traces() == before
    new = "IN_PROGRESS" if task["stage"] == "PENDING" else "PENDING"
    answer = door(hers, task | {"status": new})
    assert answer.status_code == 200, answer.content
    assert Task.objects.get(pk=pk).stage == new
    assert hers.get(f"/api/tasks/{pk}/").json()["reminders"] == task["reminders"]


@pytest.mark.parametrize("door", DOORS)
def test_the_assignee_still_adds_no_reminder_for_others(
    program: Program, bo: User, cy: User, as_user: Somebody, door: Door
) -> None:
    pk = reminded(program, bo, cy)
    update_task(pk, TaskPatch(assigned_to_id=cy.pk), by=bo, now=utc_now())
    task = as_user(cy).get(f"/api/tasks/{pk}/").json()
    more = {"reminders": [*task["reminders"], {"at": "2096-01-01T09:00:00Z"}]}
    del task["remind_at"]
    assert door(as_user(cy), task | more).status_code == 403
    own = {"reminders": [*task["reminders"], {"at": "2096-01-01T09:00:00Z", "for_me": True}]}
    assert door(as_user(cy), task | own).status_code == 200
    assert door(as_user(cy), task | {"reminders": []}).status_code == 200, "it empties their own, as before"
    assert len(program.get(f"/api/tasks/{pk}/").json()["reminders"]) == 6


def test_the_moment_alone_as_it_was_read_leaves_the_reminders_that_it_comes_from(
    program: Program, bo: User, cy: User, as_user: Somebody
) -> None:
    pk = reminded(program, bo, cy)
    task, before = program.get(f"/api/tasks/{pk}/").json(), traces()
    assert program.patch(f"/api/tasks/{pk}/", {"remind_at": task["remind_at"]}).json() == task
    assert traces() == before
    program.patch(f"/api/tasks/{pk}/", {"remind_at": SOON})
    assert len(program.get(f"/api/tasks/{pk}/").json()["reminders"]) == 1


@pytest.mark.parametrize("method", ["put", "patch"])
@pytest.mark.parametrize("path", ["/api/profile/", "/api/users/{person}/", "/api/categories/{category}/"])
def test_so_is_everything_else_that_can_be_written(
    program: Program, bo: User, cy: User, path: str, method: str
) -> None:
    category = program.post("/api/categories/", {"name": "Garden"}).json()["id"]
    quiet = {"quiet_from": "22:00", "quiet_until": "07:00", "mail_preferences": {"reminder": False}}
    assert program.patch("/api/profile/", {"timezone": "Europe/Berlin"} | quiet).status_code == 200
    where = path.format(person=bo.pk, category=category)
    read, before = program.get(where).json(), traces()
    answer = getattr(program, method)(where, read)
    assert (answer.status_code, answer.json()) == (200, read)
    assert program.get(where).json() == read
    assert traces() == before


@pytest.mark.parametrize("state", [reminded, waiting_for_a_date, fired, snoozed, skipped])
def test_so_are_reminders_and_notifications(program: Program, bo: User, cy: User, state: Make) -> None:
    pk = state(program, bo, cy)
    reminders = [f"/api/tasks/{pk}/reminders/{one['id']}/" for one in program.get(f"/api/tasks/{pk}/reminders/").json()]
    notifications = [f"/api/notifications/{one['id']}/" for one in program.get("/api/notifications/").json()["results"]]
    before, version = traces(), Task.objects.get(pk=pk).version
    for where in [*reminders, *notifications]:
        read = program.get(where).json()
        answer = program.patch(where, read)
        assert (answer.status_code, answer.json()) == (200, read), where
    assert (traces(), Task.objects.get(pk=pk).version) == (before, version)


@pytest.mark.parametrize("state", [overdue, of_somebody_who_left, archived, blocked, repeating, of_an_earlier_version])
def test_a_form_of_the_admin_is_saved_as_it_was_opened(
    program: Program, ada: User, bo: User, cy: User, state: Make
) -> None:
    pk, browser = state(program, bo, cy), Browser()
    browser.sign_in("ada")
    path = f"/admin/tasks/task/{pk}/change/"
    before, version = traces(), Task.objects.get(pk=pk).version
    form = form_of(browser, path)
    answer = browser.post(path, form | {"description": re.sub("\r?\n", "\r\n", form["description"])})
    assert answer.status_code == 302, answer.content.decode()
    assert (traces(), Task.objects.get(pk=pk).version) == (before, version)


@pytest.mark.parametrize("who", ["bo", "ada"])
def test_so_is_one_about_a_person(ada: User, bo: User, who: str) -> None:
    User.objects.filter(username=who).update(username="pаypal", first_name="Bo\u202e", email=f"{who}@example.org")
    browser = Browser()
    browser.sign_in("ada@example.org")
    path = f"/admin/accounts/user/{User.objects.get(username='pаypal').pk}/change/"
    before = list(User.objects.values_list("username", "first_name", "email", "is_active", "role"))
    answer = browser.post(path, form_of(browser, path))
    assert answer.status_code == 302, answer.content.decode()
    assert list(User.objects.values_list("username", "first_name", "email", "is_active", "role")) == before
