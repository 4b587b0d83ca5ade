"""Tells by its first bytes what a file is, whatever its name or its sender says."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.transfer.columns import COLUMNS
from taskbell.transfer.encodings import encoding_of
from taskbell.transfer.headers import is_known

HEAD_BYTES = 64 * 1024
JSON_TOKEN = re.compile(r'"((?:[^"\\]|\\[\s\S])*+)"?\s*+(:?)|[{}\[\]]')  # a text may lack its end
DELIMITER = re.compile(r"[,;\t|]")


@dataclass(frozen=True)
class Guess:
    """What a file seems to be, for people, and the format in which it can be read; None if it can't be.

    Files of a `vague` format can be something else after all.
    """

    said: str
    format: str | None = None
    vague: bool = False

    @property
    def name(self) -> str:
        return _(self.said)


EMPTY, TEXT = Guess(gettext_noop("an empty file"), vague=True), Guess(gettext_noop("a text file"), vague=True)
SIGNATURES = (
    (b"\x1f\x8b", gettext_noop("a gzip archive. Unpack it first")),
    (b"BZh", gettext_noop("a bzip2 archive. Unpack it first")),
    (b"\xfd7zXZ", gettext_noop("an xz archive. Unpack it first")),
    (b"7z\xbc\xaf", gettext_noop("a 7z archive. Unpack it first")),
    (b"Rar!", gettext_noop("a RAR archive. Unpack it first")),
    (b"%PDF", gettext_noop("a PDF")),
    (b"\x89PNG", gettext_noop("an image")),
    (b"\xff\xd8\xff", gettext_noop("an image")),
    (b"GIF8", gettext_noop("an image")),
    (b"RIFF", gettext_noop("an image or an audio file")),
    (b"\xd0\xcf\x11\xe0", gettext_noop("an old Office document. Save it as CSV")),
    (b"SQLite format 3", gettext_noop("an SQLite database")),
    (b"{\\rtf", gettext_noop("an RTF document")),
)
IN_ZIPS = (
    (b"xl/", Guess(gettext_noop("an Excel workbook. Save it as CSV"))),
    (b"word/", Guess(gettext_noop("a Word document"))),
    (b"mimetypeapplication/vnd.oasis", Guess(gettext_noop("an OpenDocument file. Save a table as CSV"))),
    (b"Tasks.json", Guess(gettext_noop("a Google Takeout archive. Unpack it, and import Tasks.json"))),
    (b"data.json", Guess(gettext_noop("a Vikunja export"), "vikunja")),
    (b".csv", Guess(gettext_noop("a zip of CSV files, as Todoist exports it"), "todoist")),
)


def recognise(head: bytes) -> Guess:
    """What the file that begins like this seems to be."""
    if not head.strip():
        return EMPTY
    if head.startswith(b"PK"):
        return next((guess for sign, guess in IN_ZIPS if sign in head), Guess(gettext_noop("a zip archive")))
    for sign, name in SIGNATURES:
        if head.startswith(sign):
            return Guess(name)
    encoding = encoding_of(head)
    text = head.decode(encoding, errors="replace").strip().lstrip("\ufeff")
    if not text:
        return EMPTY
    guess = _guess_text(text)
    if encoding not in ("utf-8", "utf-8-sig") and guess.format not in ("csv", "todoist", "ticktick"):
        return Guess(
            _("%(name)s in %(encoding)s. Save it as UTF-8") % {"name": guess.name, "encoding": encoding.upper()}
        )
    return guess


def _guess_text(text: str) -> Guess:
    start = text[:2000].lower()
    if start.startswith("<"):
        return Guess(
            gettext_noop("an HTML page")
            if "<html" in start or "<!doctype html" in start
            else gettext_noop("an XML file")
        )
    if re.search(r"^BEGIN:(VCALENDAR|VTODO|VEVENT)", text, re.IGNORECASE | re.MULTILINE):
        has_todos = re.search(r"^BEGIN:VTODO", text, re.IGNORECASE | re.MULTILINE)
        return Guess(
            gettext_noop("a calendar") if has_todos else gettext_noop("a calendar of events, without to-dos"), "ical"
        )
    if start.startswith("begin:vcard"):
        return Guess(gettext_noop("a contacts file"))
    if text[:1] in ("{", "["):
        return _guess_json(text)
    if "\0" in text:
        return Guess(gettext_noop("a binary file"), vague=True)
    return _guess_table(text)


def _guess_json(text: str) -> Guess:
    levels = keys_by_depth(text)
    top, inner = levels[1], set[str]().union(*levels)
    records = levels[2] if text[0] == "[" else top
    if '"tasks#task' in text:
        return Guess(gettext_noop("a Google Tasks export"), "google-tasks")
    if inner & {"isReminderOn", "wellknownListName"} or "/todo/lists" in text or "graph.todoTask" in text:
        return Guess(gettext_noop("a Microsoft To Do export"), "microsoft-todo")
    if "cards" in top or {"shortLink", "labelNames"} <= top:
        return Guess(gettext_noop("a Trello board"), "trello")
    if {"uuid", "entry"} <= records and "title" not in records:
        return Guess(gettext_noop("a Taskwarrior export"), "taskwarrior")
    if text[0] == "[" and records & {"tasks", "lists", "projects", "child_projects", "hex_color"}:
        return Guess(gettext_noop("a Vikunja export"), "vikunja")
    if "title" in records:
        return Guess(gettext_noop("tasks in JSON"), "json", vague=True)
    if top and not top & set(COLUMNS):
        return Guess(gettext_noop("JSON without tasks. Each task must be an object with a title"))
    return Guess(
        gettext_noop("an empty list in JSON") if text == "[]" else gettext_noop("JSON without tasks"),
        "json",
        vague=True,
    )


def keys_by_depth(text: str) -> list[set[str]]:
    """The keys of objects, by how many brackets they are in; the text may end anywhere."""
    levels: list[set[str]] = [set() for _depth in range(6)]
    depth = 0
    for token in JSON_TOKEN.finditer(text):
        if token[0] in "{[":
            depth += 1
        elif token[0] in "}]":
            depth -= 1
        elif token[2] and 0 <= depth < len(levels):
            levels[depth].add(token[1])
    return levels


def _names(line: str) -> list[str]:
    return [name.strip().strip('"').strip() for name in DELIMITER.split(line)]


def _guess_table(text: str) -> Guess:
    first, *rest = text.splitlines()[:3]
    if first.lower().startswith("sep=") and rest:
        first, *rest = rest
    names = _names(first)
    if {"type", "content"} <= {name.lower() for name in names}:
        return Guess(gettext_noop("a Todoist project in CSV"), "todoist")
    if any(_names(line)[:2] == ["Folder Name", "List Name"] for line in text.splitlines()):
        return Guess(gettext_noop("a TickTick backup"), "ticktick")
    is_regular = len(names) > 1 and all(len(DELIMITER.split(line)) == len(names) for line in rest[:1])
    return Guess("CSV", "csv", vague=True) if is_regular or any(map(is_known, names)) else TEXT
