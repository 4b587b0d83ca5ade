"""The product speaks plain English: none of the old words, in pages, messages, docs, comments or names."""

import io
import re
import token
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import ROOT

# What to write instead of each word. Matched in text as a whole word, regardless of case.
INSTEAD = {
    r"anew": "again, or 'recalculate'",
    r"whoever": "'the person who', 'anyone who', or the thing itself",
    r"(?:of|by) itself": "automatically",
    r"hangs? on": "depends on",
    r"so long as": "while",
    r"told": "'notified', 'gets', 'receives', or 'unless set'",
    r"hears?|heard": "'is notified', 'receives'",
    r"in vain": "without success",
    r"by and by": "gradually",
    r"what bec(?:omes|ame) of": "'what happens to', or 'the outcome of'",
    r"deeds?": "action",
    r"e-mails?": "email",
    r"mails": "emails",
    r"mailed": "emailed",
    r"a mail(?! (?:server|relay|program|client|channel|queue|loop))": "an email",
    r"good day": "Hi",
    r"look into your": "check your",
    r"is overdue since": "has been overdue since",
    r"link is over": "link has expired",
    r"(?:the|a|its|this) word in the (?:link|address|url)": "the token in the URL",
    r"sisters": "siblings, or 'the others'",
    r"unheard": "'without a reply'",
}
# The same for parts of names in code, which are separated by underscores or capitals.
INSTEAD_IN_NAMES = {
    "anew": "again",
    "crew": "pool",
    "deed": "action",
    "heard": "received",
    "ledger": "outbox",
    "letters": "emails",
    "told": "'sent', 'notified'",
    "whoever": "'anyone'",
    "wish": "patch",
}
# Names of limits and the like that don't say of what.
BARE_NAMES = {"ASKED", "AT_ONCE", "BATCH", "LONGEST", "MOST", "USUAL"}
NOT_PROSE = re.compile(r"\{[%{#].*?[%}#]\}|\{[^{}]*\}|`[^`\n]*`|\]\([^)]*\)", re.DOTALL)
STRINGS = {token.STRING, getattr(token, "FSTRING_MIDDLE", token.STRING)}
FOLDERS = ("taskbell", "docs", "benchmarks")


def files() -> list[Path]:
    """Everything that people read, except migrations, which are history."""
    found = [*ROOT.glob("*.md"), *(file for folder in FOLDERS for file in (ROOT / folder).rglob("*"))]
    texts = [file for file in found if file.suffix in {".py", ".html", ".txt", ".md", ".js", ".css"}]
    return sorted(file for file in texts if "migrations" not in file.parts and file.name != "common_passwords.txt")


def prose(file: Path) -> Iterator[tuple[int, str]]:
    """The text of a file with its line: comments and strings of code, all of any other file; without code in it."""
    if file.suffix == ".py":
        for found in tokenize.generate_tokens(io.StringIO(file.read_text()).readline):
            if found.type == tokenize.COMMENT or found.type in STRINGS:
                yield found.start[0], NOT_PROSE.sub(" ", found.string)
    else:
        text = re.sub(r"^```.*?^```$", blank, file.read_text(), flags=re.MULTILINE | re.DOTALL)
        yield 1, NOT_PROSE.sub(blank, text)


def blank(found: re.Match[str]) -> str:
    """As many lines as the code had, so that later lines keep their number."""
    return " " + "\n" * found[0].count("\n")


def old_words(file: Path) -> list[str]:
    """Each old word with its line and what to write instead."""
    return [
        f"{file.relative_to(ROOT)}:{line + text.count(chr(10), 0, found.start())}: {found[0]!r}: write {better}"
        for line, text in prose(file)
        for word, better in INSTEAD.items()
        for found in re.finditer(rf"\b(?:{word.replace(' ', chr(92) + 's+')})\b", text, re.IGNORECASE)
    ]


def old_names(file: Path) -> list[str]:
    """The same for names in code."""
    is_code = file.suffix == ".py"
    tokens = list(tokenize.generate_tokens(io.StringIO(file.read_text()).readline)) if is_code else []
    return [
        f"{file.relative_to(ROOT)}:{found.start[0]}: {found.string}: write {INSTEAD_IN_NAMES[part]}"
        for found in tokens
        if found.type == tokenize.NAME
        for part in re.sub(r"(?<=[a-z])(?=[A-Z])", "_", found.string).lower().split("_")
        if part in INSTEAD_IN_NAMES
    ] + [f"{file.relative_to(ROOT)}: {name}: say of what" for name in BARE_NAMES & {found.string for found in tokens}]


@pytest.mark.parametrize("file", files(), ids=lambda file: str(file.relative_to(ROOT)))
def test_a_file_has_none_of_the_old_words(file: Path) -> None:
    assert old_words(file) + old_names(file) == []


@pytest.mark.parametrize(
    ("name", "text", "count"),
    [
        ("page.md", "Whoever asks is told of\nitself.\n```\nmails\n```\nNot of `mails`, but of\ne-mail.\n", 4),
        ("page.html", "<p title='anew'>{{ mails }} {% if told %}Good day{% endif %}</p>", 2),
        ("code.py", 'def notify(mails):  # counts anew\n    """Sends the mails."""\n    return f"{mails}: none"\n', 2),
        ("code.py", 'def a_deed():\n    """Returns a mail\n    server."""\n    return "a mail"\n', 2),
        ("code.py", "class WishList:\n    whole = 1\n", 1),
        ("code.py", "MOST = 1\nMOST_TASKS, at_once = MOST, 2\n", 1),
    ],
)
def test_an_old_word_is_found_in_text_and_names_and_not_in_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, text: str, count: int
) -> None:
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    file = tmp_path / name
    file.write_text(text)
    found = old_words(file) + old_names(file)
    assert len(found) == count, found
