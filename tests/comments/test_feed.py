"""Comments on live connections and in the changes for a copy: only for people who see the task."""

from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.activity.queries import current_checkpoint
from taskbell.comments.actions import add_comment, delete_comment, edit_comment
from taskbell.tasks.actions import delete_task, update_task
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW, Program
from tests.feed.hearing import heard_by
from tests.tasks.conftest import Somebody, a_task


@pytest.fixture
def task(bo: User, cy: User, mia: User) -> Task:
    return a_task(bo, assigned_to_id=cy.pk)


def heard(person: User, since: int) -> list[dict[str, Any]]:
    """The events about comments, without their cursors."""
    events = [event for event in heard_by(person, since) if event["event"].startswith("comment.")]
    return [{name: event[name] for name in event if name != "cursor"} for event in events]


def changes(program: Program, cursor: str) -> list[dict[str, Any]]:
    answer = program.get(f"/api/changes/?since={cursor}").json()
    return [change for change in answer["changes"] if not change["event"].startswith("notification.")]


def cursor_of(program: Program) -> str:
    answer = program.get("/api/changes/").json()
    while answer["more"]:
        answer = program.get(f"/api/changes/?since={answer['cursor']}").json()
    return str(answer["cursor"])


def test_who_sees_the_task_hears_of_its_comments_and_nobody_else(
    task: Task, bo: User, cy: User, mia: User, ivo: User
) -> None:
    since = current_checkpoint().position
    pk = add_comment(task.pk, "Look", by=cy, now=NOW).pk
    edit_comment(task.pk, pk, "Look here", by=cy, now=NOW)
    delete_comment(task.pk, pk, by=cy, now=NOW)
    about = {"task_id": task.pk, "comment_id": pk, "author": cy.pk}
    expected = [{"event": f"comment.{action}"} | about for action in ("created", "updated", "deleted")]
    for person in (bo, cy, mia):
        assert heard(person, since) == expected
    assert heard(ivo, since) == []


def test_a_copy_learns_of_the_comment_and_of_the_task_with_its_count(
    as_user: Somebody, task: Task, bo: User, cy: User, ivo: User
) -> None:
    programs = {person: as_user(person) for person in (bo, cy, ivo)}
    cursors = {person: cursor_of(program) for person, program in programs.items()}
    comment = add_comment(task.pk, "Look", by=cy, now=NOW)
    for person in (bo, cy):
        updated, created = changes(programs[person], cursors[person])
        assert (updated["event"], updated["task"]["comment_count"]) == ("task.updated", 1)
        assert created == {
            "event": "comment.created",
            "task_id": task.pk,
            "comment_id": comment.pk,
            "author": cy.pk,
        }
    assert changes(programs[ivo], cursors[ivo]) == []


def test_who_has_lost_the_task_hears_of_no_comment(as_user: Somebody, task: Task, bo: User, cy: User) -> None:
    program = as_user(cy)
    cursor, since = cursor_of(program), current_checkpoint().position
    add_comment(task.pk, "Before", by=cy, now=NOW)
    update_task(task.pk, TaskPatch(assigned_to_id=None), by=bo, now=NOW)
    add_comment(task.pk, "After", by=bo, now=NOW)
    assert heard(cy, since) == []
    assert [change["event"] for change in changes(program, cursor)] == ["task.deleted"]


def test_nobody_hears_of_comments_on_a_task_in_the_trash(as_user: Somebody, task: Task, bo: User) -> None:
    program = as_user(bo)
    cursor, since = cursor_of(program), current_checkpoint().position
    add_comment(task.pk, "Before", by=bo, now=NOW)
    delete_task(task.pk, by=bo, now=NOW)
    assert heard(bo, since) == []
    assert [change["event"] for change in changes(program, cursor)] == ["task.deleted"]


def test_a_deleted_comment_is_no_deleted_task_for_those_that_wait_for_it(
    as_user: Somebody, task: Task, bo: User
) -> None:
    a_task(bo, "Harvest", after=(task,))
    program = as_user(bo)
    comment = add_comment(task.pk, "Look", by=bo, now=NOW)
    cursor = cursor_of(program)
    delete_comment(task.pk, comment.pk, by=bo, now=NOW)
    found = changes(program, cursor)
    assert [(change["event"], change["task_id"]) for change in found] == [
        ("task.updated", task.pk),
        ("comment.deleted", task.pk),
    ]
