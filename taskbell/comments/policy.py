"""Who may do what with a comment. Everybody who sees the task may read and write them."""

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.comments.models import Comment
from taskbell.common.errors import NotAllowed


def check_may_edit_comment(person: User, comment: Comment) -> None:
    """Raises NotAllowed for everybody but the author."""
    if comment.author_id != person.pk:
        raise NotAllowed("Only its author may change this comment.")


def may_delete_comment(person: User, comment: Comment) -> bool:
    """True for the author, and for people who look after everybody's texts."""
    return comment.author_id == person.pk or person.can(Capability.MANAGE_PEOPLE)


def check_may_delete_comment(person: User, comment: Comment) -> None:
    """Raises NotAllowed for people who may see the comment but not delete it."""
    if not may_delete_comment(person, comment):
        raise NotAllowed("Only its author and admins may delete this comment.")
