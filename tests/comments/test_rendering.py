"""What Markdown becomes, what never comes through, and that no text makes the server work long."""

from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import product

import pytest
from markdown_it.token import Token

from taskbell.comments import rendering
from taskbell.comments.models import MAX_BODY
from taskbell.comments.rendering import MAX_LINKS, MAX_MARKS, MAX_NESTING, render

PIECES = ["[", "*", "_", "`", "<", "\n", "- ", "> ", "](", "!", "~~", "@", "\\", "&", "#", " ", "a", "(", "http://a"]
OF_MARKS = [piece * (MAX_BODY // len(piece)) for piece in map("".join, product(PIECES, repeat=2))]
DEEP = ["> " * 9000, "- " * 9000, "1. " * 6000, "".join(" " * i + "- a\n" for i in range(190)), "[" * 4000 + "]" * 4000]


class Elements(HTMLParser):
    """The elements that a browser finds, with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, attrs))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("*a* **b** ~~c~~ `d`", "<p><em>a</em> <strong>b</strong> <s>c</s> <code>d</code></p>"),
        ("# a\n\n###### b", "<h3>a</h3>\n<h6>b</h6>"),
        ("> q", "<blockquote>\n<p>q</p>\n</blockquote>"),
        ("3. x", '<ol start="3">\n<li>x</li>\n</ol>'),
        ("```py\n<b>\n```", "<pre><code>&lt;b&gt;\n</code></pre>"),
        ("@bo & <b>", "<p>@bo &amp; &lt;b&gt;</p>"),
    ],
)
def test_markdown_becomes_html(text: str, html: str) -> None:
    assert render(text).html == html


@pytest.mark.parametrize("text", ["https://example.org/a", "[x](https://example.org/a)", "<https://example.org/a>"])
def test_links_tell_the_page_behind_them_nothing(text: str) -> None:
    assert 'href="https://example.org/a" rel="nofollow noopener noreferrer">' in render(text).html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![x](https://tracker.example/a.png)",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](data:text/html,x)",
        "[x](//evil.example)",
        "[x](/admin/)",
        "<javascript:alert(1)>",
        '[x](https://a.org/"onmouseover="alert(1))',
        "[x]: javascript:alert(1)\n[x]",
        '<a href="https://a.org" style="x" class="y">z</a>',
    ],
)
def test_nothing_comes_through_but_text_and_plain_links(text: str) -> None:
    found = Elements()
    found.feed(render(text).html)
    assert {tag for tag, _ in found.seen} <= {"p", "br", "a"}
    attributes = [attribute for _, given in found.seen for attribute in given]
    assert {name for name, _ in attributes} <= {"href", "rel"}
    assert all(value and value.startswith("https://") for name, value in attributes if name == "href")


def test_a_reference_is_not_expanded() -> None:
    text = f"[a]: https://example.org/{'x' * 5000}\n" + "[a] " * 1000
    assert len(render(text).html) < 2 * len(text)


def tokens(text: str) -> Iterator[Token]:
    for token in rendering._markdown.parse(text, {"names": []}):
        yield token
        yield from token.children or ()


@pytest.mark.parametrize("text", DEEP, ids=range(len(DEEP)))
def test_nothing_nests_deeply(text: str) -> None:
    assert max(token.level for token in tokens(text)) <= MAX_NESTING


def test_a_text_of_marks_is_shown_as_it_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each mark and each bare link costs some work: beyond so many of them, the parser does not see the text."""
    parsed: list[str] = []
    parse = rendering._markdown.render

    def counting(text: str, env: dict[str, object]) -> str:
        parsed.append(text)
        return str(parse(text, env))

    monkeypatch.setattr(rendering._markdown, "render", counting)
    for text in OF_MARKS:
        html = render(text).html
        assert len(html) <= 6 * MAX_BODY
    marks = [len(rendering.MARK.findall(text)) for text in parsed]
    assert all(number <= MAX_MARKS for number in marks)
    assert all(text.count("//") <= MAX_LINKS for text in parsed)
    assert len(parsed) < len(OF_MARKS) / 4
    assert render("<*" * MAX_MARKS).html == f"<pre>{'&lt;*' * MAX_MARKS}</pre>"


def test_the_parser_makes_a_few_tokens_for_each_mark() -> None:
    for piece in map("".join, product(PIECES, repeat=2)):
        marks = len(rendering.MARK.findall(piece)) or 1
        links = max(1, piece.count("//") * MAX_MARKS // MAX_LINKS)
        text = piece * (min(MAX_MARKS // marks, MAX_BODY // len(piece)) // links)
        assert sum(1 for _ in tokens(text)) <= 6 * MAX_MARKS + 10
