"""Makes tasks of a file: first every row is read and checked, then all of it is written in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from django.db import transaction

from taskbell.accounts.models import User
from taskbell.common.errors import Refusal
from taskbell.tasks.policy import check_may_create
from taskbell.transfer import findings, staging
from taskbell.transfer.checking import Checker
from taskbell.transfer.errors import Errors
from taskbell.transfer.reading import Row

AT_ONCE = 2000


class ImportRefused(Refusal):
    """Some rows cannot be imported, and so none was. What is wrong with each is in the report."""

    title = "Invalid input"

    def __init__(self, report: "Report") -> None:
        number = f"{report.failed:,} of {report.rows:,} rows" if report.rows > 1 else "The only row"
        super().__init__(f"{number} cannot be imported, and so nothing was.")
        self.report = report

    def members(self) -> dict[str, object]:
        return {"rows": self.report.rows, "failed": self.report.failed}


@dataclass
class Report:
    """How many rows there were, how many of them failed, and everything that was wrong with those."""

    rows: int = 0
    failed: int = 0
    errors: Errors = field(default_factory=Errors)

    @property
    def created(self) -> int:
        """How many tasks were made."""
        return self.rows - self.failed


class Import:
    """A file that was read and checked, and waits to be written."""

    def __init__(self, report: Report, checker: Checker) -> None:
        self.report, self._checker = report, checker

    def write(self) -> Report:
        """Makes tasks of all the rows that are good, in one transaction. Nobody gets a mail about them."""
        with transaction.atomic():
            staging.write(self._checker.categories, by=self._checker.by, now=self._checker.now)
        return self.report


@contextmanager
def prepared(rows: Iterator[Row], *, partial: bool, by: User, now: datetime) -> Iterator[Import]:
    """Reads and checks the rows. Raises NotAllowed, Unreadable, ImportRefused.

    With `partial`, rows that cannot be imported are left out, and those that wait for one of them as well.
    """
    check_may_create(by)
    checker, report = Checker(by, now), Report()
    with staging.staged():
        _load(rows, checker, report)
        staging.index()
        findings.across_rows(report.rows)
        if partial:
            findings.waiting_for_bad()
        report.failed = findings.count_bad()
        if report.failed:
            report.errors = Errors(findings.errors())
        if report.failed and not partial:
            raise ImportRefused(report)
        yield Import(report, checker)


def import_tasks(rows: Iterator[Row], *, partial: bool = False, by: User, now: datetime) -> Report:
    """Reads, checks and writes. Raises NotAllowed, Unreadable, ImportRefused."""
    with prepared(rows, partial=partial, by=by, now=now) as found:
        return found.write()


def _load(rows: Iterator[Row], checker: Checker, report: Report) -> None:
    while batch := list(islice(rows, AT_ONCE)):
        checker.people.learn(row.cells.get(name) for row in batch for name in ("assigned_to", "created_by"))
        checked = [checker.check(number, row) for number, row in enumerate(batch, start=report.rows + 1)]
        report.rows += len(batch)
        staging.load(checked)
