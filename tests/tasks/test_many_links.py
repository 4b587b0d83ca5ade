"""Very many prerequisites: what they cost is bounded, and what many wait for is told some at a time."""

from datetime import timedelta
from functools import partial
from itertools import pairwise, product

import pytest
from django.db import connection

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.common.errors import Invalid
from taskbell.notifications.models import Notification
from taskbell.projects.models import ProjectRole
from taskbell.tasks import bulk, scheduled
from taskbell.tasks.actions import create_task, delete_task, update_task
from taskbell.tasks.bulk import Batch, change_many
from taskbell.tasks.finished import Finished
from taskbell.tasks.kinds import Stage
from taskbell.tasks.models import Prerequisite, Task
from taskbell.tasks.patch import TaskPatch
from taskbell.tasks.prerequisites import MAX_DEPENDENTS, Effort, replace_prerequisites
from tests.conftest import NOW, Program, QueryBudget
from tests.tasks.conftest import a_task

DONE = TaskPatch(stage=Stage.COMPLETED)


def many(by: User, number: int, **values: object) -> list[Task]:
    """So many tasks, without their history."""
    new = [
        Task(title=f"Task {n}", timezone="UTC", created_by=by, project=by.inbox, created_at=NOW, updated_at=NOW)
        for n in range(number)
    ]
    for task in new:
        task.viewer_role, task.is_archived = ProjectRole.OWNER, False
        for name, value in values.items():
            setattr(task, name, value)
    return Task.objects.bulk_create(new)


def link(tasks: list[Task], needs: list[Task]) -> None:
    Prerequisite.objects.bulk_create(Prerequisite(task=task, needs=one) for task, one in product(tasks, needs))


def told(task: Task) -> int:
    return Notification.objects.filter(kind="unblocked", task=task).count()


def test_the_search_for_a_circle_sees_each_task_once_however_many_links_lead_to_it(bo: User) -> None:
    layers = [many(bo, 30) for _ in range(12)]
    for waiting, needed in pairwise(layers):
        link(waiting, needed)
    before = many(bo, 1100)
    link(before[:600], layers[0][:1])
    link(before[600:], before[:1])  # so many wait that looking at them does not decide it
    effort = Effort()
    replace_prerequisites(layers[0][0], [layers[1][0].pk, a_task(bo).pk], effort=effort, by=bo)
    replace_prerequisites(layers[0][0], [layers[1][0].pk, layers[2][0].pk], effort=effort, by=bo)
    assert Effort().reach - effort.reach <= 2 * 12 * 30 + 1
    with pytest.raises(Invalid, match="A task can't block itself"):
        replace_prerequisites(layers[-1][0], [layers[0][0].pk], effort=Effort(), by=bo)


def test_a_search_that_takes_too_long_is_given_up_with_a_sentence(bo: User) -> None:
    chain = many(bo, 50)
    for task, needed in pairwise(chain):
        link([task], [needed])
    popular = a_task(bo)
    link(many(bo, 1000), [popular])
    with pytest.raises(Invalid, match="because too many tasks are linked"):
        replace_prerequisites(popular, [chain[0].pk], effort=Effort(reach=20), by=bo)
    assert replace_prerequisites(popular, [chain[0].pk], effort=Effort(reach=60), by=bo)


def test_a_new_task_is_linked_without_a_search(bo: User, query_budget: QueryBudget) -> None:
    chain = many(bo, 50)
    for task, needed in pairwise(chain):
        link([task], [needed])
    with query_budget(10):
        create_task(TaskPatch(title="New", pre_tasks=[chain[0].pk]), by=bo, now=NOW)


def test_a_task_blocks_a_thousand_others_at_most_and_what_is_there_stays(program: Program, bo: User) -> None:
    popular = a_task(bo)
    waiting = many(bo, MAX_DEPENDENTS)
    link(waiting, [popular])
    answer = program.post("/api/tasks/", {"title": "One more", "pre_tasks": [popular.pk]})
    assert answer.status_code == 400
    sentence = f"Can't block this task by task {popular.pk}, which blocks 1,000 others already."
    assert answer.json()["errors"] == [{"field": "pre_tasks", "code": "dependents", "message": sentence}]
    path = f"/api/tasks/{waiting[0].pk}/"
    assert program.patch(path, {"title": "Other", "pre_tasks": [popular.pk]}).status_code == 200
    assert program.patch(path, {"pre_tasks": []}).status_code == 200
    assert program.post("/api/tasks/", {"title": "One more", "pre_tasks": [popular.pk]}).status_code == 201


def test_what_hundreds_wait_for_is_finished_with_few_statements(bo: User, cy: User, query_budget: QueryBudget) -> None:
    popular, waiting = a_task(bo), many(bo, 400, assigned_to=cy)
    link(waiting, [popular])
    with query_budget(20):
        update_task(popular.pk, DONE, by=bo, now=NOW)
    assert Notification.objects.filter(kind="unblocked", recipient=cy).count() == 400
    assert not Finished.objects.exists()


def test_when_very_many_wait_the_clock_tells_them_some_at_a_time(bo: User, cy: User, query_budget: QueryBudget) -> None:
    popular, waiting = a_task(bo), many(bo, 650, assigned_to=cy)
    link(waiting, [popular])
    link(waiting[:1], [a_task(bo)])  # is blocked by another one too
    with query_budget(20):
        update_task(popular.pk, DONE, by=bo, now=NOW)
    assert not Notification.objects.filter(kind="unblocked").exists()
    link(many(bo, 1, assigned_to=cy), [popular])  # too late to have waited for it
    sizes = []
    while seen := scheduled._free_batch(NOW):
        sizes.append(seen)
    assert max(sizes) <= scheduled.TASKS_PER_BATCH
    assert [told(task) for task in waiting] == [0] + [1] * 649
    assert Notification.objects.filter(kind="unblocked").count() == 649
    assert Activity.objects.filter(action="unblocked", user=bo).count() == 649
    assert scheduled.free_waiting(NOW) == 0


@pytest.mark.parametrize("stage", [Stage.PENDING, Stage.IN_PROGRESS])
def test_nobody_hears_of_it_if_it_was_reopened_before_the_clock_came(bo: User, cy: User, stage: Stage) -> None:
    popular, waiting = a_task(bo), many(bo, 501, assigned_to=cy)
    link(waiting, [popular])
    update_task(popular.pk, DONE, by=bo, now=NOW)
    update_task(popular.pk, TaskPatch(stage=stage), by=bo, now=NOW + timedelta(seconds=1))
    scheduled.free_waiting(NOW)
    assert not Notification.objects.filter(kind="unblocked").exists()


def test_of_two_that_were_finished_together_each_person_hears_once(bo: User, cy: User) -> None:
    first, second, waiting = a_task(bo), a_task(bo), many(bo, 501, assigned_to=cy)
    link(waiting, [first, second])
    update_task(first.pk, DONE, by=bo, now=NOW)
    delete_task(second.pk, by=bo, now=NOW + timedelta(seconds=1))
    scheduled.free_waiting(NOW + timedelta(seconds=2))
    assert Notification.objects.filter(kind="unblocked", recipient=cy).count() == 501


def test_the_changes_of_a_bulk_request_share_their_effort(bo: User, cy: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "Effort", partial(Effort, free=5))
    finished = [a_task(bo) for _ in range(3)]
    for one in finished:
        link(many(bo, 2, assigned_to=cy), [one])
    change_many(Batch([], [(one.pk, DONE, None) for one in finished], []), by=bo, now=NOW)
    assert Notification.objects.filter(kind="unblocked").count() == 4
    scheduled.free_waiting(NOW)
    assert Notification.objects.filter(kind="unblocked").count() == 6


@pytest.mark.skipif("sqlite" not in connection.vendor, reason="counts the steps of SQLite")
def test_a_circle_in_a_dense_graph_costs_steps_by_the_link_not_by_the_pair_of_links(bo: User) -> None:
    layers = [many(bo, 60) for _ in range(8)]
    for waiting, needed in pairwise(layers):
        link(waiting, needed)
    links, steps = Prerequisite.objects.count(), 0

    def count() -> None:
        nonlocal steps
        steps += 1000

    connection.ensure_connection()
    connection.connection.set_progress_handler(count, 1000)
    try:
        with pytest.raises(Invalid, match="A task can't block itself"):
            replace_prerequisites(layers[-1][0], [layers[0][0].pk], effort=Effort(), by=bo)
    finally:
        connection.connection.set_progress_handler(None, 0)
    assert steps < 60 * links
