"""Markdown of comments as HTML that any page may show, and the names that it mentions.

The work is bounded by the length of the text: references and images are off, and a text that is mostly marks or links
is shown as it was typed.
"""

import re
from html import escape
from typing import Any, NamedTuple

import nh3
import regex
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline

from taskbell.accounts.names import MAX_ADDRESS

MAX_MARKS = 5000  # characters that mean something in Markdown: 20,000 of them would take several hundred milliseconds
MAX_LINKS = 100  # written without brackets: the search for the end of each may read all that follows
MAX_NESTING = 20
MARK = re.compile(r"[\n!#&()*+\-:<=>@\[\\\]^_`~]")
BARE_LINK = re.compile("//|mailto:", re.IGNORECASE)
TAGS = {"p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "hr"} | {
    f"h{level}" for level in range(3, 7)
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = ("http", "https", "mailto")
REL = "nofollow noopener noreferrer"
# A reference is written once and used many times, so a short text could become a very long one.
SWITCHED_OFF = ["reference", "image", "html_block", "html_inline"]
# The characters of a username (accounts/names.py), and the @ of those that are an email address.
IN_NAME = r"[\p{L}\p{M}\p{N}_.+@-]"
NAME = regex.compile(rf"(?!@){IN_NAME}{{1,{MAX_ADDRESS}}}+(?!{IN_NAME})")
BEFORE = regex.compile(r"[\p{L}\p{M}\p{N}@]")
PUNCTUATION = "_.+@-"


class Rendered(NamedTuple):
    """The HTML, and the names after each @, as they were typed: each with the punctuation that follows it."""

    html: str
    names: list[str]


class _Markdown(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 - the library's name
        """Only links to the web and to mailboxes: others stay text."""
        return url.lower().startswith(tuple(f"{scheme}:" for scheme in SCHEMES))


def render(text: str) -> Rendered:
    """The text as HTML. Search engines don't follow its links; linked pages don't learn where readers come from."""
    if len(MARK.findall(text)) > MAX_MARKS or len(BARE_LINK.findall(text)) > MAX_LINKS:
        return Rendered(f"<pre>{escape(text, quote=False)}</pre>", [])
    found: dict[str, Any] = {"names": []}
    html = _markdown.render(text, found)
    safe = nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=set(SCHEMES), link_rel=REL)
    return Rendered(safe.strip(), found["names"])


def _mention(state: StateInline, silent: bool) -> bool:
    """An inline rule of the parser: an @ with a name. It is not one in code, in a link, or after a letter or digit."""
    start = state.pos
    if state.src[start] != "@" or state.linkLevel > 0 or (start and BEFORE.match(state.src[start - 1])):
        return False
    found = NAME.match(state.src, start + 1, state.posMax)
    name = found[0].rstrip(PUNCTUATION) if found else ""
    if not found or not name:
        return False
    if not silent:
        state.push("text", "", 0).content = f"@{name}"
        state.env["names"].append(found[0])
    state.pos = start + 1 + len(name)
    return True


def _lower_headings(state: StateCore) -> None:
    """A page has headings above its comments: those of a comment begin at the third level."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1:]) + 2)}"


def _parser() -> MarkdownIt:
    markdown = _Markdown("commonmark", {"html": False, "linkify": True, "breaks": True, "maxNesting": MAX_NESTING})
    markdown.disable(SWITCHED_OFF).enable(["strikethrough", "linkify"])
    markdown.linkify.set({"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})  # type: ignore[union-attr]
    markdown.inline.ruler.after("escape", "mention", _mention)
    markdown.core.ruler.push("headings", _lower_headings)
    return markdown


_markdown = _parser()
