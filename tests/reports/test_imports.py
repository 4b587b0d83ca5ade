"""A large file is imported by a worker, with progress; all of it or nothing."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection

from taskbell.accounts.models import Installation, User
from taskbell.activity.models import Activity
from taskbell.api import transfer
from taskbell.people.leaving import deactivate_person
from taskbell.reports import building
from taskbell.reports.building import LEASE, make_waiting
from taskbell.reports.models import Report, ReportState, Upload
from taskbell.tasks.actions import create_task
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from taskbell.transfer import batches
from tests.conftest import NOW

one_writer = pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL writes it in one transaction")
TABLE = b"title,priority\n" + b"Sow,HIGH\n" * 30


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "MAX_BYTES_AT_ONCE", 200)


def send(program: Any, content: bytes, query: str = "", **headers: str) -> Any:
    return program.post("/api/tasks/import/" + query, content, content_type="text/csv", **headers)


def work(now: Any = NOW, **stops: Any) -> int:
    return make_waiting(clock=lambda: now, **stops)


def test_bo_sends_a_large_file_and_reads_how_it_went(as_user: Any, bo: User) -> None:
    accepted = send(as_user(bo), TABLE)
    assert accepted.status_code == 202
    at = accepted["Location"]
    assert (accepted.json()["kind"], accepted.json()["state"]) == ("import", "waiting")
    assert not Task.objects.exists()
    work()
    report = as_user(bo).get(at).json()
    assert (report["state"], report["progress"]) == ("done", 100)
    answer = as_user(bo).get(report["download"])
    assert answer.status_code == 200
    found = as_user(bo).get(report["download"])
    result = b"".join(found.streaming_content)
    assert b'"format":"csv","rows":30,"created":30,"updated":0,"skipped":0,"failed":0' in result
    assert Task.objects.filter(created_by=bo).count() == 30
    assert not Upload.objects.exists()


def test_one_bad_row_leaves_nothing_and_every_error_is_listed(as_user: Any, bo: User) -> None:
    at = send(as_user(bo), TABLE + b"Sow,HOT\n" * 2)["Location"]
    work()
    report = as_user(bo).get(at).json()
    assert (report["state"], report["problem"]) == ("failed", "Can't import 2 of 32 rows, so nothing was imported.")
    problem = b"".join(as_user(bo).get(report["download"]).streaming_content)
    assert problem.count(b'"field":"priority"') == 2
    assert not Task.objects.exists()
    partial = send(as_user(bo), TABLE + b"Sow,HOT\n" * 2, "?partial=true")["Location"]
    work()
    assert as_user(bo).get(partial).json()["state"] == "done"
    assert Task.objects.count() == 30


def test_a_file_with_many_rows_waits_for_a_worker_as_well(
    as_user: Any, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "MAX_BYTES_AT_ONCE", 10_000)
    monkeypatch.setattr(transfer, "MAX_ROWS_AT_ONCE", 20)
    assert send(as_user(bo), TABLE).status_code == 202
    work()
    assert Task.objects.count() == 30


def test_the_same_key_starts_one_import(as_user: Any, bo: User) -> None:
    first, again = (send(as_user(bo), TABLE, **{"Idempotency-Key": "one"}) for _ in range(2))
    assert (first.status_code, again.status_code, first["Location"]) == (202, 202, again["Location"])
    assert Report.objects.count() == 1
    refused = send(as_user(bo), TABLE)
    assert (refused.status_code, Report.objects.count()) == (429, 1)


def test_nobody_else_sees_the_import(as_user: Any, bo: User, cy: User) -> None:
    at = send(as_user(bo), TABLE)["Location"]
    assert as_user(cy).get(at).status_code == 404


def test_a_killed_import_is_taken_over(as_user: Any, bo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    at = send(as_user(bo), TABLE)["Location"]

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(building, "_keep", die)
        with pytest.raises(Killed):
            work()
    assert as_user(bo).get(at).json()["state"] == "running"
    work(NOW + LEASE + timedelta(seconds=1))
    assert Report.objects.get().state == ReportState.DONE
    assert Task.objects.count() == 30


def test_a_worker_that_stops_hands_the_import_back(as_user: Any, bo: User) -> None:
    send(as_user(bo), TABLE)
    answers = iter([False, True, True])
    assert work(should_stop=lambda: next(answers)) == 0
    assert Report.objects.get().state == ReportState.WAITING
    work()
    assert Task.objects.count() == 30


def test_an_upload_that_was_cut_is_given_up(bo: User) -> None:
    cut = Report.objects.create(
        person=bo, kind="import", format="json", created_at=NOW, state="running", lease_until=NOW, attempt=5
    )
    Upload.objects.create(report=cut, position=0, data=b"title")
    work(NOW + timedelta(seconds=1))
    assert Report.objects.get().state == ReportState.FAILED
    assert not Upload.objects.exists(), "it would be kept as long as the report"


def test_an_import_cannot_be_asked_for_as_a_report(as_user: Any, bo: User) -> None:
    assert as_user(bo).post("/api/reports/", {"kind": "import"}).status_code == 400


class Killed(BaseException):
    """What ends a process without a word."""


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What happens in the pauses of an import on SQLite, in which others can write; batches are small."""
    happens: list[Any] = []
    monkeypatch.setattr(batches, "ROWS", 7)
    monkeypatch.setattr(batches, "LINKED_ROWS", 7)
    monkeypatch.setattr(batches, "UPDATED_ROWS", 3)

    def pause() -> None:
        if happens:
            happens.pop(0)()

    monkeypatch.setattr(batches, "let_others_write", pause)
    return happens


def kill() -> None:
    raise Killed


def chain(rows: int) -> bytes:
    """Each row is blocked by the one below it, so that the last is written first."""
    lines = [f"{number},Task {number},{number + 1 if number < rows else ''}" for number in range(1, rows + 1)]
    return "\n".join(["id,title,pre_tasks", *lines, ""]).encode()


@one_writer
def test_others_write_between_the_batches(as_user: Any, bo: User, cy: User, pauses: list[Any]) -> None:
    program, written = as_user(cy), []

    def count() -> None:
        assert program.post("/api/tasks/", {"title": "Meanwhile"}).status_code == 201
        written.append(Task.objects.filter(created_by=bo).count())

    pauses += [count] * 5
    send(as_user(bo), TABLE)
    work()
    assert written == [7, 14, 21, 28, 30]
    assert Task.objects.count() == 35


@one_writer
@pytest.mark.parametrize("killed_after", [1, 3, 5])
def test_an_import_that_was_killed_between_batches_goes_on(
    as_user: Any, bo: User, pauses: list[Any], killed_after: int
) -> None:
    pauses += [lambda: None] * (killed_after - 1) + [kill]
    at = send(as_user(bo), chain(30))["Location"]
    with pytest.raises(Killed):
        work()
    assert Task.objects.count() == min(7 * killed_after, 30)
    work(NOW + LEASE + timedelta(seconds=1))
    report = as_user(bo).get(at).json()
    assert (report["state"], report["problem"]) == ("done", "")
    result = b"".join(as_user(bo).get(report["download"]).streaming_content)
    assert b'"rows":30,"created":30,"updated":0,"skipped":0,"failed":0' in result
    tasks = list(Task.objects.order_by("id"))
    assert [task.title for task in tasks] == [f"Task {number}" for number in range(1, 31)]
    for task, needed in pairwise(tasks):
        assert list(task.pre_tasks.all()) == [needed]
    assert Activity.objects.of_tasks().filter(action="created").count() == 30
    assert Activity.objects.of_tasks().filter(field="pre_tasks").count() == 29


@one_writer
def test_who_leaves_meanwhile_stops_nothing(as_user: Any, ada: User, bo: User, cy: User, pauses: list[Any]) -> None:
    pauses += [lambda: deactivate_person(cy, hand_to=None, by=ada, now=NOW), kill]
    send(as_user(bo), b"title,assigned_to\n" + b"Sow,cy\n" * 30)
    with pytest.raises(Killed):
        work()
    work(NOW + LEASE + timedelta(seconds=1))
    assert Report.objects.get().state == ReportState.DONE
    assert Task.objects.count() == 30
    assert not Task.objects.filter(assigned_to=cy).exists()


@one_writer
def test_an_update_is_rehearsed_before_anything_changes(as_user: Any, bo: User, cy: User, pauses: list[Any]) -> None:
    mine = [create_task(TaskPatch(title=f"Mine {n}"), by=bo, now=NOW) for n in range(20)]
    theirs = create_task(TaskPatch(title="Theirs", assigned_to_id=bo.pk), by=cy, now=NOW)
    key = Installation.own_key()
    lines = [f"{key}:{task.pk},taskbell,Changed,Described" for task in [*mine, theirs]]
    table = "\n".join(["source_id,source,title,description", *lines, ""]).encode()
    at = send(as_user(bo), table, "?on_existing=update")["Location"]
    work()
    report = as_user(bo).get(at).json()
    assert (report["state"], report["problem"]) == ("failed", "Can't import 1 of 21 rows, so nothing was imported.")
    assert not Task.objects.filter(title="Changed").exists()
    send(as_user(bo), table, "?on_existing=update&partial=true")
    work()
    assert Task.objects.filter(title="Changed").count() == 20
