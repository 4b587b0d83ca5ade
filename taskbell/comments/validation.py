"""The rules of a comment. The verbs check them."""

from typing import Any

from django.utils.translation import gettext as _

from taskbell.comments.models import MAX_BODY
from taskbell.common.text import is_invisible
from taskbell.common.values import BadValue, read_field, read_text


def read_body(value: Any) -> str:
    """The text as it is stored. Raises Invalid."""
    return read_field("body", read_comment, value)


def read_comment(value: Any) -> str:
    """The same for a text that is no field. Raises BadValue."""
    text = read_text(value, most=MAX_BODY)
    if is_invisible(text):
        raise BadValue(_("Must not be empty."), "blank")
    return text
