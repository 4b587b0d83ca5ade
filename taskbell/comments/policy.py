"""Who may do what with a comment. Everybody who sees the task may read and write them."""

from django.utils.translation import gettext as _

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.comments.models import Comment
from taskbell.common.errors import NotAllowed
from taskbell.projects.models import ProjectRole
from taskbell.tasks.models import Task


def check_may_edit_comment(person: User, comment: Comment) -> None:
    """Raises NotAllowed for everybody but the author."""
    if comment.author_id != person.pk:
        raise NotAllowed(_("Only its author may change this comment."))


def may_delete_comment(person: User, task: Task, *, author: int | None) -> bool:
    """True for the author, owners of the project and admins. The task was found `with_access` of this person."""
    is_owner = task.viewer_role == ProjectRole.OWNER and person.can(Capability.CREATE_TASKS)
    return author == person.pk or is_owner or person.can(Capability.MANAGE_PEOPLE)


def check_may_delete_comment(person: User, comment: Comment) -> None:
    """Raises NotAllowed for everybody else."""
    if not may_delete_comment(person, comment.task, author=comment.author_id):
        raise NotAllowed(_("Only its author, owners of the project and admins may delete this comment."))
