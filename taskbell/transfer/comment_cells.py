"""The comments of a row."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts.names import MAX_ADDRESS
from taskbell.comments.quotas import MAX_ON_A_TASK
from taskbell.comments.validation import read_comment
from taskbell.common.values import BadValue, read_datetime, read_line
from taskbell.transfer.objects import Readers, read_list, read_members

COMMENTS = gettext_noop("Must be a JSON list of at most %(most)s comments.")
COMMENT = gettext_noop("A comment has the fields %(members)s.")


@dataclass(frozen=True)
class CommentRow:
    """A comment as a file has it. Without a moment, it is written now; without an author, by the importer."""

    body: str
    created_at: datetime | None = None
    author: str = ""
    edited_at: datetime | None = None


def read_comments(value: Any) -> list[CommentRow]:
    """The comments of a list, which a table has as JSON; any other text is one comment. Raises BadValue."""
    if isinstance(value, str) and not _is_list(value):
        return [CommentRow(read_comment(value))]
    return [read_comment_row(one) for one in read_list(value, MAX_ON_A_TASK, COMMENTS)]


def read_comment_row(value: Any) -> CommentRow:
    """One comment of the list. Raises BadValue."""
    found = read_members(value, OF_A_COMMENT, COMMENT)
    if "body" not in found:
        raise BadValue(_("A comment needs a body."), "required")
    return CommentRow(**found)


def _is_list(text: str) -> bool:
    return text.strip() == "[]" or (text.lstrip()[:1] == "[" and text.lstrip()[1:].lstrip()[:1] == "{")


OF_A_COMMENT: Readers = {
    "body": read_comment,
    "created_at": read_datetime,
    "author": partial(read_line, most=MAX_ADDRESS),
    "edited_at": read_datetime,
}
