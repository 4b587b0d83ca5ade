"""Reports that a worker makes: asked for, made, told of, downloaded, and gone in time."""

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from openpyxl import load_workbook

from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.activity.models import Activity
from taskbell.common import spreadsheet
from taskbell.common.clock import utc_now
from taskbell.reports import building, writing
from taskbell.reports.actions import MAX_REPORTS, MAX_UNFINISHED
from taskbell.reports.models import Piece, Report, ReportState
from taskbell.sharing.members import add_member, remove_member
from taskbell.sharing.projects import create_project
from taskbell.tasks.models import Task
from tests.conftest import NOW, Program
from tests.tasks.conftest import a_task

Somebody = Callable[[User], Program]
URL = "/api/reports/"
TITLES = ["Order soil", "=HYPERLINK(1)", 'Sow, "the" beans and peas', "+1", "Möhren 🥕"]


@pytest.fixture
def program(bo: User, as_user: Somebody) -> Program:
    """Speaks for Bo, who has some tasks."""
    for title in TITLES:
        a_task(bo, title)
    return as_user(bo)


def asked(program: Program, **body: Any) -> str:
    """The path of a report that was just asked for."""
    answer = program.post(URL, body)
    assert answer.status_code == 202, answer.content
    assert answer.json() == program.get(answer["Location"]).json()
    assert (answer.json()["state"], answer.json()["progress"], answer.json()["download"]) == ("waiting", 0, None)
    return answer["Location"]


def made(program: Program, **body: Any) -> dict[str, Any]:
    path = asked(program, **body)
    assert building.make_waiting(clock=utc_now) == 1
    report: dict[str, Any] = program.get(path).json()
    assert (report["state"], report["progress"], report["problem"]) == ("done", 100, "")
    return report


def file_of(program: Program, report: dict[str, Any]) -> bytes:
    answer: Any = program.get(report["download"])
    assert answer.status_code == 200
    assert isinstance(answer, StreamingHttpResponse)
    content = b"".join(answer.streaming_content)  # type: ignore[arg-type]
    assert len(content) == int(answer["Content-Length"]) == report["size"]
    assert answer["Content-Disposition"].endswith(f'-{report["id"]}.{report["format"]}"')
    return content


def test_an_export_has_every_task_in_each_format(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "CHUNK_ROWS", 2)
    as_json = json.loads(file_of(program, made(program, kind="export", format="json")))
    assert [task["title"] for task in as_json] == TITLES
    rows = list(csv.DictReader(io.StringIO(file_of(program, made(program, kind="export", format="csv")).decode())))
    assert [row["title"] for row in rows] == [f"'{title}" if title[0] in "=+" else title for title in TITLES]
    assert rows[0]["created_at"] == as_json[0]["created_at"] == "2026-11-21T09:00:00Z"
    book = load_workbook(io.BytesIO(file_of(program, made(program, kind="export", format="xlsx"))))
    header, *sheet = book.worksheets[0].iter_rows(values_only=True)
    assert header == writing.HEADER
    assert [row[1] for row in sheet] == TITLES
    assert sheet[0][header.index("created_at")] == NOW.replace(tzinfo=None)
    assert {cell.data_type for cell in book.worksheets[0]["B"]} == {"s"}, "no cell is a formula"


def test_an_export_is_the_same_file_as_the_one_made_at_once_and_can_be_imported_again(
    program: Program, bo: User, cy: User, as_user: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "CHUNK_ROWS", 2)
    first, *_, last = Task.objects.order_by("id").values_list("pk", flat=True)
    reminders = [{"before_due": "PT2H"}]
    fields = {"pre_tasks": [last], "due_date": "2027-01-05", "due_time": "09:30", "reminders": reminders}
    assert program.patch(f"/api/tasks/{first}/", fields).status_code == 200
    for format_, happened in (
        ("csv", "created"),
        ("json", "skipped"),
        ("ics", "skipped"),
    ):  # Cy brings the same tasks along twice
        content = file_of(program, made(program, kind="export", format=format_))
        at_once: Any = program.get(f"/api/tasks/export/?format={format_}")
        assert content == b"".join(at_once.streaming_content)
        again = as_user(cy).post(f"/api/tasks/import/?format={format_}", content)
        assert again.status_code == 200, again.content
        report = again.json()
        assert (report["rows"], report[happened], report["failed"], report["notices"]) == (5, 5, 0, [])
    task = Task.objects.visible_to(cy).order_by("id").first()
    assert task
    assert (str(task.due_time), task.needs.count()) == ("09:30:00", 1)


def test_what_no_workbook_can_hold_is_left_out(program: Program) -> None:
    Task.objects.filter(title=TITLES[0]).update(title="a\uffffb\x0b", description="c\ufffe")
    book = load_workbook(io.BytesIO(file_of(program, made(program, kind="export", format="xlsx"))))
    _, first, *_ = book.worksheets[0].iter_rows(values_only=True)
    assert first[1:3] == ("ab", "c")


def test_very_many_rows_go_on_to_another_sheet(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "CHUNK_ROWS", 2)
    monkeypatch.setattr(writing, "MAX_SHEET_ROWS", 2)
    book = load_workbook(io.BytesIO(file_of(program, made(program, kind="export", format="xlsx"))))
    assert [sheet.max_row for sheet in book.worksheets] == [3, 3, 2]


@pytest.mark.parametrize("format_", ["json", "csv", "xlsx", "ics"])
def test_an_export_of_nothing_is_a_file_too(program: Program, format_: str) -> None:
    report = made(program, kind="export", format=format_, q="nowhere")
    content = file_of(program, report)
    if format_ == "json":
        assert json.loads(content) == []
    elif format_ == "csv":
        assert content.decode().split("\r\n") == [",".join(writing.HEADER), ""]
    elif format_ == "ics":
        assert content.decode().split("\r\n")[-2:] == ["END:VCALENDAR", ""]
    else:
        assert load_workbook(io.BytesIO(content)).worksheets[0].max_row == 1


def test_insights_are_those_that_are_read_at_once(program: Program, mia: User, as_user: Somebody) -> None:
    for speaker in (program, as_user(mia)):
        query = {"group": "week", "priority": ["MEDIUM", "LOW"], "completed": False}
        report = made(speaker, kind="insights", **query)
        at_once = speaker.get("/api/reports/insights/?group=week&priority=MEDIUM,LOW&completed=false").json()
        assert json.loads(file_of(speaker, report)) == at_once
        rows = list(csv.reader(io.StringIO(file_of(speaker, made(speaker, kind="insights", format="csv")).decode())))
        assert rows[0] == ["section", "name", "value"]
        assert ["tasks_by_status", "PENDING", "5"] in rows
        assert ["total", "", "5"] in rows


def test_insights_in_a_file_count_by_project_if_asked_for(program: Program, bo: User) -> None:
    report = made(program, kind="insights", format="csv", by_project=True)
    rows = list(csv.reader(io.StringIO(file_of(program, report).decode())))
    assert rows[-1] == ["tasks_by_project", f"Inbox ({bo.inbox.pk})", "5"]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "kind"),
        ({"kind": "poem"}, "kind"),
        ({"kind": "export", "format": "pdf"}, "format"),
        ({"kind": "insights", "format": "ics"}, "format"),
        ({"kind": "export", "surprise": 1}, "surprise"),
        ({"kind": "export", "group": "week"}, "group"),
        ({"kind": "insights", "group": "year"}, "group"),
        ({"kind": "insights", "priority": "high"}, "priority"),
        ({"kind": "insights", "priority": {"a": 1}}, "priority"),
        ({"kind": "insights", "priority": None}, "priority"),
        ({"kind": "insights", "q": []}, "q"),
        ({"kind": "insights", "q": "a\x00b"}, "q"),
        ({"kind": "insights", "person": 1}, "person"),
        ({"kind": "insights", "page": 1}, "page"),
    ],
)
def test_what_cannot_be_understood_is_refused_before_a_worker_begins(
    program: Program, body: dict[str, Any], named: str
) -> None:
    answer = program.post(URL, body)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [named]
    assert not Report.objects.exists()


def test_a_body_that_is_no_object_is_refused(program: Program) -> None:
    for body in ([], [1], "x", 7):
        assert program.post(URL, body).status_code == 400


def test_a_report_tells_what_its_person_may_see_when_it_is_made(program: Program, bo: User, cy: User) -> None:
    a_task(cy, "Cy's own")
    path = asked(program, kind="export")
    User.objects.filter(pk=bo.pk).update(role=Role.MANAGER)
    building.make_waiting(clock=utc_now)
    titles = [task["title"] for task in json.loads(file_of(program, program.get(path).json()))]
    assert titles == [*TITLES, "Cy's own"]


def test_who_sees_less_by_now_does_not_get_what_tells_of_everything(program: Program, bo: User, cy: User) -> None:
    a_task(cy, "Cy's own")
    User.objects.filter(pk=bo.pk).update(role=Role.MANAGER)
    report = made(program, kind="export")
    User.objects.filter(pk=bo.pk).update(role=Role.INTERN)
    refused = program.get(report["download"])
    assert refused.status_code == 409
    assert b"Cy's own" not in refused.content
    User.objects.filter(pk=bo.pk).update(role=Role.MANAGER)
    assert program.get(report["download"]).status_code == 200


@pytest.mark.parametrize("body", [{"kind": "export"}, {"kind": "insights", "by_project": True}])
def test_a_removed_member_does_not_get_a_report_that_covers_the_project(
    program: Program, bo: User, cy: User, body: dict[str, Any]
) -> None:
    before = made(program, **body)
    garden = create_project({"name": "Garden"}, by=cy, now=NOW)
    add_member(garden.pk, bo.pk, "VIEWER", by=cy, now=NOW)
    a_task(cy, "Cy's own", project_id=garden.pk)
    report = made(program, **body)
    assert b"Garden" in file_of(program, report)
    remove_member(garden.pk, bo.pk, by=cy, now=NOW)
    refused = program.get(report["download"])
    assert refused.status_code == 409
    assert b"Garden" not in file_of(program, before)
    assert b"Garden" not in file_of(program, made(program, **body))


def test_nobody_else_gets_the_report_not_even_an_admin(program: Program, ada: User, as_user: Somebody) -> None:
    report, admin = made(program, kind="export"), as_user(ada)
    for path in (f"{URL}{report['id']}/", report["download"]):
        assert admin.get(path).status_code == 404
    assert admin.delete(f"{URL}{report['id']}/").status_code == 404
    assert admin.get(URL).json()["count"] == 0
    assert program.get(URL).json()["results"] == [report]


def test_a_person_has_three_in_the_making_at_most(program: Program, cy: User, as_user: Somebody) -> None:
    paths = [asked(program, kind="export") for _ in range(MAX_UNFINISHED)]
    answer: HttpResponse = program.post(URL, {"kind": "export"})
    assert answer.status_code == 429
    assert answer["Retry-After"]
    assert program.get(paths[0] + "download/").status_code == 409
    asked(as_user(cy), kind="export")
    assert program.delete(paths[0]).status_code == 204
    asked(program, kind="export")


def test_the_oldest_of_very_many_makes_room(program: Program) -> None:
    reports = [made(program, kind="insights")["id"] for _ in range(MAX_REPORTS + 2)]
    kept = [report["id"] for report in program.get(f"{URL}?page_size=200").json()["results"]]
    assert kept == reports[:1:-1]


def test_the_same_request_twice_is_one_report(program: Program) -> None:
    key = {"Idempotency-Key": "once"}
    first, second = (program.post(URL, {"kind": "export"}, **key) for _ in range(2))
    assert (first.json(), first["Location"]) == (second.json(), second["Location"])
    assert Report.objects.count() == 1


def test_how_far_it_is_can_be_followed(program: Program, bo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheet, "CHUNK_ROWS", 1)
    report = made(program, kind="export", format="csv")
    lines = Activity.objects.filter(subject_type="report", action="progress", person_id=bo.pk).order_by("id")
    told = [line.new_value for line in lines]
    assert [said["progress"] for said in told] == [20, 40, 60, 80, 99, 100]
    assert told[-1] == {"report_id": report["id"], "state": "done", "progress": 100}


def test_the_report_of_a_worker_that_is_gone_is_taken_up_and_the_worker_is_fenced(program: Program) -> None:
    path, now = asked(program, kind="export", format="csv"), utc_now()
    lost = building.claim(now)
    assert lost
    building._keep(lost, 0, b"half a fi", progress=50, now=now)
    assert building.claim(now + timedelta(seconds=100)) is None
    later = now + timedelta(minutes=3)
    assert building.make_waiting(clock=lambda: later) == 1
    with pytest.raises(building.Fenced):
        building._keep(lost, 1, b"le", progress=60, now=now)
    content = file_of(program, program.get(path).json())
    assert len(list(csv.reader(io.StringIO(content.decode())))) == len(TITLES) + 1


def test_a_report_that_no_worker_survives_is_given_up(program: Program) -> None:
    path, now = asked(program, kind="export"), utc_now()
    for _ in range(building.MAX_ATTEMPTS):
        assert building.claim(now)
        now += timedelta(minutes=3)
    assert building.make_waiting(clock=lambda: now) == 0
    report = program.get(path).json()
    assert (report["state"], report["problem"]) == ("failed", building.GAVE_UP)
    answer = program.get(path + "download/")
    assert (answer.status_code, building.GAVE_UP in answer.json()["detail"]) == (409, True)


def test_a_worker_that_is_told_to_stop_hands_the_report_back(program: Program) -> None:
    path = asked(program, kind="export")
    stops = iter([False, True, True])
    assert building.make_waiting(clock=utc_now, should_stop=lambda: next(stops)) == 0
    assert program.get(path).json()["state"] == ReportState.WAITING
    assert Report.objects.get().attempt == 0
    assert building.make_waiting(clock=utc_now) == 1


def test_a_report_that_is_deleted_in_the_making_leaves_nothing(program: Program) -> None:
    path = asked(program, kind="export", format="csv")

    def stop_after_deleting() -> bool:
        if Report.objects.filter(state=ReportState.RUNNING).exists():
            assert program.delete(path).status_code == 204
        return False

    assert building.make_waiting(clock=utc_now, should_stop=stop_after_deleting) == 0
    assert not Report.objects.exists()
    assert not Piece.objects.exists()
    assert program.get(path).status_code == 404


def test_what_breaks_is_told_and_keeps_no_other_from_being_made(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = asked(program, kind="export")
    Report.objects.update(query={"priority": "gone from the code"})
    fine = asked(program, kind="insights")
    assert building.make_waiting(clock=utc_now) == 1
    assert program.get(fine).json()["state"] == "done"
    report = program.get(broken).json()
    assert (report["state"], "LOW" in report["problem"]) == ("failed", True)


def test_reports_go_after_their_days(program: Program, settings: Any) -> None:
    settings.TASKBELL_REPORT_DAYS = 7
    report, waiting = made(program, kind="export"), asked(program, kind="export")
    now = utc_now()
    assert building.forget_old(now + timedelta(days=6, hours=23)) == 0
    assert building.forget_old(now + timedelta(days=7, minutes=1)) == 1
    assert program.get(report["download"]).status_code == 404
    assert program.get(waiting).status_code == 200


def test_lists_of_reports_cost_three_and_one_costs_two(program: Program, query_budget: Any) -> None:
    reports = [made(program, kind="insights") for _ in range(3)]
    with query_budget(3):  # session and person, count, reports
        assert program.get(URL).json()["count"] == len(reports)
    with query_budget(2):
        program.get(f"{URL}{reports[0]['id']}/")
