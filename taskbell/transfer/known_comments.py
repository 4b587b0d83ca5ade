"""Comments of the file that tasks which are here already don't have yet."""

from collections.abc import Collection
from datetime import datetime

from taskbell.accounts.models import User
from taskbell.activity.actions import Entry, TaskOfProject, record_entries
from taskbell.activity.models import Subject, SubjectType
from taskbell.comments.models import Comment
from taskbell.common.loading import insert_from
from taskbell.common.sql import fetch
from taskbell.transfer.staged_comments import STORED

MISSING = """
staged_comment comment JOIN staged_task task ON task.number = comment.number
WHERE comment.number IN ({}) AND NOT EXISTS (
    SELECT 1 FROM comments_comment present WHERE present.task_id = task.id AND present.body = comment.body
    AND (comment.is_undated OR present.created_at = comment.created_at)
)
"""


def count_missing_comments(numbers: Collection[int]) -> dict[int, int]:
    """How many comments the task of each row lacks, by the number of the row: their text and moment tell them apart."""
    counted = f"SELECT comment.number, COUNT(*) FROM {MISSING.format(_listed(numbers))} GROUP BY comment.number"  # noqa: S608
    return dict(fetch(counted))


def add_missing_comments(numbers: Collection[int], *, by: User, now: datetime) -> None:
    """Adds them to the tasks of these rows, which are locked, with their history."""
    if not numbers:
        return
    tasks = [pk for (pk,) in fetch(f"SELECT id FROM staged_task WHERE number IN ({_listed(numbers)})")]  # noqa: S608
    comments = Comment.objects.filter(task__in=tasks)
    before = set(comments.values_list("pk", flat=True))
    values = {name: f"comment.{name}" for name in STORED} | {"task_id": "task.id"}
    insert_from(Comment, values, f"{MISSING.format(_listed(numbers))} ORDER BY task.id, comment.place", given={})
    record_entries(
        Entry(TaskOfProject(task, project), "created", by, now, new={"author": author}, about=_subject(pk))
        for pk, task, project, author in comments.values_list("pk", "task", "task__project", "author").order_by("pk")
        if pk not in before
    )


def _subject(pk: int) -> Subject:
    return Subject(SubjectType.COMMENT, pk)


def _listed(numbers: Collection[int]) -> str:
    return ", ".join(map(str, numbers))
