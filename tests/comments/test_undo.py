"""Undoing the deletion of a comment: for the person who deleted it, once and within an hour."""

from datetime import timedelta
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.activity.models import Activity, Undo
from taskbell.activity.queries import current_checkpoint
from taskbell.activity.undo import LIFETIME, MAX_KEPT, forget_undo
from taskbell.comments import quotas
from taskbell.comments.actions import add_comment, delete_comment, delete_comment_with_undo, undo_delete_comment
from taskbell.comments.models import Comment
from taskbell.common.errors import Conflict, NotAllowed, NotFound
from taskbell.notifications.models import Notification
from taskbell.sharing.members import add_member, change_member
from taskbell.sharing.projects import create_project
from taskbell.tasks.actions import delete_task
from taskbell.tasks.models import Task
from tests.conftest import NOW
from tests.feed.hearing import heard_by
from tests.tasks.conftest import a_task

LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def task(bo: User, cy: User) -> Task:
    """Bo's, in a project that he shares with Cy."""
    project = create_project({"name": "Garden"}, by=bo, now=NOW)
    add_member(project.pk, cy.pk, "EDITOR", by=bo, now=NOW)
    return a_task(bo, project_id=project.pk)


def columns(pk: int) -> dict[str, Any]:
    return Comment.objects.filter(pk=pk).values().get()


def test_it_comes_back_exactly_as_it_was_and_nobody_is_notified_again(task: Task, bo: User, cy: User) -> None:
    now = NOW + timedelta(microseconds=1)
    comment = add_comment(task.pk, "**Look**, @cy and @nobody", by=bo, now=now)
    before, notified = columns(comment.pk), Notification.objects.count()
    assert before["mentions"] == [cy.pk]
    undo = delete_comment_with_undo(task.pk, comment.pk, by=bo, now=LATER)
    assert not Comment.objects.exists()
    undo_delete_comment(undo, by=bo, now=LATER)
    assert columns(comment.pk) == before
    assert Notification.objects.count() == notified


def test_an_owner_who_deletes_the_comment_of_somebody_else_restores_it_as_theirs(
    task: Task, bo: User, cy: User
) -> None:
    comment = add_comment(task.pk, "Look", by=cy, now=NOW)
    undo = delete_comment_with_undo(task.pk, comment.pk, by=bo, now=LATER)
    undo_delete_comment(undo, by=bo, now=LATER)
    assert columns(comment.pk)["author_id"] == cy.pk


def test_only_the_person_who_deleted_it_can_undo_that_and_only_once(task: Task, bo: User, cy: User) -> None:
    comment = add_comment(task.pk, "Look", by=cy, now=NOW)
    undo = delete_comment_with_undo(task.pk, comment.pk, by=bo, now=LATER)
    with pytest.raises(Conflict):
        undo_delete_comment(undo, by=cy, now=LATER)
    undo_delete_comment(undo, by=bo, now=LATER)
    with pytest.raises(Conflict):
        undo_delete_comment(undo, by=bo, now=LATER)


def test_after_an_hour_the_comment_is_gone_for_good(task: Task, bo: User) -> None:
    comment = add_comment(task.pk, "Look", by=bo, now=NOW)
    undo = delete_comment_with_undo(task.pk, comment.pk, by=bo, now=NOW)
    with pytest.raises(Conflict, match="too much time"):
        undo_delete_comment(undo, by=bo, now=NOW + LIFETIME)
    assert forget_undo(NOW + LIFETIME - timedelta(seconds=1)) == 0
    assert forget_undo(NOW + LIFETIME) == 1
    assert not Undo.objects.exists()


def test_only_the_last_deleted_ones_of_a_person_are_kept(task: Task, bo: User) -> None:
    for _ in range(MAX_KEPT + 2):
        comment = add_comment(task.pk, "Look", by=bo, now=NOW)
        last = delete_comment_with_undo(task.pk, comment.pk, by=bo, now=NOW)
    assert Undo.objects.count() == MAX_KEPT
    undo_delete_comment(last, by=bo, now=NOW)


def test_a_comment_that_a_program_deletes_is_gone_at_once(task: Task, bo: User) -> None:
    delete_comment(task.pk, add_comment(task.pk, "Look", by=bo, now=NOW).pk, by=bo, now=NOW)
    assert not Undo.objects.exists()


def test_a_person_who_may_no_longer_delete_it_cannot_restore_it(task: Task, bo: User, cy: User, ada: User) -> None:
    change_member(task.project_id, cy.pk, "OWNER", by=bo, now=NOW)
    comment = add_comment(task.pk, "Look", by=bo, now=NOW)
    undo = delete_comment_with_undo(task.pk, comment.pk, by=cy, now=NOW)
    change_member(task.project_id, cy.pk, "EDITOR", by=bo, now=NOW)
    with pytest.raises(NotAllowed):
        undo_delete_comment(undo, by=cy, now=NOW)


def test_a_task_in_the_trash_takes_no_comment_back(task: Task, bo: User) -> None:
    comment = add_comment(task.pk, "Look", by=bo, now=NOW)
    undo = delete_comment_with_undo(task.pk, comment.pk, by=bo, now=NOW)
    delete_task(task.pk, by=bo, now=NOW)
    with pytest.raises(NotFound):
        undo_delete_comment(undo, by=bo, now=NOW)


def test_a_full_task_takes_no_comment_back(task: Task, bo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    comment = add_comment(task.pk, "Look", by=bo, now=NOW)
    undo = delete_comment_with_undo(task.pk, comment.pk, by=bo, now=NOW)
    monkeypatch.setattr(quotas, "MAX_ON_A_TASK", 0)
    with pytest.raises(Conflict):
        undo_delete_comment(undo, by=bo, now=NOW)
    assert Undo.objects.filter(pk=undo).exists()


def test_the_history_has_the_undo_without_the_text_and_others_get_the_comment_as_new(
    task: Task, bo: User, cy: User
) -> None:
    comment = add_comment(task.pk, "A secret", by=bo, now=NOW)
    since = current_checkpoint().position
    undo = delete_comment_with_undo(task.pk, comment.pk, by=bo, now=LATER)
    undo_delete_comment(undo, by=bo, now=LATER)
    heard = [event["event"] for event in heard_by(cy, since)]
    assert heard == ["comment.deleted", "comment.created"]
    entries = Activity.objects.filter(task=task, subject_type="comment").order_by("id")
    assert list(entries.values_list("action", flat=True)) == ["created", "deleted", "restored"]
    assert "secret" not in str(list(entries.values_list("old_value", "new_value")))
