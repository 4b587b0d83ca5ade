"""A report of four times as many tasks takes no more memory."""

import pytest

from taskbell.accounts.models import User
from taskbell.common import spreadsheet
from taskbell.common.union import Union
from taskbell.reports import writing
from taskbell.reports.insights import Question
from taskbell.reports.models import Format, Report, ReportKind
from taskbell.tasks.models import Task
from tests.conftest import NOW
from tests.memory import peak

pytestmark = pytest.mark.slow

TASKS = 2500


def test_an_export_as_csv(bo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def some(upto: int) -> int:
        tasks = Task.objects.visible_to(bo).filter(pk__lte=upto)
        question = Question(bo, tasks, Union([tasks]), is_of_everything=False)
        return peak(lambda: writing.pieces(report, question, now=NOW))

    # Not too few at a time: of each batch's statement psycopg keeps some 20 KiB, of the last 128 of them.
    monkeypatch.setattr(writing, "CHUNK_ROWS", 500)
    monkeypatch.setattr(spreadsheet, "CHUNK_ROWS", 100)
    report = Report(kind=ReportKind.EXPORT, format=Format.CSV, person=bo)
    moments = {"project": bo.inbox, "created_at": NOW, "updated_at": NOW}
    Task.objects.bulk_create(Task(title="Sow", timezone="UTC", created_by=bo, **moments) for _ in range(4 * TASKS))
    first = Task.objects.order_by("id").values_list("pk", flat=True)[0]
    some(first + TASKS // 2)  # what is made once and kept
    assert some(first + 4 * TASKS) < 1.5 * some(first + TASKS)
