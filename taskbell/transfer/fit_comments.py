"""Makes comments of other programs fit."""

from typing import Any

from taskbell.comments.models import MAX_BODY
from taskbell.comments.quotas import MAX_ON_A_TASK
from taskbell.common.text import printable
from taskbell.common.values import BadValue
from taskbell.transfer.comment_cells import read_comment_row
from taskbell.transfer.fitting import Note, shown


def fit_comments(value: Any, note: Note) -> Any:
    if not isinstance(value, list):
        return value
    if len(value) > MAX_ON_A_TASK:
        note(f"A task has at most {MAX_ON_A_TASK:,} comments. The last {len(value) - MAX_ON_A_TASK:,} are left out.")
    return [comment for one in value[:MAX_ON_A_TASK] if (comment := _fit_one(one, note))]


def _fit_one(one: Any, note: Note) -> dict[str, Any] | None:
    """The comment, if need be its text alone. None if it has no text that can be imported."""
    comment = dict(one) if isinstance(one, dict) else {}
    if isinstance(comment.get("body"), str):
        comment["body"] = _body(comment["body"], note)
    text = {"body": comment.get("body")}
    try:
        read_comment_row(text)
    except BadValue as error:
        note(f"A comment can't be imported: {shown(one)}. {error}")
        return None
    try:
        read_comment_row(comment)
    except BadValue as error:
        note(f"Only the text of a comment can be imported: {shown(text['body'])}. {error}")
        return text
    return comment


def _body(text: str, note: Note) -> str:
    body = printable(text).strip()
    if len(body) > MAX_BODY:
        note(f"A comment has at most {MAX_BODY:,} characters. Left out of one: the last {len(body) - MAX_BODY:,}.")
    return body[:MAX_BODY]
