"""Turns the HTML of other programs into Markdown, by a parser."""

import re
from typing import Any

from bs4 import BeautifulSoup
from bs4.exceptions import ParserRejectedMarkup
from django.utils.translation import gettext as _
from markdownify import ATX, MarkdownConverter

from taskbell.common.values import BadValue
from taskbell.common.wording import grouped

MAX_TAGS = 10_000
COMMENT, COMMENT_END = "<!--", "-->"
# For each of these, the parser would search the rest of the text for its end.
NO_TAG = re.compile(r"<(?!/?[a-z][^<>]*>|!doctype[^<>]*>|\?[^<>]*>)", re.IGNORECASE)
UNSEEN = ("script", "style", "head", "template")


class _Converter(MarkdownConverter):
    """Keeps which items of a list of tasks are done, and the words as they are."""

    def convert_li(self, element: Any, text: str, parent_tags: set[str]) -> str:
        """An item, with a box if it has one."""
        if checked := element.get("data-checked"):
            text = f"[{'x' if checked == 'true' else ' '}] {text.strip()}"
        return str(super().convert_li(element, text, parent_tags))  # type: ignore[misc]


def as_markdown(text: str) -> str:
    """The text, which may be HTML or plain. Raises BadValue for HTML that no parser takes."""
    if "<" not in text and "&" not in text:
        return text
    clean = NO_TAG.sub("&lt;", _without_comments(text))
    if clean.count("<") > MAX_TAGS:
        raise BadValue(_("Must be HTML with at most %(most)s tags.") % {"most": grouped(MAX_TAGS)}, "too_many")
    try:
        document = BeautifulSoup(clean, "html.parser")
    except (ParserRejectedMarkup, RecursionError) as error:
        raise BadValue(_("Must be HTML.")) from error
    if document.find() is None and "&" not in text:
        return text  # a smaller-than sign makes no HTML
    for element in document.find_all(UNSEEN):
        element.decompose()
    converter = _Converter(heading_style=ATX, bullets="-", escape_asterisks=False, escape_underscores=False)
    try:
        return str(converter.convert_soup(document)).strip()
    except RecursionError as error:
        raise BadValue(_("Must be HTML with fewer nested levels.")) from error


def _without_comments(text: str) -> str:
    """The text without comments that end."""
    first, *rest = text.split(COMMENT)
    parts = (part.partition(COMMENT_END) for part in rest)
    return first + "".join(after if end else COMMENT + inside for inside, end, after in parts)
