"""Makes comments of other programs fit."""

from typing import Any

from django.utils.translation import gettext as _

from taskbell.comments.models import MAX_BODY
from taskbell.comments.quotas import MAX_ON_A_TASK
from taskbell.common.text import printable
from taskbell.common.values import BadValue
from taskbell.common.wording import grouped
from taskbell.transfer.comment_cells import read_comment_row
from taskbell.transfer.fitting import Note, shown


def fit_comments(value: Any, note: Note) -> Any:
    if not isinstance(value, list):
        return value
    if len(value) > MAX_ON_A_TASK:
        note(
            _("A task has at most %(most)s comments. The last %(value)s are left out.")
            % {"most": grouped(MAX_ON_A_TASK), "value": grouped(len(value) - MAX_ON_A_TASK)}
        )
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
        note(_("A comment can't be imported: %(one)s. %(error)s") % {"one": shown(one), "error": error})
        return None
    try:
        read_comment_row(comment)
    except BadValue as error:
        note(
            _("Only the text of a comment can be imported: %(body)s. %(error)s")
            % {"body": shown(text["body"]), "error": error}
        )
        return text
    return comment


def _body(text: str, note: Note) -> str:
    body = printable(text).strip()
    if len(body) > MAX_BODY:
        note(
            _("A comment has at most %(most)s characters. The last %(body)s of a longer one are left out.")
            % {"most": grouped(MAX_BODY), "body": grouped(len(body) - MAX_BODY)}
        )
    return body[:MAX_BODY]
