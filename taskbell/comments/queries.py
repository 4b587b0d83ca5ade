"""Comments as people see them."""

from django.db.models import QuerySet

from taskbell.accounts.models import User
from taskbell.comments.models import Comment
from taskbell.common.errors import NotFound
from taskbell.tasks.models import Task
from taskbell.tasks.queries import visible_task


def comments_of(task: Task) -> QuerySet[Comment]:
    """The comments on a task that the caller has found visible, with their authors."""
    return Comment.objects.filter(task=task).select_related("author")


def comment_on(task: Task, comment_id: int) -> Comment:
    """One of these. Raises NotFound."""
    comment = comments_of(task).filter(pk=comment_id).first()
    if comment is None:
        raise NotFound
    comment.task = task
    return comment


def visible_comment(task_id: int, comment_id: int, *, to: User) -> Comment:
    """The comment, if the person sees its task. Raises NotFound."""
    return comment_on(visible_task(task_id, to=to), comment_id)
