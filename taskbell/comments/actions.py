"""The verbs of comments: each is one transaction, checks its rules and writes the history.

The history never has the text: entries can't be removed, and a deleted comment must leave no trace of what it said.
Where deleting can be undone, the comment is kept for an hour, outside the history.
"""

from datetime import datetime

from django.db import transaction

from taskbell.accounts.models import User
from taskbell.activity.actions import Entry, record_entries
from taskbell.activity.models import Subject, SubjectType
from taskbell.activity.undo import keep_undo, take_undo
from taskbell.comments.mentions import read_mentions
from taskbell.comments.models import Comment
from taskbell.comments.notifications import notify_commented, notify_mentioned
from taskbell.comments.policy import check_may_delete_comment, check_may_edit_comment
from taskbell.comments.queries import comment_on
from taskbell.comments.quotas import check_room_for_comments, check_room_for_text
from taskbell.comments.rendering import render
from taskbell.comments.validation import read_body
from taskbell.common.rows import row_from_values, row_to_values
from taskbell.tasks.queries import lock_task_in_use

DELETE = "delete_comment"


@transaction.atomic
def add_comment(task_id: int, body: str, *, by: User, now: datetime) -> Comment:
    """A new comment. Notifies the people mentioned, and the others on the task. Raises NotFound, Invalid, Conflict."""
    task = lock_task_in_use(task_id, by=by)
    comment = Comment(task=task, author=by, created_at=now)
    _write(comment, body)
    check_room_for_comments(by, task)
    comment.save(force_insert=True)
    _record(comment, "created", by=by, now=now)
    notify_mentioned(comment, set(comment.mentions), now=now)
    notify_commented(comment, now=now)
    return comment


@transaction.atomic
def edit_comment(task_id: int, comment_id: int, body: str, *, by: User, now: datetime) -> Comment:
    """Gives the comment this text, and notifies people whom only the new one mentions.

    The same text is no change; one that takes less space needs no quota. Raises NotFound, NotAllowed, Invalid,
    QuotaReached.
    """
    comment = _lock_comment(task_id, comment_id, by=by)
    check_may_edit_comment(by, comment)
    if read_body(body) == comment.body:
        return comment
    before, size = set(comment.mentions), comment.size
    _write(comment, body)
    if comment.size > size:
        check_room_for_text(by)
    comment.edited_at = now
    comment.save(force_update=True)
    _record(comment, "updated", by=by, now=now)
    notify_mentioned(comment, set(comment.mentions) - before, now=now)
    return comment


@transaction.atomic
def delete_comment(task_id: int, comment_id: int, *, by: User, now: datetime) -> None:
    """Deletes the comment for good. Waiting emails about it are cancelled. Raises NotFound, NotAllowed."""
    _delete(_lock_comment(task_id, comment_id, by=by), by=by, now=now)


@transaction.atomic
def delete_comment_with_undo(task_id: int, comment_id: int, *, by: User, now: datetime) -> int:
    """Deletes the comment; returns the id by which the person can undo it. Raises the same."""
    comment = _lock_comment(task_id, comment_id, by=by)
    _delete(comment, by=by, now=now)
    return keep_undo(DELETE, task_id, row_to_values(comment) | {"id": comment_id}, by=by, now=now)


@transaction.atomic
def undo_delete_comment(pk: int, *, by: User, now: datetime) -> Comment:
    """Restores the comment as it was, with its author, time and mentions. Nobody is notified again.

    Raises NotFound, NotAllowed, Conflict.
    """
    kept = take_undo(pk, by=by, now=now)
    comment = row_from_values(Comment, kept.data)
    comment.task = lock_task_in_use(kept.task_id, by=by)
    check_may_delete_comment(by, comment)
    check_room_for_comments(comment.author, comment.task)
    comment.save(force_insert=True)
    _record(comment, "restored", by=by, now=now)
    return comment


def _delete(comment: Comment, *, by: User, now: datetime) -> None:
    check_may_delete_comment(by, comment)
    _record(comment, "deleted", by=by, now=now)
    comment.delete()


def _lock_comment(task_id: int, comment_id: int, *, by: User) -> Comment:
    """The comment, with its task locked, which locks all its comments. Raises NotFound, Archived."""
    return comment_on(lock_task_in_use(task_id, by=by), comment_id)


def _write(comment: Comment, body: str) -> None:
    """Sets the text and what follows from it. Raises Invalid."""
    comment.body = read_body(body)
    comment.html, names = render(comment.body)
    comment.mentions, comment.unreachable = read_mentions(names, comment.task)
    comment.size = len(comment.body.encode()) + len(comment.html.encode())


def _record(comment: Comment, action: str, *, by: User, now: datetime) -> None:
    about, author = Subject(SubjectType.COMMENT, comment.pk), {"author": comment.author_id}
    old, new = (author, None) if action == "deleted" else (None, author)
    record_entries([Entry(comment.task, action, by, now, old=old, new=new, about=about)])
