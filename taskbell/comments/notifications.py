"""Notifications about comments, and their kinds. Nobody is notified of their own, or of one comment twice."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from taskbell.accounts.models import User
from taskbell.comments.mentions import viewers_among
from taskbell.comments.models import Comment
from taskbell.common.quoting import name_in_quotes, quoted_lines, without_links
from taskbell.common.wording import shortened
from taskbell.notifications.kinds import Kind
from taskbell.notifications.messages import Message, notify
from taskbell.notifications.models import Delivery, Notification
from taskbell.tasks.notifications import GATHER

MAX_LISTED, MAX_READ = 20, 200  # comments in one email, and those that are read for it
MAX_CHARACTERS = 1000  # of each of them
DELETED = gettext_noop("Cancelled because the comment was deleted.")
NOT_MENTIONED = gettext_noop("Cancelled because the comment no longer mentions the person.")


def _comments_on(notification: Notification) -> QuerySet[Comment]:
    return Comment.objects.filter(task=notification.task_id).select_related("author").defer("html")


def _mentioning(notification: Notification) -> QuerySet[Comment]:
    """The comment that the notification is about, if it is still there."""
    return _comments_on(notification).filter(pk=notification.data["comment_id"])


def _unless_unmentioned(notification: Notification) -> str | None:
    comment = _mentioning(notification).first()
    if comment is None:
        return DELETED
    return None if notification.recipient_id in comment.mentions else NOT_MENTIONED


def _new_comments(notification: Notification) -> list[Comment]:
    """What others have written since the first comment that the email is about, as far as it is still there.

    Without comments that mention the reader, which have emails of their own.
    """
    since = datetime.fromisoformat(notification.data["since"])
    reader = notification.recipient_id
    found = _comments_on(notification).filter(created_at__gte=since).exclude(author=reader).order_by("id")[:MAX_READ]
    return [comment for comment in found if reader not in comment.mentions]


def _unless_deleted(notification: Notification) -> str | None:
    return None if _new_comments(notification) else DELETED


def _in_words(comments: Sequence[Comment]) -> dict[str, Any]:
    listed = [_comment_in_words(comment) for comment in comments[:MAX_LISTED]]
    return {"comments": listed, "has_more": len(comments) > MAX_LISTED}


def _comment_in_words(comment: Comment) -> dict[str, str]:
    text = shortened(comment.body, MAX_CHARACTERS)
    return {
        "by": name_in_quotes(comment.author.name),
        "text": without_links(text),
        "quoted": quoted_lines(text),
    }


MENTIONED = Kind(
    "mentioned",
    title=gettext_noop("Mentioned"),
    switch=gettext_noop("Someone mentions me in a comment"),
    reason_not_to_send=_unless_unmentioned,
    context=lambda notification: _in_words(list(_mentioning(notification))),
    is_gathered=True,
)
COMMENTED = Kind(
    "commented",
    title=gettext_noop("Commented"),
    switch=gettext_noop("Someone comments on a task of mine, or after I did"),
    reason_not_to_send=_unless_deleted,
    context=lambda notification: _in_words(_new_comments(notification)),
    is_gathered=True,
)
KINDS = (MENTIONED, COMMENTED)


def notify_mentioned(comment: Comment, people: Collection[int], *, now: datetime) -> None:
    """Notifies these people that the comment mentions them: each once, however often it is edited."""
    data = {"comment_id": comment.pk, "by": comment.author.name}
    _notify(comment, MENTIONED, {*people} - {comment.author_id}, due_at=now, data=data, now=now)


def notify_commented(comment: Comment, *, now: datetime) -> None:
    """Notifies creator, assignee and earlier authors, a minute later, of all that is written by then.

    The caller has locked the task, so that two comments can't both find no waiting email.
    """
    people = _followers(comment) - Delivery.objects.gathering(COMMENTED.name, comment.task_id, now)
    _notify(comment, COMMENTED, people, due_at=now + GATHER, data={"since": now.isoformat()}, now=now)


def _notify(
    comment: Comment, kind: Kind, people: set[int], *, due_at: datetime, data: dict[str, Any], now: datetime
) -> None:
    about: dict[str, Any] = {"task_id": comment.task_id, "data": data, "caused_by": comment.author_id}
    keys = {person: f"{kind.name}:{comment.pk}:{person}" for person in sorted(people)}
    notify([Message(person, kind, key, due_at, **about) for person, key in keys.items()], now=now)


def _followers(comment: Comment) -> set[int]:
    """Who follows the comments of the task, without the author of this one, and those whom it mentions."""
    authors = Comment.objects.filter(task=comment.task_id).order_by().values_list("author", flat=True).distinct()
    ids = {*comment.task.people, *authors} - {comment.author_id, *comment.mentions}
    return {person.pk for person in viewers_among(User.objects.filter(pk__in=ids), comment.task)}
