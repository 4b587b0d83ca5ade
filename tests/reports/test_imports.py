"""A large file is imported by a worker, with progress; all of it or nothing."""

from datetime import timedelta
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.api import transfer
from taskbell.reports import building
from taskbell.reports.building import LEASE, make_waiting
from taskbell.reports.models import Report, ReportState, Upload
from taskbell.tasks.models import Task
from tests.conftest import NOW

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

    class Killed(BaseException):
        pass

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
    Report.objects.create(
        person=bo, kind="import", format="json", created_at=NOW, state="running", lease_until=NOW, attempt=5
    )
    work(NOW + timedelta(seconds=1))
    assert Report.objects.get().state == ReportState.FAILED


def test_an_import_cannot_be_asked_for_as_a_report(as_user: Any, bo: User) -> None:
    assert as_user(bo).post("/api/reports/", {"kind": "import"}).status_code == 400
