"""A task becomes free, and its people hear of it once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.notifications.models import Notification
from taskbell.tasks.actions import delete_task, restore_task, update_task
from taskbell.tasks.bulk import Batch, change_many
from taskbell.tasks.kinds import Stage
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW
from tests.tasks.conftest import a_task


def told_of(task: Task) -> list[str]:
    """Who was told that the task is free, in alphabetical order."""
    messages = Notification.objects.filter(kind="unblocked", task=task)
    return sorted(message.recipient.username for message in messages if message.recipient)


def lines_of(task: Task) -> list[tuple[str | None, bool, bool]]:
    lines = Activity.objects.filter(task=task, action="unblocked").order_by("id").select_related("user")
    return [(line.user and line.user.username, line.old_value, line.new_value) for line in lines]


@pytest.mark.parametrize("stage", [Stage.COMPLETED, Stage.ARCHIVED])
def test_creator_and_assignee_hear_that_they_can_begin(bo: User, cy: User, mia: User, stage: Stage) -> None:
    first, second = a_task(mia), a_task(mia)
    task = a_task(mia, after=(first, second), assigned_to_id=cy.pk)
    update_task(first.pk, TaskPatch(stage=stage), by=mia, now=NOW)
    assert (told_of(task), lines_of(task)) == ([], [])
    update_task(second.pk, TaskPatch(stage=stage), by=mia, now=NOW)
    assert told_of(task) == ["cy"]  # Mia did it herself
    assert lines_of(task) == [("mia", True, False)]


def test_deleting_the_last_blocker_frees_the_task(bo: User, cy: User) -> None:
    first = a_task(bo)
    task = a_task(bo, after=(first,), assigned_to_id=cy.pk)
    delete_task(first.pk, by=bo, now=NOW)
    assert told_of(task) == ["cy"]


def test_nobody_hears_twice_of_one_freeing_and_again_of_the_next(bo: User, cy: User) -> None:
    first = a_task(bo)
    task = a_task(bo, after=(first,), assigned_to_id=cy.pk)
    for stage in (Stage.COMPLETED, Stage.ARCHIVED, Stage.COMPLETED):
        update_task(first.pk, TaskPatch(stage=stage), by=bo, now=NOW)
    delete_task(first.pk, by=bo, now=NOW)
    assert told_of(task) == ["cy"]
    restore_task(first.pk, by=bo, now=NOW)
    later = NOW.replace(hour=10)
    update_task(first.pk, TaskPatch(stage=Stage.PENDING), by=bo, now=later)
    update_task(first.pk, TaskPatch(stage=Stage.COMPLETED), by=bo, now=later)
    assert told_of(task) == ["cy", "cy"]


def test_what_is_finished_or_in_the_trash_does_not_become_free(bo: User, cy: User) -> None:
    first = a_task(bo)
    archived = a_task(bo, after=(first,), assigned_to_id=cy.pk, stage=Stage.ARCHIVED)
    gone = a_task(bo, after=(first,), assigned_to_id=cy.pk)
    delete_task(gone.pk, by=bo, now=NOW)
    update_task(first.pk, TaskPatch(stage=Stage.COMPLETED), by=bo, now=NOW)
    assert told_of(archived) == told_of(gone) == []


def test_a_batch_that_finishes_all_blockers_frees_the_task_once(bo: User, cy: User) -> None:
    blockers = tuple(a_task(bo) for _ in range(3))
    task = a_task(bo, after=blockers, assigned_to_id=cy.pk)
    done = TaskPatch(stage=Stage.COMPLETED)
    change_many(Batch([], [(blocker.pk, done, None) for blocker in blockers], []), by=bo, now=NOW)
    assert told_of(task) == ["cy"]
    assert len(lines_of(task)) == 1


@pytest.mark.django_db(transaction=True)
def test_those_who_finish_the_last_blockers_at_once_free_the_task_once(request: pytest.FixtureRequest) -> None:
    bo, cy = request.getfixturevalue("bo"), request.getfixturevalue("cy")
    for round_ in range(5):
        blockers = tuple(a_task(bo, f"{round_}") for _ in range(4))
        task = a_task(bo, after=blockers, assigned_to_id=cy.pk)
        together = Barrier(len(blockers))

        def finish(blocker: Task, together: Barrier = together) -> None:
            together.wait()
            try:
                update_task(blocker.pk, TaskPatch(stage=Stage.COMPLETED), by=bo, now=NOW)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(blockers)) as pool:
            list(pool.map(finish, blockers))
        assert told_of(task) == ["cy"]
        assert len(lines_of(task)) == 1
