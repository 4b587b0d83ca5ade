"""Comments as JSON."""

from datetime import datetime
from typing import Annotated, TypedDict

from taskbell.comments.models import MAX_BODY, Comment
from taskbell.payloads import payload_of


class CommentOut(TypedDict):
    """A comment on a task."""

    id: int
    task: int
    author: int
    author_name: str
    body: Annotated[str, {"maxLength": MAX_BODY}, "Markdown, as it was written."]
    html: Annotated[str, "The same as HTML that is safe to show: without scripts, images or the author's own HTML."]
    mentions: Annotated[list[int], "The people mentioned by `@username`."]
    unreachable: Annotated[list[str], "Mentioned usernames that reach nobody who can see the task."]
    created_at: datetime
    updated_at: datetime
    edited_at: Annotated[datetime | None, "Null: it was never edited."]


def comment_as_json(comment: Comment) -> CommentOut:
    """The comment, with its author loaded."""
    updated_at = comment.edited_at or comment.created_at
    return payload_of(CommentOut, comment, author_name=comment.author.name, updated_at=updated_at)
