"""Turns the HTML of other programs into Markdown, by a parser."""

from typing import Any

from bs4 import BeautifulSoup
from bs4.exceptions import ParserRejectedMarkup
from markdownify import ATX, MarkdownConverter

UNSEEN = ("script", "style", "head", "template")


class _Converter(MarkdownConverter):
    """Keeps which items of a list of tasks are done, and the words as they are."""

    def convert_li(self, element: Any, text: str, parent_tags: set[str]) -> str:
        """An item, with a box if it has one."""
        if checked := element.get("data-checked"):
            text = f"[{'x' if checked == 'true' else ' '}] {text.strip()}"
        return str(super().convert_li(element, text, parent_tags))  # type: ignore[misc]


def as_markdown(text: str) -> str:
    """The text, which may be HTML or plain. Raises ValueError for HTML that no parser takes."""
    if "<" not in text and "&" not in text:
        return text
    try:
        document = BeautifulSoup(text, "html.parser")
    except (ParserRejectedMarkup, RecursionError) as error:
        raise ValueError("Must be HTML.") from error
    if document.find() is None and "&" not in text:
        return text  # a smaller-than sign makes no HTML
    for element in document.find_all(UNSEEN):
        element.decompose()
    converter = _Converter(heading_style=ATX, bullets="-", escape_asterisks=False, escape_underscores=False)
    try:
        return str(converter.convert_soup(document)).strip()
    except RecursionError as error:
        raise ValueError("Must be HTML that is nested less deeply.") from error
