"""What a file is, its content says; and if there are no tasks in it, people read what it seems to be."""

import gzip
import io
import zipfile
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.tasks.models import Task
from taskbell.transfer.formats import FileOptions
from taskbell.transfer.importing import ImportRefused, import_tasks
from taskbell.transfer.opening import OpenedFile
from taskbell.transfer.reading import Unreadable
from tests.conftest import NOW

EVENTS = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nSUMMARY:Sow\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
TODO = EVENTS.replace(b"VEVENT", b"VTODO")
OPTIONS = FileOptions(NOW, "UTC")


def zip_of(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, content)
    return file.getvalue()


def bring(content: bytes, by: User, **how: Any) -> Any:
    return import_tasks(OpenedFile(io.BytesIO(content), OPTIONS, **how).rows(), by=by, now=NOW)


@pytest.mark.parametrize(
    ("content", "seems"),
    [
        (EVENTS, "has no to-dos"),
        (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "a calendar"),
        (b"\n <!DOCTYPE html><html><body>Sign in</body></html>", "an HTML page"),
        (b"<?xml version='1.0'?><opml/>", "an XML file"),
        (zip_of("xl/workbook.xml", b"x"), "an Excel workbook"),
        (zip_of("notes.txt", b"x"), "a zip archive"),
        (gzip.compress(b"title\nSow\n", mtime=0), "a gzip archive"),
        (TODO.decode().encode("utf-16"), "UTF-16"),
        (TODO.decode().encode("utf-16-le"), "UTF-16"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0", "an image"),
        (b"\xff\xd8\xff\xe0\0", "an image"),
        (b"", "an empty file"),
        (b" \r\n \n", "an empty file"),
        (b'{"cards": []}', "a Trello board"),
        (b'{"kind": "tasks#taskLists", "items": []}', "Google Tasks"),
        (
            b'{"value": [], "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users/todo/lists"}',
            "Microsoft",
        ),
        (b'[{"title": "Garden", "tasks": []}]', "Vikunja"),
        (b"BEGIN:VCARD\nFN:Bo\nEND:VCARD\n", "contacts"),
        (b"Dear Bo,\nplease sow.\n", "a text file"),
        (bytes(range(256)) * 4, "a binary file"),
    ],
)
def test_a_file_without_tasks_is_refused_with_what_it_seems_to_be(bo: User, content: bytes, seems: str) -> None:
    with pytest.raises(Unreadable, match=seems):
        bring(content, bo)
    assert not Task.objects.exists()


@pytest.mark.parametrize("said", ["csv", "json", "vikunja", "todoist", "ical", "taskwarrior", "google-tasks"])
@pytest.mark.parametrize("content", [b'{"cards": [], "lists": []}', b"<html></html>", b"%PDF-1.7", b""])
def test_nothing_is_imported_as_what_it_is_not(bo: User, content: bytes, said: str) -> None:
    with pytest.raises((Unreadable, ImportRefused)):
        bring(content, bo, said=said)


def test_the_refusal_names_the_format_to_send(bo: User) -> None:
    with pytest.raises(Unreadable, match=r"a Trello board, not vikunja\. Send the format trello, or none"):
        bring(b'{"cards": []}', bo, said="vikunja")


@pytest.mark.parametrize(
    ("content", "hint", "format_"),
    [
        (TODO, None, "ical"),
        (TODO, "csv", "ical"),
        (b'\xef\xbb\xbf[{"title": "Sow"}]', None, "json"),
        (b'{"title": "Sow"}\n{"title": "Reap"}\n', "ndjson", "ndjson"),
        (b"Title;Due\nSow;2027-03-31\n", None, "csv"),
        ("title,due_date\nSow,2027-03-31\n".encode("utf-16"), None, "csv"),
        (b"sep=;\nTitle;Due\nSow;2027-03-31\n", None, "csv"),
        (b"TYPE,CONTENT\ntask,Sow\n", "csv", "todoist"),
        (zip_of("Garden.csv", b"TYPE,CONTENT\ntask,Sow\n"), None, "todoist"),
        (b'{"description": "Sow", "uuid": "a", "status": "pending", "entry": "20260501T100000Z"}', None, "taskwarrior"),
    ],
)
def test_a_file_needs_no_format(bo: User, content: bytes, hint: str | None, format_: str) -> None:
    assert OpenedFile(io.BytesIO(content), OPTIONS, hint=hint).format == format_
    assert bring(content, bo, hint=hint).created > 0


@pytest.mark.parametrize("content", [b"title\n", b"[]", b" [\n]\n"])
def test_an_empty_file_of_our_own_is_imported_with_nothing_in_it(bo: User, content: bytes) -> None:
    assert bring(content, bo).rows == 0
