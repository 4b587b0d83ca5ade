"""A file that is four times as long takes no more memory, in and out, whether its rows are good or bad."""

import io
from collections.abc import Iterable, Iterator
from itertools import chain, repeat

import pytest

from taskbell.accounts.models import User
from taskbell.common import loading, spreadsheet
from taskbell.tasks.models import Task
from taskbell.transfer import export_related, exporting, importing
from taskbell.transfer.exporting import every_task, export_tasks
from taskbell.transfer.formats import READERS
from taskbell.transfer.importing import ImportRefused, Options, import_tasks
from taskbell.transfer.reading import Notice, Row
from tests.conftest import NOW
from tests.memory import peak

pytestmark = pytest.mark.slow

ROWS = 2500
MORE = 1.5  # what a peak may differ by: drivers keep the statements they have seen lately
GOOD = b"Sow the beans and the peas in rows that are straight,HIGH,As deep as they are long\n"
BAD = b"Sow the beans and the peas in rows that are straight,HOT,As deep as they are long\n"


class Sent(io.RawIOBase):
    """A file that nobody has as a whole."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = iter(lines)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        line = next(self._lines, b"")
        buffer[: len(line)] = line
        return len(line)


def table(row: bytes, times: int) -> io.BufferedReader:
    return io.BufferedReader(Sent(chain([b"title,priority,description\n"], repeat(row, times))))


@pytest.fixture(autouse=True)
def _few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file has many batches as well."""
    for module, rows in ((loading, 500), (exporting, 500), (export_related, 500), (importing, 500), (spreadsheet, 100)):
        monkeypatch.setattr(module, "CHUNK_ROWS", rows)


@pytest.mark.parametrize("format_", ["csv", "json", "ndjson", "ics"])
def test_an_export(bo: User, format_: str) -> None:
    def some(upto: int) -> int:
        return peak(lambda: export_tasks(every_task(bo).filter(pk__lte=upto), bo, format_))

    moments = {"project": bo.inbox, "created_at": NOW, "updated_at": NOW}
    Task.objects.bulk_create(
        Task(title="Sow", description="In rows", timezone="UTC", created_by=bo, **moments) for _ in range(4 * ROWS)
    )
    first = Task.objects.order_by("id").values_list("pk", flat=True)[0]
    some(first + ROWS // 2)  # what is made once and kept
    assert some(first + 4 * ROWS) < MORE * some(first + ROWS)


def test_an_import(bo: User) -> None:
    def of(rows: int) -> int:
        return peak(lambda: import_tasks(READERS["csv"](table(GOOD, rows)), by=bo, now=NOW).errors)

    of(ROWS // 2)
    assert of(4 * ROWS) < MORE * of(ROWS)
    assert Task.objects.count() == 4 * ROWS, "rows without ids are recognised"


def test_an_import_of_which_every_row_is_told_to_be_bad(bo: User) -> None:
    def told(rows: int) -> Iterator[bytes]:
        with pytest.raises(ImportRefused) as refused:
            import_tasks(READERS["csv"](table(BAD, rows)), by=bo, now=NOW)
        errors = refused.value.result.errors
        assert sum(1 for _ in errors) == rows
        return errors.as_json()

    def of(rows: int) -> int:
        return peak(lambda: told(rows))

    of(ROWS // 2)
    assert of(4 * ROWS) < MORE * of(ROWS)


@pytest.mark.parametrize("on_existing", ["skip", "update"])
def test_an_import_of_known_tasks_with_a_notice_for_every_row(bo: User, on_existing: str) -> None:
    def rows(count: int) -> Iterator[Row]:
        for number in range(count):
            notice = Notice(number, "start", "start can't be imported: 2027-03-30T10:00:00.000Z.")
            yield Row(number, {"title": "Sow"}, source="trello", source_id=f"{number}", notices=[notice])

    def of(count: int) -> Iterator[bytes]:
        report = import_tasks(rows(count), Options(on_existing=on_existing), by=bo, now=NOW)
        return report.notices.as_json()

    of(4 * ROWS)  # creates the tasks
    assert peak(lambda: of(4 * ROWS)) < MORE * peak(lambda: of(ROWS))
    assert Task.objects.count() == 4 * ROWS
