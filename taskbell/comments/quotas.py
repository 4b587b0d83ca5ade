"""How many comments there may be. People who may edit everything have no quotas."""

from django.conf import settings
from django.db.models import Count, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.comments.models import Comment
from taskbell.common.errors import Conflict
from taskbell.common.wording import grouped
from taskbell.tasks.models import Task
from taskbell.tasks.quotas import MIB, QuotaReached

MAX_ON_A_TASK = 5000
FULL_TASK = gettext_noop("Can't add a comment, because a task can have at most {}. Delete some, or use a new task.")
TOO_MANY = gettext_noop("Can't add a comment, because a person can have at most {}. Delete some first.")
TOO_MUCH_TEXT = gettext_noop(
    "Can't store more text, because a person's comments can have at most {} MiB. Delete some first."
)


def check_room_for_comments(person: User, task: Task, *, more: int = 1, elsewhere: int = 0) -> None:
    """Raises Conflict if the task would have too many comments with `more`, and QuotaReached if the person would.

    `elsewhere` is how many the person is about to add to other tasks.
    """
    if Comment.objects.filter(task=task).count() + more > MAX_ON_A_TASK:
        raise Conflict(_(FULL_TASK).format(grouped(MAX_ON_A_TASK)))
    check_room_for_text(person, more=more + elsewhere)


def check_room_for_text(person: User, *, more: int = 0) -> None:
    """Raises QuotaReached if the person has too much text in comments, or no room for so many more. One query."""
    if person.can(Capability.EDIT_EVERYTHING):
        return
    number, size = room_for_comments(person)
    if number < more:
        raise too_many_comments()
    if size <= 0:
        raise QuotaReached(_(TOO_MUCH_TEXT).format(grouped(settings.TASKBELL_QUOTAS["comment_megabytes"])))


def room_for_comments(person: User) -> tuple[int, int]:
    """How many more comments the person may have, and how many more bytes in them."""
    quotas, used = settings.TASKBELL_QUOTAS, Comment.objects.filter(author=person).aggregate(Count("pk"), Sum("size"))
    return quotas["comments"] - used["pk__count"], quotas["comment_megabytes"] * MIB - (used["size__sum"] or 0)


def too_many_comments() -> QuotaReached:
    """The refusal of a comment beyond the person's quota."""
    return QuotaReached(_(TOO_MANY).format(grouped(settings.TASKBELL_QUOTAS["comments"])))
