"""Imports a file: every row is read and checked first, then all tasks are written in one transaction."""

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

CHUNK_ROWS = 2000


class ImportRefused(Refusal):
    """Some rows can't be imported, so none was. The result says what is wrong with each."""

    title = "Invalid input"

    def __init__(self, result: "ImportResult") -> None:
        some = f"{result.failed:,} of {result.rows:,} rows" if result.rows > 1 else "the only row"
        super().__init__(f"Can't import {some}, so nothing was imported.")
        self.result = result

    def members(self) -> dict[str, object]:
        return {"rows": self.result.rows, "failed": self.result.failed}


@dataclass
class ImportResult:
    """How many rows there were, how many of them failed, and everything that was wrong with those."""

    rows: int = 0
    failed: int = 0
    errors: Errors = field(default_factory=Errors)

    @property
    def created(self) -> int:
        """How many tasks were created."""
        return self.rows - self.failed


class CheckedFile:
    """A file that was read and checked, ready to be written."""

    def __init__(self, result: ImportResult, checker: Checker) -> None:
        self.result, self._checker = result, checker

    def write(self) -> ImportResult:
        """Creates tasks from all good rows, in one transaction and without notifications. Raises Conflict."""
        with transaction.atomic():
            staging.write(self._checker.categories, by=self._checker.by, now=self._checker.now)
        return self.result


@contextmanager
def prepared(rows: Iterator[Row], *, partial: bool, by: User, now: datetime) -> Iterator[CheckedFile]:
    """Reads and checks the rows. Raises NotAllowed, Unreadable, ImportRefused.

    With `partial`, bad rows are left out, and so are rows that are blocked by one of them.
    """
    check_may_create(by)
    checker, result = Checker(by, now), ImportResult()
    with staging.staged():
        while batch := list(islice(rows, CHUNK_ROWS)):
            checker.people.learn(row.cells.get(name) for row in batch for name in ("assigned_to", "created_by"))
            staging.load([checker.check(number, row) for number, row in enumerate(batch, start=result.rows + 1)])
            result.rows += len(batch)
        staging.index()
        findings.across_rows(result.rows)
        if partial:
            findings.blocked_by_bad()
        result.failed = findings.count_bad()
        if result.failed:
            result.errors = Errors(findings.errors())
        if result.failed and not partial:
            raise ImportRefused(result)
        yield CheckedFile(result, checker)


def import_tasks(rows: Iterator[Row], *, partial: bool = False, by: User, now: datetime) -> ImportResult:
    """Reads, checks and writes. Raises NotAllowed, Unreadable, ImportRefused, Conflict."""
    with prepared(rows, partial=partial, by=by, now=now) as found:
        return found.write()
