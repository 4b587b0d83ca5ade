"""Files made to keep a reader busy: each is read within seconds of computing, or refused with its limit."""

import io
import json
import tempfile
import zipfile
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.transfer.formats import FileOptions
from taskbell.transfer.headers import read_map
from taskbell.transfer.reading import Row, Unreadable
from taskbell.transfer.reading_apart import READERS, FileToRead, TooDemanding, reading_apart
from tests.conftest import NOW

SECONDS = 5  # of computing; before the parsers had limits, these files took up to a minute
MANY = 100_000


def read(content: bytes, format_: str | None, *, seconds: int = SECONDS) -> list[Any]:
    asked = FileToRead(FileOptions(NOW, "UTC"), format_, None, seconds, megabytes=512)
    with tempfile.TemporaryFile() as file:
        file.write(content)
        with reading_apart(file, asked) as found:
            return list(found.rows())


def vikunja(description: str) -> bytes:
    task = {"id": 1, "title": "Sow", "description": description}
    return json.dumps([{"id": 1, "title": "Garden", "tasks": [task]}]).encode()


def todoist(*, responsible: str = "", content: str = "Sow", date: str = "") -> bytes:
    return f'TYPE,CONTENT,RESPONSIBLE,DATE,DATE_LANG\ntask,"{content}","{responsible}","{date}",en\n'.encode()


def calendar(*lines: str) -> bytes:
    return "\r\n".join(
        ["BEGIN:VCALENDAR", "BEGIN:VTODO", "UID:1", "SUMMARY:Sow", *lines, "END:VTODO", "END:VCALENDAR", ""]
    ).encode()


def archive(*names: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as found:
        for name in names:
            found.writestr(name, content)
    return packed.getvalue()


READ = {
    "smaller than": ("vikunja", vikunja("<" * 2 * MANY)),
    "comments": ("vikunja", vikunja("<!--" * MANY)),
    "tags without an end": ("vikunja", vikunja("<a" * MANY)),
    "closing tags without an end": ("vikunja", vikunja("</" * MANY)),
    "marked sections": ("vikunja", vikunja("<![CDATA[" * MANY)),
    "nested tags": ("vikunja", vikunja("<b>" * 9000)),
    "items": ("vikunja", vikunja("<ol>" + "<li>x" * 9000)),
    "ampersands": ("vikunja", vikunja("&" * 2 * MANY)),
    "spaces": ("todoist", todoist(responsible="a" + " " * 130_000 + "b")),
    "labels": ("todoist", todoist(content="a" + " @x" * 40_000 + " b")),
    "words of a date": ("todoist", todoist(date="every " + "1 " * 60_000)),
    "notes": ("todoist", todoist() + b'note,"' + b"x" * 60 + b'"\n' * 1 + (b'note,"' + b"x" * 60 + b'"\n') * 20_000),
    "blank lines": ("ical", calendar("\r\n" * MANY)),
    "a zone of slashes": ("ical", calendar(f"DUE;TZID={'/' * 120_000}:20270331T090000")),
    "unknown lines": ("ical", calendar(*(f"X-{number}:" for number in range(80_000)))),
    "alarms": (
        "ical",
        calendar("DUE:20270331T090000Z", *(f"BEGIN:VALARM\r\nTRIGGER:-PT{n}M\r\nEND:VALARM" for n in range(20_000))),
    ),
    "repetitions": (
        "ical",
        calendar("BEGIN:VALARM", "TRIGGER:-PT5M", "REPEAT:9999999999", "DURATION:PT1M", "END:VALARM"),
    ),
    "dates left out": (
        "ical",
        calendar("DTSTART:20270331T090000Z", "RRULE:FREQ=DAILY", "EXDATE:" + "20270331T090000Z," * 60_000),
    ),
    "empty columns": ("csv", b"title" + b"," * MANY + b"\nSow\n"),
}
REFUSED = {
    "nested alarms": ("ical", calendar("BEGIN:VALARM\r\n" * 2000), "nested at most 20 levels deep"),
    "nested components": ("ical", b"BEGIN:VCALENDAR\r\n" + b"BEGIN:X\r\n" * 2000, "nested at most 20 levels deep"),
    "a zone of nested observances": (
        "ical",
        b"BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\n" + b"BEGIN:STANDARD\r\n" * 2000,
        "nested at most 20 levels deep",
    ),
    "nested lists": ("json", b'[{"title": ' + b"[" * 60 + b"]" * 60 + b"}]", "at most 50 nested levels"),
    "lists without an end": ("json", b"[" * MANY, "fewer nested levels"),
    "a number of many digits": ("json", b'[{"id": ' + b"1" * MANY + b"}]", "4300 digits"),
    "names that repeat": (
        "json",
        b"[{" + b",".join(b'"a%d":1' % (number % 40_000) for number in range(40_001)) + b"}]",
        "'a0' twice",
    ),
    "a cell": ("csv", b'title\n"' + b"x" * 10_000_000 + b'"\n', "at most 1,048,576 characters"),
    "a header": ("csv", b"x" * 200_000 + b",title\nx,Sow\n", "131072"),
    "a zip of many files": ("todoist", archive(*map("{}.csv".format, range(2001)), content=b""), "at most 2,000 files"),
    "texts without an end": (None, b'{"' + b'\\"' * MANY, "Must be JSON"),
}


@pytest.mark.parametrize("name", READ)
def test_a_reader_ends_whatever_the_file_repeats(name: str) -> None:
    format_, content = READ[name]
    rows = [row for row in read(content, format_) if isinstance(row, Row)]
    assert len(rows) == 1


@pytest.mark.parametrize("name", REFUSED)
def test_a_limit_is_named_before_it_costs_anything(name: str) -> None:
    format_, content, words = REFUSED[name]
    with pytest.raises(Unreadable, match=words):
        read(content, format_)


def test_html_with_too_many_tags_is_an_error_of_its_row() -> None:
    (row,) = [row for row in read(vikunja("<b>x</b>" * 6000), "vikunja") if isinstance(row, Row)]
    assert row.error is not None
    assert (row.error.field, row.error.message) == ("description", "Must be HTML with at most 10,000 tags.")


def test_a_map_has_a_length() -> None:
    with pytest.raises(Exception, match="at most 10,000 characters"):
        read_map("a:title," * 200_000)


def test_a_file_that_needs_too_much_memory_or_time_is_refused_and_the_next_one_is_read(as_user: Any, bo: User) -> None:
    bomb = archive("data.json", content=b'{"a":[' + b"{}," * 9_000_000 + b"{}]}")
    answer = as_user(bo).post("/api/tasks/import/", bomb, content_type="application/zip")
    assert (answer.status_code, answer.json()["title"]) == (413, "File too demanding")
    with pytest.raises(TooDemanding, match="more than 1 seconds"):
        read(b"title\n" + b"x\n" * 3_000_000, "csv", seconds=1)
    assert as_user(bo).post("/api/tasks/import/", b"title\nSow\n", content_type="text/csv").status_code == 200


def test_the_program_that_reads_files_is_started_again(as_user: Any, bo: User) -> None:
    for _ in range(2):
        answer = as_user(bo).post("/api/tasks/import/", b"title\nSow\n", content_type="text/csv")
        assert answer.status_code == 200
        program = READERS._program
        assert program is not None
        program.kill()


def test_forms_of_many_parts_and_values_that_nobody_reads_are_no_failure(as_user: Any, bo: User) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    for boundary, body in (("x", part * 10_000 + b"--x--"), ("y" * 100_000, part), ("x", b"")):
        answer = as_user(bo).post("/api/tasks/import/", body, content_type=f"multipart/form-data; boundary={boundary}")
        assert answer.status_code in (400, 415), boundary[:2]
    huge = b'[{"title": "Sow", "source": "x", "source_id": "1", "updated_at": ' + b"9" * 30 + b"}]"
    for _ in range(2):
        answer = as_user(bo).post("/api/tasks/import/?on_existing=update", huge, content_type="application/json")
        assert answer.status_code == 200
