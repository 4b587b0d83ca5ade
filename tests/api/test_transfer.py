"""Files in and out by the API: who may, what is refused, and that all of it or nothing is written."""

import io
import json
import re
from collections import Counter
from contextlib import closing
from threading import Event
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test import Client as DjangoClient

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.api import import_answers
from taskbell.common.spreadsheet import BEGINS_FORMULA
from taskbell.notifications.models import Notification
from taskbell.tasks.actions import create_task
from taskbell.tasks.models import Category, Prerequisite, Task
from taskbell.tasks.patch import TaskPatch
from taskbell.transfer.reading import Row
from taskbell.transfer.table import csv_rows
from tests.conftest import NOW

COUNTED = {
    "format": "csv",
    **dict.fromkeys(("rows", "created", "updated", "skipped", "failed", "notice_count"), 0),
    "errors": [],
    "notices": [],
}
IMPORT, EXPORT = "/api/tasks/import/", "/api/tasks/export/"


def send(program: Any, text: str | bytes, query: str = "", **headers: str) -> Any:
    body = text if isinstance(text, bytes) else text.encode()
    return program.post(IMPORT + query, body, **{"content_type": "text/csv"} | headers)


def lines_and_fields(answer: Any) -> list[tuple[int, str, str]]:
    return [(error["line"], error["field"], error["code"]) for error in answer.json()["errors"]]


def test_bo_brings_his_tasks_along(as_user: Any, bo: User, cy: User) -> None:
    table = "id,title,category,assigned_to,pre_tasks\r\n7,Buy seeds,Garden,cy@example.org,\r\n8,Sow,GARDEN,,7\r\n"
    answer = send(as_user(bo), table)
    assert (answer.status_code, answer.json()) == (200, COUNTED | {"rows": 2, "created": 2})
    seeds, sow = Task.objects.order_by("id")
    assert (seeds.title, seeds.assigned_to, seeds.created_by) == ("Buy seeds", cy, bo)
    assert seeds.category == sow.category == Category.objects.get(name="Garden")
    assert list(sow.pre_tasks.all()) == [seeds]


def test_the_history_tells_of_an_import_as_of_a_task_made_by_hand(as_user: Any, bo: User) -> None:
    body = {"title": "Sow", "priority": "HIGH", "due_date": "2027-03-31", "due_time": "09:30:00"}
    as_user(bo).post("/api/tasks/", body)
    assert send(as_user(bo), f"{','.join(body)}\n{','.join(body.values())}\n").status_code == 200
    by_hand, imported = Activity.objects.of_tasks().filter(action="created").order_by("id")
    assert imported.new_value == by_hand.new_value
    assert (imported.user, imported.field, imported.old_value) == (bo, "", None)


def test_nobody_is_mailed_about_what_was_imported(as_user: Any, bo: User, cy: User) -> None:
    old = '"[{""at"": ""2020-01-01T09:00:00Z""}]"'
    assert send(as_user(bo), f"title,assigned_to,due_date,reminders\nSow,cy,2020-01-01,{old}\n").status_code == 200
    assert not Notification.objects.exists()
    task = Task.objects.get()
    assert task.status == "OVERDUE"
    assert task.reminders.get().state == "skipped"


def test_nothing_is_written_unless_every_row_is_good(as_user: Any, bo: User) -> None:
    table = (
        "title,priority,due_date,assigned_to,description\nSow,HOT,,,\n"
        'Water,LOW,soon,nobody,"All\nof them"\nWeed,,,nobody,\n,LOW,,,\nReap,,,,\n'
    )
    answer = send(as_user(bo), table)
    assert answer.status_code == 400
    assert (answer.json()["rows"], answer.json()["failed"]) == (5, 4)
    assert lines_and_fields(answer) == [
        (2, "priority", "invalid_choice"),
        (3, "due_date", "invalid"),
        (5, "assigned_to", "does_not_exist"),
        (6, "title", "required"),
    ]
    assert not Task.objects.exists()
    assert not Category.objects.exists()


def test_every_bad_row_is_told_however_many(as_user: Any, bo: User) -> None:
    many = 3000
    table = "id,title,pre_tasks\n" + "".join(f"{n},,0\n" for n in range(1, many + 1)) + f"{many + 1},Sow,\n"
    expected = [(line, "pre_tasks", "invalid") for line in range(2, many + 2)]
    answer = send(as_user(bo), table)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    problem = json.loads(answer.getvalue())
    assert list(problem) == ["type", "title", "status", "detail", "rows", "failed", "errors"]
    assert (problem["rows"], problem["failed"]) == (many + 1, many)
    assert [(error["line"], error["field"], error["code"]) for error in problem["errors"]] == expected
    answer = send(as_user(bo), table, "?partial=true")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    report = json.loads(answer.getvalue())
    assert list(report) == list(COUNTED)
    assert (report["created"], report["failed"], report["errors"]) == (1, many, problem["errors"])


def test_an_answer_that_is_kept_tells_every_bad_row_again(
    as_user: Any, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, key = "title\nSow\n" + '""\n' * 3000, {"Idempotency-Key": "one"}
    first, again = (send(as_user(bo), table, "?partial=true", **key) for _ in range(2))
    assert (first.json()["created"], len(first.json()["errors"])) == (1, 3000)
    assert again.json() == first.json()
    monkeypatch.setattr(import_answers, "MAX_KEPT_BYTES", 100_000)
    refused = send(as_user(bo), table, "?partial=true", **{"Idempotency-Key": "two"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "Idempotency-Key")
    assert Task.objects.count() == 1


def test_what_goes_wrong_between_rows_is_told_for_every_row(as_user: Any, bo: User) -> None:
    pairs = "".join(f"{n},a,\n{n},b,{n + 1000}\n" for n in range(1, 301))
    circles = "".join(f"{n},c,{n}\n" for n in range(5001, 5601))
    answer = send(as_user(bo), f"id,title,pre_tasks\n{pairs}{circles}")
    problem = json.loads(answer.getvalue())
    assert problem["failed"] == 1200
    counts = Counter(error["code"] for error in problem["errors"])
    assert counts == {"twice": 600, "does_not_exist": 300, "circle": 600}
    lines = [error["line"] for error in problem["errors"]]
    assert lines == sorted(lines)


def test_names_that_no_database_takes_are_told_without_what_cannot_be_told(as_user: Any, bo: User) -> None:
    answer = send(as_user(bo), '[{"na\\u0000me\\ud800": 1}]', content_type="application/json")
    assert (answer.status_code, lines_and_fields(answer)) == (400, [(1, "name", "unknown")])


def test_with_partial_the_good_rows_are_written(as_user: Any, bo: User) -> None:
    table = "id,title,pre_tasks,category\n1,Sow,,\n2,,,Lost\n3,Water,2,Lost\n4,Reap,3,\n5,Rest,1,Garden\n"
    answer = send(as_user(bo), table, "?partial=true")
    assert (answer.status_code, answer.json()["created"], answer.json()["failed"]) == (200, 2, 3)
    assert lines_and_fields(answer) == [(3, "title", "required"), (4, "pre_tasks", "waits"), (5, "pre_tasks", "waits")]
    assert sorted(Task.objects.values_list("title", flat=True)) == ["Rest", "Sow"]
    assert Prerequisite.objects.count() == 1
    assert [category.name for category in Category.objects.all()] == ["Garden"]


def test_a_circle_is_told_by_its_lines(as_user: Any, bo: User) -> None:
    table = "id,title,pre_tasks\n1,a,2\n2,b,3\n3,c,1\n4,d,\n5,e,5\n"
    answer = send(as_user(bo), table)
    assert answer.json()["failed"] == 4
    three, one = (error["message"] for error in answer.json()["errors"])
    assert re.search("lines (2 → 3 → 4|3 → 4 → 2|4 → 2 → 3|)", three)
    assert "lines 6 → 6" in one


@pytest.mark.parametrize(
    ("table", "line", "field", "code"),
    [
        ("", 1, "title", "unreadable"),
        ("title,surprise\nx,y\n", 1, "surprise", "unreadable"),
        ("title,title\nx,y\n", 1, "title", "unreadable"),
        ("id\n1\n", 1, "title", "unreadable"),
        ('title\n"x"y\n', 2, "", "unreadable"),
        ('title\nx\n"never closed', 3, "", "unreadable"),
        ("title\n" + "x" * 2_000_000, 2, "", "unreadable"),
        ("title,id\nx\n", 2, "", "cells"),
        ("title\nx\x00y\n", 2, "title", "unprintable"),
        (b"title\n\xc3\xa4\xff\n", 2, "title", "unprintable"),
        ("title,id\nx,1\ny,1\n", 2, "id", "twice"),
        ("title,id\nx,99999999999999999999\n", 2, "id", "invalid"),
        ("title,pre_tasks\nx,9\n", 2, "pre_tasks", "does_not_exist"),
        ("title,status\nx,OVERDUE\n", 2, "status", "invalid_choice"),
        ("title,recurrence\nx,FREQ=DAILY\n", 2, "recurrence", "needs_date"),
        ("title,recurrence,due_date\nx,now and then,2027-01-01\n", 2, "recurrence", "rule"),
        ("title,due_time\nx,10:00\n", 2, "due_time", "needs_date"),
        ("title,timezone\nx,Mars\n", 2, "timezone", "unknown_zone"),
        ("title,created_at\nx,2999-01-01T00:00:00Z\n", 2, "created_at", "future"),
        ("title,reminders\nx,soon\n", 2, "reminders", "invalid"),
        ('title,reminders\nx,"[{}]"\n', 2, "reminders", "required"),
        ("title,category\nx," + "\ufdfa" * 100 + "\n", 2, "category", "max_length"),
    ],
)
def test_what_cannot_be_read_is_named(
    as_user: Any, bo: User, table: str | bytes, line: int, field: str, code: str
) -> None:
    answer = send(as_user(bo), table or b"\n")
    assert answer.status_code == 400
    assert lines_and_fields(answer)[0] == (line, field, code)
    assert not Task.objects.exists()


@pytest.mark.parametrize(
    ("text", "line"),
    [('[{"title": "x"}', 1), ('[{"title": "x"},\n{"title": NaN}]', 2), ("[" * 50_000, 1), ('[{"title": "x"}] x', 1)],
)
def test_json_that_is_none_is_refused_by_its_line(as_user: Any, bo: User, text: str, line: int) -> None:
    answer = send(as_user(bo), text, content_type="application/json")
    assert answer.status_code == 400
    assert lines_and_fields(answer)[0][0] == line


@pytest.mark.parametrize("text", ['[{"title": "a"}, {"title": "b"}]', '{"title": "a"}\n{"title": "b"}\n'])
def test_json_comes_as_one_list_or_line_by_line(as_user: Any, bo: User, text: str) -> None:
    answer = send(as_user(bo), text, content_type="application/json")
    assert answer.json()["created"] == 2


def test_a_file_can_be_uploaded_from_a_form(as_user: Any, bo: User, tmp_path: Any) -> None:
    file = tmp_path / "tasks.csv"
    file.write_text("\ufefftitle;priority\nSow;LOW\n")
    with file.open("rb") as opened:
        answer = DjangoClient(HTTP_HOST="localhost").post(
            IMPORT, {"file": opened}, headers={"Authorization": f"Bearer {as_user(bo).access}"}
        )
    assert (answer.status_code, answer.json()["created"]) == (200, 1)


def test_the_same_import_twice_is_one(as_user: Any, bo: User) -> None:
    key = {"Idempotency-Key": "one"}
    first, again = (send(as_user(bo), "title\nSow\n", **key) for _ in range(2))
    assert first.json() == again.json()
    assert again["Idempotency-Replayed"] == "true"
    assert send(as_user(bo), "title\nReap\n", **key).status_code == 422
    assert Task.objects.count() == 1


def test_members_import_in_their_own_name_and_managers_keep_who_made_it(
    as_user: Any, bo: User, cy: User, mia: User
) -> None:
    for person in (bo, mia):
        send(as_user(person), "title,created_by\nSow,cy\nReap,gone\n")
    assert [task.created_by for task in Task.objects.order_by("id")] == [bo, bo, cy, mia]


def test_a_file_that_is_too_large_is_refused(as_user: Any, bo: User, settings: Any) -> None:
    settings.TASKBELL_IMPORT_MEGABYTES = 1
    answer = send(as_user(bo), "title\n" + "x\n" * 600_000)
    assert answer.status_code == 413
    assert not Task.objects.exists()


def test_an_export_has_what_the_list_has(as_user: Any, bo: User, cy: User, mia: User) -> None:
    for title, by in (("Sow", bo), ("Reap", bo), ("Rest", cy)):
        create_task(TaskPatch(title=title), by=by, now=NOW)
    for person, query, titles in (
        (bo, "", ["Sow", "Reap"]),
        (bo, "&q=sow", ["Sow"]),
        (bo, "&ordering=title", ["Reap", "Sow"]),
        (mia, "", ["Sow", "Reap", "Rest"]),
    ):
        answer = as_user(person).get(f"{EXPORT}?format=json{query}")
        assert [task["title"] for task in json.loads(answer.getvalue())] == titles


def test_an_export_names_no_prerequisites_that_it_does_not_have(as_user: Any, bo: User) -> None:
    first = create_task(TaskPatch(title="Sow", stage="COMPLETED"), by=bo, now=NOW)
    create_task(TaskPatch(title="Reap", pre_tasks=[first.pk]), by=bo, now=NOW)
    file = as_user(bo).get(f"{EXPORT}?stage=PENDING").getvalue()
    assert send(as_user(bo), file).json()["skipped"] == 1
    Task.objects.all().delete()
    assert send(as_user(bo), file).json()["created"] == 1


@pytest.mark.parametrize("query", ["?format=pdf", "?page=2", "?surprise=1", "?priority=HOT", "?ordering=x"])
def test_an_export_refuses_what_it_does_not_know(as_user: Any, bo: User, query: str) -> None:
    assert as_user(bo).get(EXPORT + query).status_code == 400


@pytest.mark.parametrize(
    ("query", "accept", "media_type", "name"),
    [
        ("?format=ics", "", "text/calendar; charset=utf-8", "tasks.ics"),
        ("?format=ics", "application/json", "text/calendar; charset=utf-8", "tasks.ics"),
        ("", "text/calendar", "text/calendar; charset=utf-8", "tasks.ics"),
        ("", "text/calendar;charset=utf-8", "text/calendar; charset=utf-8", "tasks.ics"),
        ("", "application/json", "application/json", "tasks.json"),
        ("", "*/*", "text/csv; charset=utf-8", "tasks.csv"),
        ("", "application/json, text/plain, */*", "text/csv; charset=utf-8", "tasks.csv"),
    ],
)
def test_an_export_has_the_format_that_is_asked_for(
    as_user: Any, bo: User, query: str, accept: str, media_type: str, name: str
) -> None:
    answer = as_user(bo).get(EXPORT + query, Accept=accept)
    assert answer["Content-Type"] == media_type
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'


def test_a_calendar_goes_out_and_comes_back(as_user: Any, bo: User, cy: User) -> None:
    create_task(TaskPatch(title="Sow"), by=bo, now=NOW)
    file = as_user(bo).get(f"{EXPORT}?format=ics").getvalue()
    for query in ("", "?format=ics", "?format=ical"):
        answer = as_user(bo)("POST", IMPORT + query, file, content_type="text/calendar")
        assert (answer.status_code, answer.json()["skipped"], answer.json()["notices"]) == (200, 1, [])
    Task.objects.all().delete()
    assert as_user(cy)("POST", IMPORT, file, content_type="text/calendar").json()["created"] == 1


def test_an_empty_export_is_a_file_as_well(as_user: Any, bo: User) -> None:
    assert json.loads(as_user(bo).get(f"{EXPORT}?format=json").getvalue()) == []
    assert as_user(bo).get(EXPORT).getvalue().startswith(b"id,title,")


def test_no_cell_is_a_formula(as_user: Any, bo: User) -> None:
    User.objects.filter(pk=bo.pk).update(username="+bo", username_key="+bo")
    words = ["=HYPERLINK(1)", "-1", "@SUM(A1)", "+bo"]
    table = "title,description,category,assigned_to\r\n" + ",".join(words)
    assert send(as_user(bo), table).json().get("created") == 1
    file = as_user(bo).get(EXPORT).getvalue().decode()
    for word in words:
        assert f",'{word}," in file
    assert not [cell for cell in re.split("[,\r\n]", file) if cell[:1] in set(BEGINS_FORMULA)]
    Task.objects.all().delete()
    assert send(as_user(bo), file).json()["created"] == 1
    brought_back = Task.objects.get()
    assert brought_back.assigned_to == bo
    assert [brought_back.title, brought_back.description, str(brought_back.category)] == words[:3]


def test_who_leaves_ends_the_export_and_gives_the_connection_back(as_user: Any, bo: User) -> None:
    moments = {"project": bo.inbox, "created_at": NOW, "updated_at": NOW}
    Task.objects.bulk_create(Task(title="Sow", timezone="UTC", created_by=bo, **moments) for _ in range(5000))
    left, held = Event(), len(connection.savepoint_ids)
    scope = {"asgi.scope": {"taskbell.left": left}}
    headers = {"Authorization": f"Bearer {as_user(bo).access}"}
    answer: Any = DjangoClient(HTTP_HOST="localhost").get(EXPORT, headers=headers, **scope)
    with closing(answer):
        pieces = iter(answer.streaming_content)
        assert next(pieces).startswith(b"id,title,")
        assert b",Sow," in next(pieces)
        left.set()
        assert list(pieces) == []
    assert len(connection.savepoint_ids) == held


def test_an_export_begins_with_a_mark_of_its_encoding_on_request(as_user: Any, bo: User) -> None:
    create_task(TaskPatch(title="Säen; =1+1"), by=bo, now=NOW)
    file = as_user(bo).get(f"{EXPORT}?bom=true").getvalue()
    assert file.startswith(b"\xef\xbb\xbfid,title,")
    assert "Säen;' =1+1".encode() in file
    assert as_user(bo).get(f"{EXPORT}?bom=false").getvalue().startswith(b"id,")
    assert [row.cells["title"] for row in csv_rows(io.BytesIO(file)) if isinstance(row, Row)] == ["Säen; =1+1"]
    for query in ("?bom=maybe", "?format=json&bom=true"):
        assert as_user(bo).get(EXPORT + query).json()["errors"][0]["field"] == "bom"


def test_a_map_and_an_order_of_dates_are_parameters(as_user: Any, bo: User) -> None:
    table = "Was,Due,Cost\nSow,03/04/2027,7\n"
    refused = send(as_user(bo), table)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "Was")
    answer = send(as_user(bo), table, "?map=Was:title,Cost:&dates=dmy&strict=true")
    assert (answer.status_code, answer.json()["created"]) == (200, 1), answer.content
    assert [(notice["line"], notice["field"], notice["message"]) for notice in answer.json()["notices"]] == [
        (1, "Cost", "Left out, as the map says."),
        (2, "due_date", "Read as day/month/year: 03/04/2027 is 2027-04-03."),
    ]
    assert str(Task.objects.get().due_date) == "2027-04-03"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?map=Was", "map"),
        ("?map=Was:colour", "map"),
        ("?map=:title", "map"),
        ("?dates=ymd", "dates"),
        ("?format=json&map=Was:title", "map"),
        ("?format=vikunja&dates=dmy", "dates"),
    ],
)
def test_a_map_that_means_nothing_is_refused(as_user: Any, bo: User, query: str, field: str) -> None:
    answer = send(as_user(bo), "Was\nSow\n", query)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_an_instant_in_a_sheet_is_due_in_the_zone_of_the_importer(as_user: Any, bo: User) -> None:
    type(bo.profile).objects.filter(user=bo).update(timezone="Asia/Tokyo")
    assert send(as_user(bo), "title,due\nSow,2027-03-31T20:00:00Z\n").json()["created"] == 1
    task = Task.objects.get()
    assert (str(task.due_date), str(task.due_time), task.timezone) == ("2027-04-01", "05:00:00", "Asia/Tokyo")


BOARD = {"cards": [{"id": "65a4f0000000000000000011", "name": "Sow", "idMembers": [], "start": "2027-03-30"}]}


@pytest.mark.parametrize(
    "content_type", ["application/octet-stream", "application/json", "text/plain", "image/x-board"]
)
def test_a_file_says_itself_what_it_is(as_user: Any, bo: User, content_type: str) -> None:
    answer = send(as_user(bo), json.dumps(BOARD), content_type=content_type)
    told = {"line": 1, "field": "start", "message": "Card Sow: start can't be imported: 2027-03-30."}
    expected = COUNTED | {"format": "trello", "rows": 1, "created": 1, "notice_count": 1, "notices": [told]}
    assert (answer.status_code, answer.json()) == (200, expected)


def test_with_strict_what_cannot_be_imported_is_an_error(as_user: Any, bo: User) -> None:
    answer = send(as_user(bo), json.dumps(BOARD), "?strict=true")
    assert (answer.status_code, lines_and_fields(answer)) == (400, [(1, "start", "not_imported")])
    answer = send(as_user(bo), json.dumps(BOARD), "?strict=true&partial=true")
    assert (answer.json()["created"], answer.json()["failed"]) == (0, 1)
    assert not Task.objects.exists()


def test_the_same_file_twice_is_counted(as_user: Any, bo: User) -> None:
    assert send(as_user(bo), json.dumps(BOARD)).json()["created"] == 1
    again = send(as_user(bo), json.dumps(BOARD)).json()
    assert (again["created"], again["skipped"], again["notices"]) == (0, 1, [])
    changed = json.dumps(BOARD).replace("Sow", "Sow beans")
    assert send(as_user(bo), changed, "?on_existing=update").json()["updated"] == 1
    refused = send(as_user(bo), changed, "?on_existing=error")
    assert (refused.status_code, lines_and_fields(refused)) == (400, [(1, "source_id", "exists")])
    assert send(as_user(bo), changed, "?on_existing=double").status_code == 400
    assert Task.objects.get().title == "Sow beans"


def test_the_answer_to_a_repeated_request_is_the_first_even_if_known_tasks_are_an_error(as_user: Any, bo: User) -> None:
    key = {"Idempotency-Key": "one"}
    first, again = (send(as_user(bo), json.dumps(BOARD), "?on_existing=error", **key) for _ in range(2))
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert first.json()["created"] == 1


def test_a_type_that_nothing_reads_is_refused_with_those_that_are(as_user: Any, bo: User) -> None:
    answer = send(as_user(bo), "Dear Bo", content_type="text/x-letter")
    assert answer.status_code == 415
    for accepted in ("text/csv", "text/calendar", "application/json", "multipart/form-data"):
        assert accepted in answer.json()["detail"]
        assert accepted in answer["Accept"]
    answer = as_user(bo).post("/api/tasks/", b"{}", content_type="text/plain")
    assert (answer.status_code, answer["Accept"]) == (415, "application/json")
    assert "application/json" in answer.json()["detail"]


@pytest.mark.parametrize(
    "table",
    [b"title,x\xff\xfe\xed\xa0\x80\nSow,1\n", b"ti\xfftle\nSow\n", b"\xff", b"title,priority\nSow,\xed\xa0\x80\n"],
)
@pytest.mark.parametrize("query", ["", "?partial=true", "?format=todoist", "?format=ical", "?format=json"])
def test_every_answer_is_json_for_strict_readers(as_user: Any, bo: User, table: bytes, query: str) -> None:
    answer = send(as_user(bo), table, query)
    orjson.loads(answer.getvalue())  # which refuses lone surrogates


@pytest.mark.parametrize("body", [b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"sep=;", b"sep=;\n\n", b"\xff\xfe\n\x00"])
def test_a_file_of_marks_alone_is_empty(as_user: Any, bo: User, body: bytes) -> None:
    assert send(as_user(bo), body).status_code == 400
    assert send(as_user(bo), body, content_type="application/octet-stream").status_code == 400
