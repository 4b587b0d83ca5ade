"""What an import says about a file: in the language of the page, in English to programs."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.translation import override

from taskbell.accounts.models import User
from taskbell.accounts.profile import update_profile
from taskbell.comments.quotas import too_many_comments
from taskbell.common.clock import utc_now
from taskbell.common.errors import Refusal
from taskbell.reports.building import make_waiting
from taskbell.reports.models import Piece, Report
from taskbell.transfer import findings
from taskbell.transfer.formats import FileOptions
from taskbell.transfer.importing import ImportRefused, Options, import_tasks
from taskbell.transfer.opening import OpenedFile
from tests.conftest import NOW, Program
from tests.languages.english import english_in
from tests.web.conftest import Browser, text

SAMPLES = [path for path in sorted((Path(__file__).parents[1] / "transfer" / "samples").rglob("*")) if path.is_file()]
BROKEN = {
    "ids.json": b'[{"id": 1, "title": "A", "pre_tasks": [1, 7]}, {"id": 1, "title": ""}, 3, {"what": 1}]',
    "dates.csv": b"title,due date,due_time,status\nSow,31/12/2026,,OVERDUE\nReap,12/31/2026,9 pm,?\nWeed,soon,25:00,\n",
    "related.json": b'[{"title": "A", "labels": 7, "comments": [{}], "project": {"x": 1}, "reminders": [{"a": 1}]}]',
    "calendar.ics": b"BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:A\nDUE:soon\nPRIORITY:x\nRRULE:FREQ=DAILY\nSTATUS:X\n"
    b"BEGIN:VALARM\nTRIGGER:x\nEND:VALARM\nEND:VTODO\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR\n",
    "image.csv": b"\x89PNG",
    "open.json": b'[{"title": "A"}',
    "page.csv": b"<!doctype html><html></html>",
    "header.csv": b"title,name,cost\nA,B,C\n",
    "empty.csv": b"",
}


@pytest.fixture
def german(bo: User) -> User:
    update_profile(bo, now=NOW, language="de")
    bo.refresh_from_db()
    return bo


def messages_about(content: bytes, name: str, by: User) -> list[str]:
    """Everything that an import of the file says, strict and not."""
    said = []
    for options in (Options(partial=True), Options(strict=True)):
        try:
            opened = OpenedFile(BytesIO(content), FileOptions(NOW, "UTC", name=name))
            result = import_tasks(opened.rows(), options, by=by, now=NOW)
            said += [one.message for one in (*result.errors, *result.notices)]
        except ImportRefused as refusal:
            said += [str(refusal), *(one.message for one in refusal.result.errors)]
        except Refusal as refusal:
            said.append(str(refusal))
    return said


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_files_of_other_programs_are_described_in_german(german: User, path: Path) -> None:
    with override("de"):
        assert not list(english_in(messages_about(path.read_bytes(), path.name, german)))


@pytest.mark.parametrize("name", BROKEN)
def test_errors_in_a_file_are_in_german(german: User, name: str) -> None:
    with override("de"):
        said = messages_about(BROKEN[name], name, german)
    assert said
    assert not list(english_in(said))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("value.json", b'[{"title": Dig}]', "Muss JSON sein: hier fehlt ein Wert."),
        ("name.json", b'[{title: "Dig"}]', "Muss JSON sein: hier fehlt ein Name in doppelten Anführungszeichen."),
        ("comma.json", b'[{"title": "Dig" "stage": 1}]', "Muss JSON sein: hier fehlt ein Komma."),
        ("colon.json", b'[{"title" "Dig"}]', "Muss JSON sein: hier fehlt ein Doppelpunkt."),
        ("quote.csv", b'title,stage\n"Dig" it,x\n', 'Muss CSV sein: nach „"“ muss „,“ kommen.'),
        ("end.csv", b'title,stage\n"Dig', "Muss CSV sein: unerwartetes Ende."),
    ],
)
def test_what_a_parser_says_is_in_german_too(german: User, name: str, content: bytes, said: str) -> None:
    with override("de"):
        assert all(one.endswith(said) for one in messages_about(content, name, german))


def test_bo_reads_in_german_what_a_file_would_do_and_what_a_worker_did(german: User) -> None:
    browser = Browser()
    browser.sign_in(german.username)
    file = SimpleUploadedFile("tasks.csv", b"title,due date\nSow,2026-12-24\nWeed,soon\nReap,24.12.2026\n")
    at = str(browser.post("/import/", {"file": file, "next": "/import/"})["Location"])
    wrong, read = "Muss ein Datum wie 2027-03-31 sein.", "Gelesen als Tag.Monat.Jahr: 24.12.2026 ist 2026-12-24."
    assert all(words in text(browser.get(at)) for words in (wrong, read))
    browser.post(at, {"do": "import"})
    make_waiting(clock=utc_now)
    assert all(words in text(browser.get(at)) for words in (wrong, read))


def test_programs_read_english_also_for_a_german(german: User, as_user: Callable[[User], Program]) -> None:
    program = as_user(german)
    rows: Any = b"title,due_date\n" + b"Sow,soon\n" * 3
    answer = orjson.loads(program.post("/api/tasks/import/", rows, content_type="text/csv").content)
    assert answer["detail"] == "Can't import 3 of 3 rows, so nothing was imported."
    assert answer["errors"][0]["message"] == "Must be a date such as 2027-03-31."
    many = program.post("/api/tasks/import/", b"title,due_date\n" + b"Sow,soon\n" * 11_000, content_type="text/csv")
    assert many.status_code == 202
    make_waiting(clock=utc_now)
    report = Report.objects.get()
    assert report.problem == "Can't import 11,000 of 11,000 rows, so nothing was imported."
    assert orjson.loads(b"".join(Piece.file_of(report)))["errors"][0]["message"] == "Must be a date such as 2027-03-31."


def test_numbers_are_grouped_as_the_reader_does_it(german: User) -> None:
    rows = b"title,due_date\n" + b"Sow,soon\n" * 1200
    with override("de"):
        assert messages_about(rows, "a.csv", german)[-1201].startswith("1.200 von 1.200 Zeilen")
        assert "höchstens 20.000 " in str(too_many_comments())


def test_every_sentence_between_rows_has_its_places_filled_in() -> None:
    assert all("{}" in sentence or "This id" in sentence for _, _, sentence in findings.SENTENCES.values())
