"""Who may do what with a comment. Everybody who sees the task may read and write them."""

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.comments.models import Comment
from taskbell.common.errors import NotAllowed
from taskbell.projects.models import ProjectRole
from taskbell.tasks.models import Task


def check_may_edit_comment(person: User, comment: Comment) -> None:
    """Raises NotAllowed for everybody but the author."""
    if comment.author_id != person.pk:
        raise NotAllowed("Only its author may change this comment.")


def may_delete_comment(person: User, comment: Comment) -> bool:
    """True for the author, the owners of the task's project, and people who look after everybody's texts."""
    is_own = comment.author_id == person.pk
    return is_own or person.can(Capability.MANAGE_PEOPLE) or _owns_project_of(comment.task, person)


def _owns_project_of(task: Task, person: User) -> bool:
    return task.viewer_role == ProjectRole.OWNER and person.can(Capability.CREATE_TASKS)


def check_may_delete_comment(person: User, comment: Comment) -> None:
    """Raises NotAllowed for people who may see the comment but not delete it. Its task was found for this person."""
    if not may_delete_comment(person, comment):
        raise NotAllowed("Only its author, owners of the project and admins may delete this comment.")
