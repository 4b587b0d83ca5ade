"""Finds English in what should be German: the texts of the catalogue that are shown as they are in the code."""

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser

from tests.languages.messages import all_texts, catalogues, read

PLACE = re.compile(r"%\(\w+\)[#0 +-]*\d*(?:\.\d+)?[a-zA-Z]|\{[^}]*\}")
SILENT = {"script", "style", "pre", "code"}
NAMED = ("aria-label", "alt", "placeholder", "title")


class Shown(HTMLParser):
    """What people read in a page, part by part."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            self._inside.append(tag)
        self.parts += [value for name, value in attrs if name in NAMED and value]

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside and data.strip():
            self.parts.append(" ".join(data.split()))


@cache
def _forms() -> tuple[frozenset[str], list[re.Pattern[str]], frozenset[str]]:
    """English texts without places, those with some as patterns, and all German ones."""
    german: set[str] = set()
    for entry in read(catalogues()["de"]):
        german |= {" ".join(text.split()) for text in (entry.msgstr, *entry.msgstr_plural.values())}
    texts = {" ".join(form.split()) for text in all_texts() for form in (text.one, text.many) if form}
    plain = {text for text in texts if not PLACE.search(text)}
    with_places = [text for text in texts - plain if len(re.findall("[a-z]{2,}", PLACE.sub("", text))) >= 2]
    patterns = [re.compile(".+?".join(map(re.escape, PLACE.split(text)))) for text in with_places]
    return frozenset(plain - german), patterns, frozenset(german)


def english_in(parts: list[str]) -> Iterator[str]:
    """The parts that are English texts of ours, or have whole English sentences in them."""
    plain, patterns, german = _forms()
    sentences = [text for text in plain if len(text.split()) >= 3]
    for part in parts:
        if part in german:
            continue
        bare = part.strip(" .,:·")
        if (
            part in plain
            or bare in plain
            or any(text in part for text in sentences)
            or any(pattern.search(part) for pattern in patterns)
        ):
            yield part
