"""CSV as people have it: other delimiters, encodings, headers, dates and words; nothing is guessed or lost."""

import io
from pathlib import Path
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.tasks.models import Task
from taskbell.transfer.cells import PRIORITY_WORDS, STAGE_WORDS
from taskbell.transfer.headers import ALIASES
from taskbell.transfer.importing import ImportRefused, import_tasks
from taskbell.transfer.reading import Notice, Row, Unreadable
from taskbell.transfer.table import csv_rows
from tests.conftest import NOW


def rows(text: str | bytes, **options: Any) -> list[dict[str, Any]]:
    data = text if isinstance(text, bytes) else text.encode()
    return [row.cells for row in csv_rows(io.BytesIO(data), **options) if isinstance(row, Row)]


def told(text: str | bytes, **options: Any) -> list[tuple[int, str, str]]:
    data = text if isinstance(text, bytes) else text.encode()
    found = csv_rows(io.BytesIO(data), **options)
    return [(notice.line, notice.field, notice.message) for notice in found if isinstance(notice, Notice)]


def refusal(text: str | bytes, by: User, **options: Any) -> tuple[int, str, str, str]:
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(ImportRefused) as refused:
        import_tasks(csv_rows(io.BytesIO(data), **options), by=by, now=NOW)
    error = next(iter(refused.value.result.errors))
    assert not Task.objects.exists()
    return error.line, error.field, error.code, error.message


SHEET = "Title{0}Due Date{0}Priority\nSäen{0}2026-12-31{0}high\n"
SOWN = [{"title": "Säen", "due_date": "2026-12-31", "priority": "HIGH"}]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_sheet_is_read_in_every_dialect_and_encoding(delimiter: str, encoding: str, end: str) -> None:
    assert rows(SHEET.format(delimiter).replace("\n", end).encode(encoding)) == SOWN


def test_the_encoding_is_told_where_it_is_not_utf_8() -> None:
    assert told(SHEET.format(",").encode("cp1252")) == [(2, "", "Read as Windows-1252.")]
    assert told(SHEET.format(",").encode("utf-16")) == [(2, "", "Read as UTF-16.")]
    assert told(SHEET.format(",").encode("utf-8-sig")) == []


def test_the_encoding_is_found_however_late_it_shows() -> None:
    text = "title\n" + "Sow\n" * 50_000 + "Säen – “wow” €\n"
    assert rows(text.encode("cp1252"))[-1] == {"title": "Säen – “wow” €"}
    assert rows(text.encode())[-1] == {"title": "Säen – “wow” €"}


def test_letters_cut_by_the_end_of_a_chunk_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taskbell.transfer.encodings.CHUNK_BYTES", 5)
    for encoding in ("utf-8", "cp1252"):
        assert rows(SHEET.format(",").encode(encoding)) == SOWN


@pytest.mark.parametrize("data", ["title\nSäen\n".encode() + b"S\xffen\n", b"title\nS\xffen\n" + "Säen\n".encode()])
def test_a_file_of_two_encodings_is_refused(bo: User, data: bytes) -> None:
    assert refusal(data, bo)[1:3] == ("title", "unprintable")


def test_two_encodings_are_refused_however_far_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taskbell.transfer.encodings.CHUNK_BYTES", 16)
    with pytest.raises(Unreadable, match="mixes UTF-8 and Windows-1252"):
        rows(b"title\nS\xe4en\n" + b"Reap\n" * 20 + "Säen\n".encode())


@pytest.mark.parametrize("first", ["sep=;", "sep=;\r", "SEP=;", '"sep=;"'])
def test_the_first_line_can_name_the_delimiter_as_excel_does(first: str) -> None:
    found = list(csv_rows(io.BytesIO(f"{first}\nTitle;Notes\nSow;a, b\n".encode())))
    assert [(row.line, row.cells) for row in found if isinstance(row, Row)] == [
        (3, {"title": "Sow", "description": "a, b"})
    ]


def test_a_header_with_the_other_delimiter_in_it_decides_nothing() -> None:
    assert rows("title;notes\nSow;a,b,c,d\n") == [{"title": "Sow", "description": "a,b,c,d"}]
    assert rows("title\nSow; and reap\n") == [{"title": "Sow; and reap"}]
    assert rows('title,"notes"\n"Sow, reap","a;b;c"\n') == [{"title": "Sow, reap", "description": "a;b;c"}]


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("TITLE", "title"),
        ("Task Name", "title"),
        ("task_name", "title"),
        ("Name", "title"),
        ("Summary", "title"),
        ("Due", "due_date"),
        ("DUE-DATE", "due_date"),
        ("Deadline", "due_date"),
        ("Due  Time", "due_time"),
        ("Assignee", "assigned_to"),
        ("Assigned To", "assigned_to"),
        ("Notes", "description"),
        ("Status", "status"),
        ("Description", "description"),
        ("Priority", "priority"),
        ("Category", "category"),
        ("Project", "project"),
        ("Tags", "labels"),
        ("Comment", "comments"),
        ("Time Zone", "timezone"),
        ("Blocked by", "pre_tasks"),
        ("Created on", "created_at"),
        ("List", "category"),
    ],
)
def test_headers_go_by_other_names_as_well(header: str, column: str) -> None:
    others = "" if column == "title" else "title,"
    assert column in rows(f"{others}{header}\n{others and 'Sow,'}1\n")[0]


def test_what_is_empty_at_the_edges_is_nothing(bo: User) -> None:
    text = "title,priority,,\n\nSow,LOW,,\n,,,\nReap,,,\n,,,\n,,,,,,\n"
    result = import_tasks(csv_rows(io.BytesIO(text.encode())), by=bo, now=NOW)
    assert (result.rows, result.created) == (2, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title,priority\nSow,LOW,lost\n", "Must have 2 cells, one for each column, not 3."),
        ("title,priority\nSow\n", "Must have 2 cells, one for each column, not 1."),
        ("title,,priority\nSow,lost,LOW\n", "Must have a header for the column with 'lost'."),
    ],
)
def test_a_cell_without_a_column_is_never_lost(bo: User, text: str, message: str) -> None:
    assert refusal(text, bo) == (2, "", "cells", message)


def test_an_unknown_header_is_refused_with_what_can_be_done() -> None:
    with pytest.raises(Unreadable) as refused:
        rows("title,Cost\nSow,3\n")
    error = refused.value.error
    assert (error.line, error.field) == (1, "Cost")
    for part in ("'Cost'", "map=Cost:description", "map=Cost:", "due_date"):
        assert part in error.message


def test_two_headers_of_one_column_are_refused_by_name() -> None:
    with pytest.raises(Unreadable, match="the column due_date once, but has 'Due' and 'Deadline'"):
        rows("title,Due,Deadline\nSow,2026-12-31,2026-12-31\n")


def test_a_map_says_what_headers_mean() -> None:
    columns = {"wann": "due_date", "wer": "assigned_to", "cost": "", "title": "description", "was": "title"}
    text = "Was,Title,Wann,WER,Cost\nSow,Deep,2026-12-31,bo,3\n"
    assert rows(text, columns=columns) == [
        {"title": "Sow", "description": "Deep", "due_date": "2026-12-31", "assigned_to": "bo"}
    ]
    assert told(text, columns=columns) == [(1, "Cost", "Left out, as the map says.")]


def test_a_map_of_a_header_that_is_not_there_is_refused() -> None:
    with pytest.raises(Unreadable, match=r"'wen', which the file doesn't have.*Was, Wer"):
        rows("Was,Wer\nSow,bo\n", columns={"was": "title", "wen": "assigned_to"})


@pytest.mark.parametrize(
    ("written", "expected", "style"),
    [
        ("2026-12-31", {"due_date": "2026-12-31"}, ""),
        ("31.12.2026", {"due_date": "2026-12-31"}, "day.month.year"),
        ("3.4.2026", {"due_date": "2026-04-03"}, "day.month.year"),
        ("31/12/2026", {"due_date": "2026-12-31"}, "day/month/year"),
        ("12/31/2026", {"due_date": "2026-12-31"}, "month/day/year"),
        ("05/05/2026", {"due_date": "2026-05-05"}, ""),
        ("2026/12/31", {"due_date": "2026-12-31"}, "year/month/day"),
        ("31 Dec 2026", {"due_date": "2026-12-31"}, ""),
        ("December 31st, 2026", {"due_date": "2026-12-31"}, ""),
        ("2026-12-31 09:00", {"due_date": "2026-12-31", "due_time": "09:00:00"}, ""),
        ("2026-12-31T09:00:00", {"due_date": "2026-12-31", "due_time": "09:00:00"}, ""),
        ("31.12.2026 9:00", {"due_date": "2026-12-31", "due_time": "09:00:00"}, "day.month.year"),
        (
            "12/31/2026 9:00 PM",
            {"due_date": "2026-12-31", "due_time": "21:00:00"},
            "month/day/year hours with AM and PM",
        ),
        ("2026-12-31T09:00:00Z", {"due_date": None, "due_at": "2026-12-31T09:00:00Z"}, ""),
    ],
)
def test_dates_are_read_where_they_can_mean_one_day(written: str, expected: dict[str, Any], style: str) -> None:
    text = f'title,due_date\nSow,"{written}"\n'
    assert rows(text) == [{"title": "Sow"} | expected]
    shown = " ".join(filter(None, (expected["due_date"], expected.get("due_time"))))
    assert told(text) == ([(2, "due_date", f"Read as {style}: {written} is {shown}.")] if style else [])


def test_a_style_is_told_once() -> None:
    assert len(told("title,due\nSow,31.12.2026\nReap,1.12.2026\nRest,1.1.2027 9 am\n")) == 2


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("03/04/2026", ["2026-04-03", "2026-03-04"]),
        ("3-4-2026", ["2026-04-03", "2026-03-04"]),
        ("03/04/2026 09:00", ["2026-04-03", "2026-03-04"]),
        ("31.12.26", ["four digits"]),
        ("30.02.2026", ["exists"]),
        ("13/13/2026", ["exists"]),
        ("46387", ["2026-12-31"]),
        ("Fri, 31 Dec 2026", ["Thursday"]),
        ("tomorrow", ["2027-03-31"]),
    ],
)
def test_a_date_that_could_mean_another_day_is_refused_with_what_it_could_mean(
    bo: User, written: str, parts: list[str]
) -> None:
    line, field, _, message = refusal(f'title,Due\nSow,"{written}"\n', bo)
    assert (line, field) == (2, "due_date")
    for part in parts:
        assert part in message


def test_people_can_say_which_of_day_and_month_comes_first(bo: User) -> None:
    text = "title,due\nSow,03/04/2026\n"
    assert rows(text, order="dmy")[0]["due_date"] == "2026-04-03"
    assert rows(text, order="mdy")[0]["due_date"] == "2026-03-04"
    assert refusal("title,due\nSow,31/12/2026\n", bo, order="mdy")[1] == "due_date"


def test_dates_of_both_orders_in_one_file_are_refused(bo: User) -> None:
    line, field, _, message = refusal("title,due\nSow,31/12/2026\nReap,12/31/2026\n", bo)
    assert (line, field) == (3, "due_date")
    assert "day/month/year" in message


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("9:00", "09:00:00"),
        ("9:00 AM", "09:00:00"),
        ("9pm", "21:00:00"),
        ("12:15 am", "00:15:00"),
        ("9.30", "09:30:00"),
    ],
)
def test_times_are_read_as_clocks_show_them(written: str, expected: str) -> None:
    assert rows(f"title,due,time\nSow,2026-12-31,{written}\n")[0]["due_time"] == expected


def test_two_times_of_one_row_are_refused(bo: User) -> None:
    assert refusal("title,due,time\nSow,2026-12-31 09:00,10:00\n", bo)[:2] == (2, "due_date")


@pytest.mark.parametrize("moment", ["31.12.2026 09:00", "2026-12-31 09:00", "2026-12-31T09:00:00"])
def test_moments_are_read_as_dates_are(moment: str) -> None:
    assert rows(f"title,completed on\nSow,{moment}\n")[0]["completed_at"] == "2026-12-31T09:00:00"


@pytest.mark.parametrize(
    ("column", "written", "expected"),
    [
        ("Status", "Done", "COMPLETED"),
        ("Status", "to do", "PENDING"),
        ("Status", "In Progress", "IN_PROGRESS"),
        ("Status", "in_progress", "IN_PROGRESS"),
        ("Status", "Cancelled", "ARCHIVED"),
        ("Done", "TRUE", "COMPLETED"),
        ("Completed", "No", "PENDING"),
        ("Priority", "High", "HIGH"),
        ("Priority", "p1", "URGENT"),
        ("Priority", " medium ", "MEDIUM"),
        ("Priority", "HOT", "HOT"),
    ],
)
def test_words_are_read_in_any_case(column: str, written: str, expected: str) -> None:
    name = "status" if column != "Priority" else "priority"
    assert rows(f"title,{column}\nSow,{written}\n")[0][name] == expected


def test_a_cell_has_line_breaks_quotes_and_delimiters() -> None:
    text = 'title,notes\r\n"Say ""hi"", twice","one\r\n\r\ntwo; three"\r\nReap,\r\n'
    found = [row for row in csv_rows(io.BytesIO(text.encode())) if isinstance(row, Row)]
    assert found[0].cells == {"title": 'Say "hi", twice', "description": "one\r\n\r\ntwo; three"}
    assert [row.line for row in found] == [2, 5]


def test_the_guide_names_every_header_and_word() -> None:
    guide = (Path(__file__).parents[2] / "docs/howto/move-from-another-task-server.md").read_text()
    for names in (ALIASES, STAGE_WORDS, PRIORITY_WORDS):
        for column, others in names.items():
            assert f"| `{column}` | {', '.join(others)} |" in guide
