"""Labels are renamed, merged and deleted, on all tasks at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, connections

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.activity.queries import current_checkpoint
from taskbell.common.errors import Conflict, NotAllowed, NotFound
from taskbell.tasks import label_actions
from taskbell.tasks.actions import delete_task, update_task
from taskbell.tasks.label_actions import delete_label, rename_label
from taskbell.tasks.label_models import Label, TaskLabel
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW, Program, QueryBudget
from tests.feed.hearing import heard_by
from tests.tasks.conftest import Somebody, a_task
from tests.tasks.test_in_batches import Cut, in_between, many

URL = "/api/labels/"


def label(name: str) -> Label:
    return Label.objects.get(name=name)


def with_label(by: User, name: str, number: int) -> list[Task]:
    """So many tasks with this label, without their history."""
    first = a_task(by, labels=[name])
    tasks = many(by, number - 1)
    TaskLabel.objects.bulk_create(TaskLabel(task=task, label=label(name)) for task in tasks)
    return [first, *tasks]


def test_labels_are_listed_by_name_page_after_page(program: Program, bo: User) -> None:
    a_task(bo, labels=["week 10", "Zoo", "Week 2", "Äpfel"])
    page = program.get(f"{URL}?page_size=3").json()
    assert (page["count"], [row["name"] for row in page["results"]]) == (4, ["Äpfel", "Week 2", "week 10"])
    assert page["results"][0].keys() == {"id", "name", "created_by", "created_at"}
    assert page["results"][0] == program.get(f"{URL}{page['results'][0]['id']}/").json()
    assert program.get(page["next"].removeprefix("http://localhost")).json()["results"][0]["name"] == "Zoo"


def test_a_list_that_is_known_is_not_sent_again_until_a_label_changes(program: Program, bo: User) -> None:
    a_task(bo, labels=["Garden"])
    tag = program.get(URL)["ETag"]
    assert program.get(URL, **{"If-None-Match": tag}).status_code == 304
    rename_label(label("Garden").pk, "Yard", by=bo, now=NOW)
    assert program.get(URL, **{"If-None-Match": tag}).json()["results"][0]["name"] == "Yard"


def test_a_new_name_shows_on_all_tasks_without_a_new_version(program: Program, bo: User) -> None:
    task = a_task(bo, labels=["Garden"])
    one, tasks = program.get(f"/api/tasks/{task.pk}/"), program.get("/api/tasks/")
    answer = program.patch(f"{URL}{label('Garden').pk}/", {"name": " Yard "})
    assert answer.json()["name"] == "Yard"
    fresh = program.get(f"/api/tasks/{task.pk}/", **{"If-None-Match": one["ETag"]}).json()
    assert (fresh["labels"], fresh["version"]) == (["Yard"], 1)
    listed = program.get("/api/tasks/", **{"If-None-Match": tasks["ETag"]}).json()
    assert listed["results"][0]["labels"] == ["Yard"]
    assert program.patch(f"/api/tasks/{task.pk}/", {"title": "x"}, **{"If-Match": one["ETag"]}).status_code == 200


def test_its_case_can_be_corrected_and_the_same_name_is_no_change(program: Program, bo: User) -> None:
    a_task(bo, labels=["garden"])
    path, lines = f"{URL}{label('garden').pk}/", Activity.objects.filter(subject_type="label")
    assert program.patch(path, {"name": "garden"}).json()["name"] == "garden"
    assert program.patch(path, {}).json()["name"] == "garden"
    assert lines.count() == 1
    assert program.patch(path, {"name": "Garden"}).json()["name"] == "Garden"
    assert lines.count() == 2


def test_renaming_to_the_name_of_another_label_merges_the_two(program: Program, bo: User, cy: User) -> None:
    both, one, other = (a_task(bo, labels=names) for names in (["Yard", "Garden", "x"], ["Yard"], ["Garden"]))
    in_trash = a_task(bo, labels=["Yard"])
    delete_task(in_trash.pk, by=bo, now=NOW)
    yard, garden = label("Yard"), label("Garden")
    answer = program.patch(f"{URL}{yard.pk}/", {"name": "GARDEN"})
    assert answer.json() == program.get(f"{URL}{garden.pk}/").json()
    assert program.get(f"{URL}{yard.pk}/").status_code == 404
    shown = {row["id"]: (row["labels"], row["version"]) for row in program.get("/api/tasks/").json()["results"]}
    assert shown == {both.pk: (["Garden", "x"], 2), one.pk: (["Garden"], 2), other.pk: (["Garden"], 1)}
    lines = Activity.objects.filter(field="labels").order_by("task_id").values_list("old_value", "new_value")
    assert list(lines) == [
        (["Garden", "x", "Yard"], ["Garden", "x"]),
        (["Yard"], ["Garden"]),
        (["Yard"], ["Garden"]),
    ]


def test_merging_needs_the_right_on_both(program: Program, bo: User, cy: User, mia: User) -> None:
    a_task(bo, labels=["Yard"])
    a_task(cy, labels=["Garden"])
    yard = f"{URL}{label('Yard').pk}/"
    assert "the label “Garden”" in program.patch(yard, {"name": "garden"}).json()["detail"]
    with pytest.raises(NotAllowed, match="Only its creator and managers may change the label “Yard”"):
        rename_label(label("Yard").pk, "garden", by=cy, now=NOW)
    assert rename_label(label("Yard").pk, "garden", by=mia, now=NOW) == label("Garden")


def test_a_deleted_label_leaves_its_tasks_with_a_line_in_their_history(program: Program, bo: User) -> None:
    task, other = a_task(bo, labels=["Garden", "Urgent"]), a_task(bo, labels=["Urgent"])
    garden = f"{URL}{label('Garden').pk}/"
    assert program.delete(garden).status_code == 204
    assert program.delete(garden).status_code == 404
    assert [Task.objects.get(pk=one.pk).version for one in (task, other)] == [2, 1]
    line = Activity.objects.get(field="labels")
    assert (line.task_id, line.user, line.old_value, line.new_value) == (task.pk, bo, ["Garden", "Urgent"], ["Urgent"])
    assert label("Urgent").pk in program.get(f"/api/tasks/{task.pk}/").json()["label_ids"]


@pytest.mark.parametrize("name", ["", "x" * 51, "a,b", "a\nb", "ﷺ" * 50, None, 7])
def test_a_wrong_name_is_refused(program: Program, bo: User, name: Any) -> None:
    a_task(bo, labels=["Garden"])
    answer = program.patch(f"{URL}{label('Garden').pk}/", {"name": name})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "name")


def test_tasks_change_some_at_a_time_with_those_that_join_meanwhile(
    bo: User, cy: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_label(bo, "Old", 25)
    a_task(bo, labels=["New"])
    old, new = label("Old"), label("New")
    monkeypatch.setattr(label_actions, "TASKS_AT_ONCE", 10)
    times = in_between(monkeypatch, lambda turn: turn < 2 and a_task(cy, labels=["OLD"]))
    assert rename_label(old.pk, "new", by=bo, now=NOW) == new
    assert len(times) == 3
    assert TaskLabel.objects.filter(label=new).count() == 28
    assert Activity.objects.filter(field="labels", new_value=["New"]).count() == 27
    assert not Label.objects.filter(pk=old.pk).exists()


def test_what_was_cut_off_goes_on_when_it_is_repeated(bo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise Cut

    with_label(bo, "Old", 25)
    monkeypatch.setattr(label_actions, "TASKS_AT_ONCE", 10)
    in_between(monkeypatch, fail)
    with pytest.raises(Cut):
        delete_label(label("Old").pk, by=bo, now=NOW)
    assert TaskLabel.objects.count() == 15
    in_between(monkeypatch, lambda _: None)
    delete_label(label("Old").pk, by=bo, now=NOW)
    assert Activity.objects.filter(field="labels").count() == 25
    assert not Label.objects.exists()


def test_a_merge_whose_other_label_is_deleted_meanwhile_says_so(bo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    with_label(bo, "Old", 25)
    a_task(bo, labels=["New"])
    new = label("New")
    monkeypatch.setattr(label_actions, "TASKS_AT_ONCE", 10)
    in_between(monkeypatch, lambda turn: turn or new.delete())
    with pytest.raises(Conflict, match="the other one was deleted at the same time"):
        rename_label(label("Old").pk, "new", by=bo, now=NOW)


def test_many_tasks_cost_as_many_statements_as_few(bo: User, query_budget: QueryBudget) -> None:
    with_label(bo, "Old", 400)
    a_task(bo, labels=["New"])
    with query_budget(30):
        rename_label(label("Old").pk, "new", by=bo, now=NOW)
    assert TaskLabel.objects.count() == 401


def test_everybody_hears_of_labels(bo: User, cy: User) -> None:
    begin = current_checkpoint().position
    a_task(bo, labels=["Garden"])
    garden = label("Garden").pk
    rename_label(garden, "Yard", by=bo, now=NOW)
    assert heard_by(cy, begin) == [
        {"event": "label.created", "label_id": garden, "name": "Yard"},
        {"event": "label.updated", "label_id": garden, "name": "Yard"},
    ]
    begin = current_checkpoint().position
    delete_label(garden, by=bo, now=NOW)
    assert heard_by(cy, begin) == [{"event": "label.deleted", "label_id": garden, "name": None}]


def test_a_copy_learns_of_labels_and_of_the_tasks_that_change(program: Program, bo: User) -> None:
    task = a_task(bo, labels=["Garden", "Urgent"])
    cursor = program.get("/api/changes/").json()["cursor"]
    cursor = program.get(f"/api/changes/?since={cursor}").json()["cursor"]
    rename_label(label("Garden").pk, "Yard", by=bo, now=NOW)
    delete_label(label("Urgent").pk, by=bo, now=NOW)
    changes = program.get(f"/api/changes/?since={cursor}").json()["changes"]
    assert [change["event"] for change in changes] == ["label.updated", "task.updated", "label.deleted"]
    assert (changes[1]["task_id"], changes[1]["task"]["labels"]) == (task.pk, ["Yard"])


@pytest.mark.django_db(transaction=True)
def test_labels_are_renamed_and_merged_and_written_at_the_same_time(request: pytest.FixtureRequest) -> None:
    """Everybody gets through, or is refused with a reason; no deadlock, and every task has labels that exist."""
    mia, together = request.getfixturevalue("mia"), Barrier(6)
    names = [f"Label {n}" for n in range(4)]
    tasks = [a_task(mia, labels=names) for _ in range(4)]

    def act(place: int) -> None:
        together.wait()
        try:
            for turn in range(8):
                first, second = names[(place + turn) % 4], names[(place + 2 * turn + 1) % 4]
                try:
                    if place % 2:
                        update_task(tasks[turn % 4].pk, TaskPatch(labels=[first, second, "x"]), by=mia, now=NOW)
                    elif known := Label.objects.filter(name=first).first():
                        rename_label(known.pk, second if turn % 3 else f"New {place} {turn}", by=mia, now=NOW)
                except (Conflict, NotFound, IntegrityError):
                    pass  # the API answers 409 and 404
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(act, range(6)))
    for task in tasks:
        shown = sorted(TaskLabel.objects.filter(task=task).values_list("label__name", flat=True))
        last = Activity.objects.filter(task=task.pk, field="labels").order_by("id").last()
        renamed = Activity.objects.filter(subject_type="label", action="updated")
        assert last is None or renamed.exists() or sorted(last.new_value) == shown


def test_labels_are_shared_with_people_who_see_none_of_the_tasks(bo: User, ivo: User, as_user: Somebody) -> None:
    a_task(bo, labels=["Garden"])
    program = as_user(ivo)
    assert [row["name"] for row in program.get(URL).json()["results"]] == ["Garden"]
    assert program.patch(f"{URL}{label('Garden').pk}/", {"name": "Yard"}).status_code == 403
