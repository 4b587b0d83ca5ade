"""How many comments there may be. People who may edit everything have no quotas."""

from django.conf import settings
from django.db.models import Count, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.comments.models import Comment
from taskbell.common.errors import Conflict
from taskbell.tasks.models import Task
from taskbell.tasks.quotas import MIB, QuotaReached

MAX_ON_A_TASK = 5000
FULL_TASK = gettext_noop("Can't add a comment, because a task can have at most {:,}. Delete some, or use a new task.")
TOO_MANY = gettext_noop("Can't add a comment, because a person can have at most {:,}. Delete some first.")
TOO_MUCH_TEXT = gettext_noop(
    "Can't store more text, because a person's comments can have at most {:,} MiB. Delete some first."
)


def check_room_for_comment(person: User, task: Task) -> None:
    """Raises Conflict if the task has too many comments, and QuotaReached if the person has."""
    if Comment.objects.filter(task=task).count() >= MAX_ON_A_TASK:
        raise Conflict(_(FULL_TASK).format(MAX_ON_A_TASK))
    check_room_for_text(person, more=1)


def check_room_for_text(person: User, *, more: int = 0) -> None:
    """Raises QuotaReached if the person has too much text in comments, or no room for so many more. One query."""
    if person.can(Capability.EDIT_EVERYTHING):
        return
    most, most_mib = settings.TASKBELL_QUOTAS["comments"], settings.TASKBELL_QUOTAS["comment_megabytes"]
    used = Comment.objects.filter(author=person).aggregate(number=Count("pk"), size=Sum("size"))
    if used["number"] + more > most:
        raise QuotaReached(_(TOO_MANY).format(most))
    if (used["size"] or 0) >= most_mib * MIB:
        raise QuotaReached(_(TOO_MUCH_TEXT).format(most_mib))
