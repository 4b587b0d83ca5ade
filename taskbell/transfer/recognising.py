"""Tells by its first bytes what a file is, whatever its name or its sender says."""

import re
from dataclasses import dataclass

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

    name: str
    format: str | None = None
    vague: bool = False


EMPTY, TEXT = Guess("an empty file", vague=True), Guess("a text", vague=True)
SIGNATURES = (
    (b"\x1f\x8b", "a gzip archive. Unpack it first"),
    (b"BZh", "a bzip2 archive. Unpack it first"),
    (b"\xfd7zXZ", "an xz archive. Unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive. Unpack it first"),
    (b"Rar!", "a RAR archive. Unpack it first"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"RIFF", "an image or a sound"),
    (b"\xd0\xcf\x11\xe0", "an old Office document. Save it as CSV"),
    (b"SQLite format 3", "an SQLite database"),
    (b"{\\rtf", "an RTF document"),
)
IN_ZIPS = (
    (b"xl/", Guess("an Excel workbook. Save it as CSV")),
    (b"word/", Guess("a Word document")),
    (b"mimetypeapplication/vnd.oasis", Guess("an OpenDocument file. Save a table as CSV")),
    (b"Tasks.json", Guess("a Google Takeout archive. Unpack it, and import Tasks.json")),
    (b"data.json", Guess("an export of Vikunja", "vikunja")),
    (b".csv", Guess("a zip of CSV files, as Todoist makes it", "todoist")),
)


def recognise(head: bytes) -> Guess:
    """What the file that begins like this seems to be."""
    if not head.strip():
        return EMPTY
    if head.startswith(b"PK"):
        return next((guess for sign, guess in IN_ZIPS if sign in head), Guess("a zip archive"))
    for sign, name in SIGNATURES:
        if head.startswith(sign):
            return Guess(name)
    encoding = encoding_of(head)
    text = head.decode(encoding, errors="replace").strip().lstrip("\ufeff")
    if not text:
        return EMPTY
    guess = _guess_text(text)
    if encoding not in ("utf-8", "utf-8-sig") and guess.format not in ("csv", "todoist", "ticktick"):
        return Guess(f"{guess.name} in {encoding.upper()}. Save it as UTF-8")
    return guess


def _guess_text(text: str) -> Guess:
    start = text[:2000].lower()
    if start.startswith("<"):
        return Guess("an HTML page" if "<html" in start or "<!doctype html" in start else "an XML file")
    if re.search(r"^BEGIN:(VCALENDAR|VTODO|VEVENT)", text, re.IGNORECASE | re.MULTILINE):
        has_todos = re.search(r"^BEGIN:VTODO", text, re.IGNORECASE | re.MULTILINE)
        return Guess("a calendar" if has_todos else "a calendar of events, without to-dos", "ical")
    if start.startswith("begin:vcard"):
        return Guess("a file of contacts")
    if text[:1] in ("{", "["):
        return _guess_json(text)
    if "\0" in text:
        return Guess("a binary file", vague=True)
    return _guess_table(text)


def _guess_json(text: str) -> Guess:
    levels = keys_by_depth(text)
    top, inner = levels[1], set[str]().union(*levels)
    records = levels[2] if text[0] == "[" else top
    if '"tasks#task' in text:
        return Guess("an export of Google Tasks", "google-tasks")
    if inner & {"isReminderOn", "wellknownListName"} or "/todo/lists" in text or "graph.todoTask" in text:
        return Guess("an export of Microsoft To Do", "microsoft-todo")
    if "cards" in top or {"shortLink", "labelNames"} <= top:
        return Guess("a Trello board", "trello")
    if {"uuid", "entry"} <= records and "title" not in records:
        return Guess("an export of Taskwarrior", "taskwarrior")
    if text[0] == "[" and records & {"tasks", "lists", "projects", "child_projects", "hex_color"}:
        return Guess("an export of Vikunja", "vikunja")
    if "title" in records:
        return Guess("tasks in JSON", "json", vague=True)
    if top and not top & set(COLUMNS):
        return Guess("JSON without tasks. Each task must be an object with a title")
    return Guess("an empty list in JSON" if text == "[]" else "JSON without tasks", "json", vague=True)


def keys_by_depth(text: str) -> list[set[str]]:
    """The keys of objects, by how many brackets they are in; the text may end anywhere."""
    levels: list[set[str]] = [set() for _ in range(6)]
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
        return Guess("a project of Todoist in CSV", "todoist")
    if any(_names(line)[:2] == ["Folder Name", "List Name"] for line in text.splitlines()):
        return Guess("a backup of TickTick", "ticktick")
    is_regular = len(names) > 1 and all(len(DELIMITER.split(line)) == len(names) for line in rest[:1])
    return Guess("CSV", "csv", vague=True) if is_regular or any(map(is_known, names)) else TEXT
