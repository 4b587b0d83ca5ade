"""What has to be done first."""

import pytest

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.tasks.actions import delete_task, restore_task, update_task
from taskbell.tasks.kinds import Stage
from taskbell.tasks.models import Prerequisite, Task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW, Program
from tests.tasks.conftest import Somebody, a_task


def path(task: Task) -> str:
    return f"/api/tasks/{task.pk}/"


def links(task: Task) -> set[int]:
    return set(Prerequisite.objects.filter(task=task).values_list("needs_id", flat=True))


def refusal(answer: object) -> list[tuple[str, str, str]]:
    return [(error["field"], error["code"], error["message"]) for error in answer.json()["errors"]]  # type: ignore[attr-defined]


def test_a_task_cannot_wait_for_itself(program: Program, bo: User) -> None:
    task = a_task(bo)
    answer = program.patch(path(task), {"pre_tasks": [task.pk]})
    assert answer.status_code == 400
    way = f"A task can't block itself: {task.pk} → {task.pk}."
    assert refusal(answer) == [("pre_tasks", "circle", way)]
    assert links(task) == set()


def test_a_circle_is_refused_and_the_way_round_is_named(program: Program, bo: User) -> None:
    first = a_task(bo)
    second = a_task(bo, after=(first,))
    third = a_task(bo, after=(second, first))
    answer = program.patch(path(first), {"pre_tasks": [third.pk]})
    assert answer.status_code == 400
    way = f"A task can't block itself: {first.pk} → {third.pk} → {first.pk}."
    assert refusal(answer) == [("pre_tasks", "circle", way)]
    Prerequisite.objects.filter(task=third, needs=first).delete()
    way = f"A task can't block itself: {first.pk} → {third.pk} → {second.pk} → {first.pk}."
    assert refusal(program.patch(path(first), {"pre_tasks": [third.pk]})) == [("pre_tasks", "circle", way)]
    assert links(first) == set()


def test_the_way_round_does_not_name_what_bo_cannot_see(program: Program, bo: User, mia: User) -> None:
    first, hidden = a_task(bo), a_task(mia)
    second = a_task(bo)
    update_task(hidden.pk, TaskPatch(pre_tasks=[first.pk]), by=mia, now=NOW)
    update_task(second.pk, TaskPatch(pre_tasks=[hidden.pk]), by=mia, now=NOW)
    answer = program.patch(path(first), {"pre_tasks": [second.pk]})
    assert refusal(answer)[0][2] == f"A task can't block itself: {first.pk} → {second.pk} → … → {first.pk}."


def test_a_diamond_is_no_circle(program: Program, bo: User) -> None:
    first = a_task(bo)
    left, right = a_task(bo, after=(first,)), a_task(bo, after=(first,))
    answer = program.post("/api/tasks/", {"title": "x", "pre_tasks": [right.pk, left.pk, first.pk, left.pk]})
    assert answer.status_code == 201
    assert answer.json()["pre_tasks"] == [first.pk, left.pk, right.pk]


def test_what_bo_cannot_see_he_cannot_wait_for(program: Program, bo: User, cy: User) -> None:
    task, theirs, gone = a_task(bo), a_task(cy), a_task(bo)
    delete_task(gone.pk, by=bo, now=NOW)
    said = []
    for pk in (theirs.pk, gone.pk, 999_999):
        answer = program.patch(path(task), {"pre_tasks": [pk]})
        assert answer.status_code == 400
        said.append([(field, code, text.replace(str(pk), "?")) for field, code, text in refusal(answer)])
        assert program.post("/api/tasks/", {"title": "x", "pre_tasks": [pk]}).status_code == 400
    assert said[0] == said[1] == said[2]
    assert Task.objects.count() == 3


def test_replacing_touches_only_what_bo_can_see(program: Program, bo: User, mia: User) -> None:
    task, mine, hidden = a_task(bo), a_task(bo), a_task(mia)
    update_task(task.pk, TaskPatch(pre_tasks=[mine.pk, hidden.pk]), by=mia, now=NOW)
    assert program.get(path(task)).json()["pre_tasks"] == [mine.pk]
    assert program.put(path(task), {"title": "Anew"}).json()["pre_tasks"] == []
    assert links(task) == {hidden.pk}
    assert program.get(path(task)).json()["is_blocked"]
    other = a_task(bo)
    program.put(path(task), {"title": "Anew", "pre_tasks": [other.pk]})
    assert links(task) == {hidden.pk, other.pk}


def test_sending_what_is_so_already_changes_nothing(program: Program, bo: User) -> None:
    first = a_task(bo)
    task = a_task(bo, after=(first,))
    assert program.patch(path(task), {"pre_tasks": [first.pk, first.pk]}).json()["version"] == 1
    assert not Activity.objects.filter(field="pre_tasks").exists()


def test_a_blocked_task_is_not_finished_and_bo_hears_what_it_waits_for(program: Program, bo: User, mia: User) -> None:
    first, hidden = a_task(bo, "Fill the can"), a_task(mia, "Secret")
    done = a_task(bo, stage=Stage.COMPLETED)
    task = a_task(bo)
    update_task(task.pk, TaskPatch(pre_tasks=[first.pk, hidden.pk, done.pk]), by=mia, now=NOW)
    answer = program.patch(path(task), {"status": "COMPLETED", "title": "x"})
    assert answer.status_code == 409
    assert answer.json()["blockers"] == [{"id": first.pk, "title": "Fill the can", "status": "PENDING"}]
    assert answer.json()["hidden_blockers"] == 1
    assert "Secret" not in answer.content.decode()
    assert program.get(path(task)).json()["title"] == "Water the plants"
    assert program.patch(path(task), {"status": "IN_PROGRESS"}).status_code == 200
    assert program.patch(path(task), {"status": "ARCHIVED"}).status_code == 200


def test_the_way_over_the_archive_does_not_lead_past_what_comes_first(program: Program, bo: User) -> None:
    task = a_task(bo, after=(a_task(bo),), stage=Stage.ARCHIVED)
    assert program.patch(path(task), {"status": "COMPLETED"}).status_code == 409


def test_nothing_is_born_finished_while_it_waits(program: Program, bo: User) -> None:
    body = {"title": "x", "status": "COMPLETED", "pre_tasks": [a_task(bo).pk]}
    assert program.post("/api/tasks/", body).status_code == 409
    assert Task.objects.count() == 1


def test_links_and_finishing_in_one_request_are_judged_together(program: Program, bo: User) -> None:
    first = a_task(bo)
    task = a_task(bo)
    assert program.patch(path(task), {"status": "COMPLETED", "pre_tasks": [first.pk]}).status_code == 409
    blocked = a_task(bo, after=(first,))
    assert program.patch(path(blocked), {"status": "COMPLETED", "pre_tasks": []}).status_code == 200


def test_force_finishes_it_and_is_written_down(program: Program, bo: User) -> None:
    task = a_task(bo, after=(a_task(bo),))
    assert program.patch(f"{path(task)}?force=true", {"status": "COMPLETED"}).json()["status"] == "COMPLETED"
    line = Activity.objects.get(action="forced")
    assert (line.task_id, line.user, line.field, line.old_value, line.new_value) == (
        task.pk,
        bo,
        "is_blocked",
        True,
        True,
    )


def test_force_where_nothing_blocks_is_not_worth_a_line(program: Program, bo: User) -> None:
    assert program.patch(f"{path(a_task(bo))}?force=true", {"status": "COMPLETED"}).status_code == 200
    assert not Activity.objects.filter(action="forced").exists()


def test_the_assignee_cannot_force(bo: User, cy: User, as_user: Somebody) -> None:
    task = a_task(bo, after=(a_task(bo),), assigned_to_id=cy.pk)
    assert as_user(cy).patch(f"{path(task)}?force=true", {"status": "COMPLETED"}).status_code == 403
    assert as_user(cy).patch(path(task), {"status": "COMPLETED"}).json()["hidden_blockers"] == 1
    assert not Activity.objects.filter(action="forced").exists()


@pytest.mark.parametrize("stage", [Stage.COMPLETED, Stage.ARCHIVED])
def test_what_is_taken_up_again_blocks_again(bo: User, program: Program, stage: Stage) -> None:
    first = a_task(bo)
    task = a_task(bo, after=(first,))
    for wanted, blocked in ((stage, False), (Stage.PENDING, True), (stage, False), (Stage.IN_PROGRESS, True)):
        update_task(first.pk, TaskPatch(stage=wanted), by=bo, now=NOW)
        assert program.get(path(task)).json()["is_blocked"] is blocked
        assert program.get(f"/api/tasks/?blocked={blocked}").json()["results"][0]["id"] == task.pk


def test_what_is_in_the_trash_does_not_block_until_it_is_back(bo: User, program: Program) -> None:
    first = a_task(bo)
    task = a_task(bo, after=(first,))
    delete_task(first.pk, by=bo, now=NOW)
    seen = program.get(path(task)).json()
    assert (seen["pre_tasks"], seen["is_blocked"]) == ([], False)
    restore_task(first.pk, by=bo, now=NOW)
    seen = program.get(path(task)).json()
    assert (seen["pre_tasks"], seen["is_blocked"]) == ([first.pk], True)
