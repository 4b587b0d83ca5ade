"""Many changes in one request: all of them or none."""

from typing import Any

import pytest
from django.http import HttpResponse

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.common.errors import Invalid, NotAllowed
from taskbell.notifications.models import Notification
from taskbell.tasks.bulk import LARGE, Batch, change_many, one_at_a_time_of
from taskbell.tasks.models import Prerequisite, Task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW, Program, QueryBudget
from tests.tasks.conftest import Somebody, a_task

URL = "/api/tasks/bulk/"


def everything() -> list[Any]:
    tables = (Task, Prerequisite, Activity, Notification)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def fields(answer: HttpResponse) -> list[str]:
    return [error["field"] for error in answer.json()["errors"]]


def test_a_little_of_everything_has_one_answer_for_each_in_order(program: Program, bo: User) -> None:
    tasks = [a_task(bo, f"Task {number}") for number in range(4)]
    body = {
        "create": [{"title": "Buy seeds"}, {"title": "Order soil", "pre_tasks": [tasks[0].pk]}],
        "update": [{"id": tasks[2].pk, "status": "COMPLETED"}, {"id": tasks[0].pk, "title": "Anew", "version": 1}],
        "delete": [tasks[3].pk, tasks[1].pk],
    }
    answer = program.post(URL, body)
    assert answer.status_code == 200
    said = answer.json()
    assert [task["title"] for task in said["created"]] == ["Buy seeds", "Order soil"]
    assert said["created"][1]["pre_tasks"] == [tasks[0].pk]
    assert [(task["id"], task["title"], task["status"]) for task in said["updated"]] == [
        (tasks[2].pk, "Task 2", "COMPLETED"),
        (tasks[0].pk, "Anew", "PENDING"),
    ]
    assert said["deleted"] == body["delete"]
    for task in said["created"] + said["updated"]:
        assert program.get(f"/api/tasks/{task['id']}/").json() == task
    assert program.get("/api/tasks/").json()["count"] == 4
    told = Activity.objects.exclude(task__in=[task.pk for task in tasks])
    assert [line.action for line in told] == ["created", "created"]


WRONG = [
    ({"create": [{"title": "a"}, {"title": ""}]}, 400, "create.1.title"),
    ({"create": [{"title": "a", "pre_tasks": [999_999]}]}, 400, "create.0.pre_tasks"),
    ({"create": [{"title": "a", "due_time": "10:00"}]}, 400, "create.0.due_time"),
    ({"update": [{"id": "@mine", "title": "x"}, {"id": "@mine"}, {"id": "@theirs", "title": "x"}]}, 404, "update.2"),
    ({"update": [{"id": "@given", "title": "x"}]}, 403, "update.0"),
    ({"update": [{"id": "@blocked", "status": "COMPLETED"}]}, 409, "update.0"),
    ({"update": [{"id": "@mine", "title": "x", "version": 7}]}, 412, "update.0"),
    ({"update": [{"id": "@mine", "pre_tasks": ["@mine"]}]}, 400, "update.0.pre_tasks"),
    ({"update": [{"title": "x"}]}, 400, "update.0.id"),
    ({"update": [{"id": "@mine", "status": "OVERDUE"}]}, 400, "update.0.status"),
    ({"update": [{"id": "@mine", "surprise": 1}]}, 400, "update.0.surprise"),
    ({"delete": ["@mine", "@theirs"]}, 404, "delete.1"),
    ({"delete": ["@given"]}, 403, "delete.0"),
    ({"delete": ["@mine", "@mine"]}, 404, "delete.1"),
    ({"delete": ["x"]}, 400, "delete.0"),
]


@pytest.mark.parametrize(("wrong", "code", "place"), WRONG)
def test_one_that_cannot_be_done_undoes_all_and_is_named(
    program: Program, bo: User, cy: User, wrong: dict[str, Any], code: int, place: str
) -> None:
    numbers = {
        "@mine": a_task(bo).pk,
        "@theirs": a_task(cy).pk,
        "@given": a_task(cy, assigned_to_id=bo.pk).pk,
        "@blocked": a_task(bo, after=(a_task(bo),)).pk,
        "@fine": a_task(bo).pk,
    }
    fine = {"create": [], "update": [], "delete": ["@fine"]}
    before = everything()
    answer = program.post(URL, filled(fine | wrong, numbers))
    assert answer.status_code == code
    assert answer["Content-Type"] == "application/problem+json"
    assert fields(answer) == [place]
    assert everything() == before


def filled(value: Any, numbers: dict[str, int]) -> Any:
    """The body with numbers in the place of names."""
    if isinstance(value, dict):
        return {name: filled(inner, numbers) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, numbers) for inner in value]
    return numbers.get(value, value) if isinstance(value, str) else value


def test_the_refusal_says_what_blocks(program: Program, bo: User) -> None:
    first = a_task(bo, "Fill the can")
    task = a_task(bo, after=(first,))
    answer = program.post(URL, {"update": [{"id": task.pk, "status": "COMPLETED"}]})
    assert [blocker["id"] for blocker in answer.json()["blockers"]] == [first.pk]
    forced = program.post(f"{URL}?force=true", {"update": [{"id": task.pk, "status": "COMPLETED"}]})
    assert forced.status_code == 200
    assert Activity.objects.filter(action="forced", task=task).count() == 1


def test_what_is_finished_earlier_in_the_batch_blocks_no_more(program: Program, bo: User) -> None:
    first = a_task(bo)
    task = a_task(bo, after=(first,))
    done = [{"id": pk, "status": "COMPLETED"} for pk in (first.pk, task.pk)]
    assert program.post(URL, {"update": done[::-1]}).status_code == 409
    assert program.post(URL, {"update": done}).status_code == 200


def test_the_assignee_who_hands_tasks_back_has_an_answer_for_each(bo: User, cy: User, as_user: Somebody) -> None:
    tasks = [a_task(bo, assigned_to_id=cy.pk) for _ in range(2)]
    body = {"update": [{"id": tasks[0].pk, "assigned_to": None}, {"id": tasks[1].pk, "status": "IN_PROGRESS"}]}
    said = as_user(cy).post(URL, body).json()["updated"]
    assert [(task["id"], task["assigned_to"]) for task in said] == [(tasks[0].pk, None), (tasks[1].pk, cy.pk)]


@pytest.mark.parametrize("body", [{}, {"create": []}, {"create": None}, [], {"make": []}, {"delete": {}}])
def test_a_batch_of_nothing_is_refused(program: Program, body: Any) -> None:
    assert program.post(URL, body).status_code == 400


def test_a_thousand_at_once_and_not_one_more(program: Program, bo: User) -> None:
    task = a_task(bo)
    many = {"create": [{"title": f"Task {number}"} for number in range(999)]}
    answer = program.post(URL, many | {"update": [{"id": task.pk, "title": "Anew"}]})
    assert answer.status_code == 200
    assert [made["title"] for made in answer.json()["created"]] == [patch["title"] for patch in many["create"]]
    before = Task.objects.count()
    for body in (many | {"delete": [1, 2]}, {"create": many["create"] * 2}, {"delete": list(range(1, 1002))}):
        assert program.post(URL, body).status_code == 400
    assert Task.objects.count() == before == 1000


def test_the_budget_of_rows_counts_reminders_and_prerequisites_before_a_task_is_read(
    program: Program, bo: User
) -> None:
    needed = a_task(bo)
    reminders = [{"at": "2027-01-31T09:00:00Z"}, {"unknown": True}] * 5
    body = {"create": [{"title": "", "reminders": reminders, "pre_tasks": [needed.pk] * 4}] * 334}
    answer = program.post(URL, body)
    assert answer.status_code == 400
    sentence = (
        "Must have at most 5,000 rows: tasks, reminders, prerequisites and labels together. This has 5,010. "
        "Send it in several requests."
    )
    assert answer.json()["errors"] == [{"field": "", "code": "rows", "message": sentence}]
    patches = [TaskPatch(title="x", pre_tasks=[needed.pk] * 14)] * 334
    with pytest.raises(Invalid, match=r"5,010"):
        change_many(Batch(patches, [], []), by=bo, now=NOW)


def test_an_intern_is_refused_before_any_row_is_read(as_user: Somebody, ivo: User) -> None:
    rows = [{"title": "", "reminders": [{"repeat": "FREQ=YEARLY;BYWEEKNO=10;BYSETPOS=366"}] * 40}] * 100
    answer = as_user(ivo).post(URL, {"create": rows, "update": [{"unknown": 1}]})
    assert answer.status_code == 403
    assert answer.json()["detail"] == "Your role does not let you create tasks."
    with pytest.raises(NotAllowed):
        change_many(Batch([TaskPatch(title="")], [], []), by=ivo, now=NOW)
    assert as_user(ivo).post(URL, {"create": [], "update": [{"unknown": 1}]}).status_code == 400


def test_hundreds_of_new_tasks_take_about_as_many_statements_as_one(
    bo: User, cy: User, query_budget: QueryBudget
) -> None:
    patches = [TaskPatch(title=f"Task {n}", assigned_to_id=cy.pk) for n in range(300)]
    with query_budget(25):
        created, _ = change_many(Batch(patches, [], []), by=bo, now=NOW)
    assert list(Task.objects.filter(pk__in=created).order_by("pk").values_list("title", flat=True)) == [
        patch.title for patch in patches
    ]
    assert Activity.objects.filter(task__in=created, action="created", subject_type="task").count() == 300
    assert Notification.objects.filter(kind="task_assigned", recipient=cy).count() == 300


def test_a_person_has_one_large_bulk_request_at_a_time(program: Program, bo: User, cy: User) -> None:
    body = {"create": [{"title": "x"}] * LARGE}
    with one_at_a_time_of(bo, changes=LARGE), one_at_a_time_of(cy, changes=LARGE):
        answer = program.post(URL, body)
        assert (answer.status_code, answer["Retry-After"]) == (429, "1")
        assert program.post(URL, {"create": [{"title": "x"}]}).status_code == 200
    assert program.post(URL, body).status_code == 200
