"""Labels: names that people put on tasks. Everybody shares them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.sharing.projects import change_project
from taskbell.tasks.actions import create_task, delete_task, restore_task, update_task
from taskbell.tasks.bulk import Batch, change_many
from taskbell.tasks.label_models import Label, TaskLabel
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW, Program, QueryBudget
from tests.sharing.conftest import a_task_in, shared_by
from tests.tasks.conftest import Somebody, a_task

TASKS = "/api/tasks/"


def labelled(program: Program, *labels: str, **fields: Any) -> dict[str, Any]:
    """A new task with these labels, as it is answered."""
    answer = program.post(TASKS, {"title": "Water the plants", "labels": labels} | fields)
    assert answer.status_code == 201, answer.content
    task: dict[str, Any] = answer.json()
    return task


def change(program: Program, pk: int, *labels: object) -> Any:
    return program.patch(f"{TASKS}{pk}/", {"labels": labels})


def test_a_task_gets_labels_and_shows_them_as_people_sort(program: Program) -> None:
    task = labelled(program, "Week 10", "week 2", "Äpfel")
    assert task["labels"] == ["Äpfel", "week 2", "Week 10"]
    assert task["label_ids"] == [Label.objects.get(name=name).pk for name in task["labels"]]
    assert program.get(f"{TASKS}{task['id']}/").json()["labels"] == task["labels"]
    assert program.get(TASKS).json()["results"][0]["labels"] == task["labels"]


def test_names_differ_neither_by_case_nor_form_nor_space(program: Program) -> None:
    labelled(program, "Café Straße")
    other = labelled(program, " CAFE\u0301 STRASSE\t", "Café Straße", "Ｇａｒｄｅｎ", "garden")
    assert other["labels"] == ["Café Straße", "Ｇａｒｄｅｎ"]
    assert Label.objects.count() == 2


def test_an_unchanged_list_is_no_change_however_it_is_written(program: Program) -> None:
    task = labelled(program, "Garden", "Urgent")
    same = change(program, task["id"], "urgent", " GARDEN", "garden").json()
    assert (same["version"], same["labels"]) == (1, ["Garden", "Urgent"])
    other = change(program, task["id"], "urgent").json()
    assert (other["version"], other["labels"]) == (2, ["Urgent"])


def test_history_names_old_and_new_labels(program: Program, bo: User) -> None:
    task = labelled(program, "Urgent", "garden")
    change(program, task["id"], "House", "Urgent")
    change(program, task["id"])
    created, *lines = Activity.objects.of_tasks().filter(task=task["id"]).order_by("id")
    assert created.new_value["labels"] == ["garden", "Urgent"]
    assert [(line.field, line.old_value, line.new_value, line.user) for line in lines] == [
        ("labels", ["garden", "Urgent"], ["House", "Urgent"], bo),
        ("labels", ["House", "Urgent"], [], bo),
    ]
    newest, before, *_ = program.get(f"{TASKS}{task['id']}/logs/").json()["results"]
    assert newest["summary"] == "Bo changed the labels from House, Urgent to no labels."
    assert before["new_text"] == "House, Urgent"


def test_put_without_labels_leaves_them_and_with_an_empty_list_removes_them(program: Program) -> None:
    path = f"{TASKS}{labelled(program, 'Garden')['id']}/"
    assert program.put(path, {"title": "x"}).json()["labels"] == ["Garden"]
    assert program.put(path, {"title": "x", "labels": []}).json()["labels"] == []


def test_what_was_read_can_be_sent_back(program: Program) -> None:
    task = labelled(program, "Garden", "Urgent")
    answer = program.put(f"{TASKS}{task['id']}/", task).json()
    assert (answer["version"], answer["labels"], answer["label_ids"]) == (1, task["labels"], task["label_ids"])


@pytest.mark.parametrize(
    ("labels", "field", "code"),
    [
        (["x" * 51], "labels.0", "max_length"),
        (["a", "ﷺ" * 50], "labels.1", "max_length"),
        (["Sow, reap"], "labels.0", "comma"),
        ([""], "labels.0", "blank"),
        (["\u200b "], "labels.0", "blank"),
        (["a\nb"], "labels.0", "line_break"),
        (["a\x00b"], "labels.0", "unprintable"),
        (["a\u202eb"], "labels.0", "invisible"),
        ([7], "labels.0", "invalid"),
        ([None], "labels.0", "null"),
        ("Garden", "labels", "not_a_list"),
        (None, "labels", "null"),
        ({"Garden": 1}, "labels", "not_a_list"),
        ([f"Label {n}" for n in range(21)], "labels", "max_length"),
        (["x"] * 5001, "labels", "max_length"),
    ],
)
def test_a_label_that_breaks_a_rule_is_refused_by_name(program: Program, labels: Any, field: str, code: str) -> None:
    answer = program.post(TASKS, {"title": "x", "labels": labels})
    assert answer.status_code == 400
    error = answer.json()["errors"][0]
    assert (error["field"], error["code"]) == (field, code)
    assert (Label.objects.count(), Task.objects.count()) == (0, 0)


def test_a_task_has_twenty_labels_and_a_label_fifty_characters(program: Program) -> None:
    names = [f"{n:050}" for n in range(20)]
    assert labelled(program, *names, *names)["labels"] == names


def test_an_assignee_does_not_label(bo: User, cy: User, as_user: Somebody) -> None:
    task = create_task(TaskPatch(title="x", assigned_to_id=cy.pk, labels=["Garden"]), by=bo, now=NOW)
    program = as_user(cy)
    for labels in (["House"], [], ["Garden", "House"], ["", "Garden"]):
        assert change(program, task.pk, *labels).status_code == 403
    assert list(Label.objects.values_list("name", flat=True)) == ["Garden"]
    assert change(program, task.pk, "GARDEN").status_code == 200


def test_a_task_of_an_archived_project_keeps_its_labels(program: Program, bo: User) -> None:
    garden = shared_by(bo)
    task = a_task_in(garden, bo, labels=["Garden"])
    change_project(garden.pk, {"archived": True}, by=bo, now=NOW)
    refused = change(program, task.pk, "House")
    assert (refused.status_code, refused.json()["title"]) == (409, "Archived")
    assert change(program, task.pk, "GARDEN").status_code == 200
    assert list(Label.objects.values_list("name", flat=True)) == ["Garden"]


def test_only_those_who_may_create_labels_write_new_names(bo: User, mia: User, monkeypatch: pytest.MonkeyPatch) -> None:
    a_task(bo, labels=["Garden"])
    monkeypatch.setattr(User, "can", lambda self, capability: capability not in ("create_categories",))
    task = create_task(TaskPatch(title="x", labels=["garden"]), by=bo, now=NOW)
    with pytest.raises(Exception, match="There is no label “House”, and your role does not let you create one"):
        update_task(task.pk, TaskPatch(labels=["garden", "House"]), by=bo, now=NOW)
    assert Label.objects.count() == 1


def test_the_next_occurrence_keeps_the_labels(bo: User) -> None:
    fields = {"title": "x", "due_date": date(2026, 12, 1), "recurrence": "FREQ=DAILY", "labels": ["Garden", "Urgent"]}
    task = create_task(TaskPatch(**fields), by=bo, now=NOW)

    def next_labels() -> list[str]:
        new = Task.objects.get(series=task.pk, occurrence=2)
        return sorted(TaskLabel.objects.filter(task=new).values_list("label__name", flat=True))

    update_task(task.pk, TaskPatch(stage="COMPLETED"), by=bo, now=NOW)
    assert next_labels() == ["Garden", "Urgent"]
    update_task(task.pk, TaskPatch(stage="PENDING", labels=["House", "Urgent"]), by=bo, now=NOW)
    update_task(task.pk, TaskPatch(stage="COMPLETED"), by=bo, now=NOW)
    assert next_labels() == ["House", "Urgent"]


def test_labels_survive_the_trash(bo: User, program: Program) -> None:
    task = a_task(bo, labels=["Garden"])
    delete_task(task.pk, by=bo, now=NOW)
    assert program.get(f"{TASKS}trash/").json()["results"][0]["labels"] == ["Garden"]
    restore_task(task.pk, by=bo, now=NOW)
    assert program.get(f"{TASKS}{task.pk}/").json()["labels"] == ["Garden"]


def test_a_bulk_request_creates_each_label_once(program: Program, bo: User, query_budget: QueryBudget) -> None:
    task = a_task(bo)
    body = {
        "create": [{"title": "x", "labels": ["Garden", "Urgent"]}, {"title": "y", "labels": ["garden"]}],
        "update": [{"id": task.pk, "labels": ["House", "GARDEN"]}],
    }
    answer = program.post(f"{TASKS}bulk/", body).json()
    assert [row["labels"] for row in answer["created"] + answer["updated"]] == [
        ["Garden", "Urgent"],
        ["Garden"],
        ["Garden", "House"],
    ]
    assert Label.objects.count() == 3
    refused = program.post(f"{TASKS}bulk/", {"create": [{"title": "x", "labels": ["New"]}, {"title": ""}]})
    assert refused.status_code == 400
    assert Label.objects.count() == 3


def test_labels_count_among_the_rows_of_a_bulk_request(program: Program) -> None:
    tasks = [{"title": "x", "labels": [f"{n}-{m}" for m in range(20)]} for n in range(239)]
    answer = program.post(f"{TASKS}bulk/", {"create": tasks})
    assert answer.status_code == 400
    assert "This has 5,019" in answer.json()["detail"]
    assert Label.objects.count() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("in_one", [False, True])
def test_writers_who_create_the_same_labels_at_once_get_the_same(request: pytest.FixtureRequest, in_one: bool) -> None:
    bo, together = request.getfixturevalue("bo"), Barrier(6)
    names = [f"Label {n}" for n in range(6)]

    def write(place: int) -> None:
        order = [*names[place:], *names[:place]]
        patches = [TaskPatch(title="x", labels=[name]) for name in order]
        together.wait()
        try:
            if in_one:
                create_task(TaskPatch(title="x", labels=order), by=bo, now=NOW)
            else:
                change_many(Batch(patches, [], []), by=bo, now=NOW)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    assert sorted(Label.objects.values_list("name", flat=True)) == names
    assert TaskLabel.objects.count() == 36
    assert Activity.objects.filter(subject_type="label", action="created").count() == 6
