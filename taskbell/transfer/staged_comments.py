"""The comments of the staged rows. Nobody is notified of them, whomever they mention."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.activity.actions import record_from
from taskbell.activity.models import SubjectType
from taskbell.comments.models import Comment
from taskbell.comments.quotas import room_for_comments, too_many_comments
from taskbell.common.loading import insert_from, json_object
from taskbell.common.sql import execute, fetch
from taskbell.transfer.staging import IS_NEW, NOTICE_COLUMNS

STORED = ("author_id", "body", "html", "size", "created_at", "edited_at")
OF_NEW = f"staged_comment comment JOIN staged_task task ON task.number = comment.number WHERE {IS_NEW}"
BEYOND = f"""
SELECT number, place FROM (
    SELECT comment.number, comment.place,
        ROW_NUMBER() OVER (ORDER BY comment.number, comment.place) AS total,
        SUM(comment.size) OVER (ORDER BY comment.number, comment.place) AS bytes FROM {OF_NEW}
) counted WHERE total > %s OR bytes > %s
"""  # noqa: S608 - names of our own
BEYOND_QUOTA = gettext_noop("Comments left out, because you have reached your quota: {}")
LEFT_OUT = (
    "SELECT task.number, task.line, 'comments', REPLACE(%s, '{{}}', CAST(COUNT(*) AS text))"
    " FROM ({}) beyond JOIN staged_task task ON task.number = beyond.number"
    " GROUP BY task.number, task.line ORDER BY task.number"
)


def leave_out_beyond_quota(by: User, *, strict: bool) -> None:
    """Leaves out the comments on new tasks for which the person has no room, with a notice.

    With `strict`, raises QuotaReached.
    """
    if by.can(Capability.EDIT_EVERYTHING) or not fetch("SELECT 1 FROM staged_comment LIMIT 1"):
        return
    room = room_for_comments(by)
    execute(
        f"INSERT INTO staged_notice ({', '.join(NOTICE_COLUMNS)}) {LEFT_OUT.format(BEYOND)}", [_(BEYOND_QUOTA), *room]
    )
    if execute(f"DELETE FROM staged_comment WHERE (number, place) IN ({BEYOND})", room) and strict:  # noqa: S608 - ours
        raise too_many_comments()


def insert_comments(new: str, among: str = "", *, by: User, now: datetime) -> None:
    """Writes the comments on new tasks, in the order of the file, with their history."""
    if not fetch("SELECT 1 FROM staged_comment LIMIT 1"):
        return
    values = {name: f"comment.{name}" for name in STORED} | {"task_id": "task.id"}
    staged = "staged_comment comment JOIN staged_task task ON task.number = comment.number"
    order = "ORDER BY task.id, comment.place"
    insert_from(Comment, values, f"{staged} WHERE {new} {among.format('comment')} {order}", given={})
    created = f"SELECT id FROM staged_task task WHERE {new}"  # noqa: S608 - names of our own
    source = "comments_comment comment JOIN tasks_task task ON task.id = comment.task_id"
    values = {
        "task_id": "task.id",
        "project_id": "task.project_id",
        "subject_type": f"'{SubjectType.COMMENT.value}'",
        "subject_id": "comment.id",
        "new_value": json_object({"author": "comment.author_id"}),
    }
    record_from(f"{source} WHERE comment.task_id IN ({created}) ORDER BY comment.id", values, "created", by=by, at=now)
