"""Imports a file: every row is read and checked first, then all tasks are written in one transaction."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from taskbell.accounts.models import User
from taskbell.common.errors import Refusal
from taskbell.common.wording import grouped
from taskbell.tasks.policy import check_may_create
from taskbell.tasks.quotas import check_room_for, check_room_for_tasks
from taskbell.transfer import findings, staged_projects, staging
from taskbell.transfer.checking import Checked, Checker
from taskbell.transfer.comment_rows import authors_in, weight_of
from taskbell.transfer.errors import Listed
from taskbell.transfer.known import mark_history_of_known, mark_known
from taskbell.transfer.project_members import archive_created, count_missing, create_missing
from taskbell.transfer.reading import Notice, Row, RowError, Unreadable, losses
from taskbell.transfer.staged_comments import leave_out_beyond_quota
from taskbell.transfer.staged_labels import load_labels
from taskbell.transfer.updating import update_known
from taskbell.transfer.writing import write

CHUNK_ROWS = 2000
UPDATE_WEIGHT = 9  # an update takes as long as creating so many more
SKIP, UPDATE, ERROR = ON_EXISTING = ("skip", "update", "error")


class TooManyRows(Exception):
    """The file has more than a request may write; a worker imports it."""


class ImportRefused(Refusal):
    """Some rows can't be imported, so none was. The result says what is wrong with each."""

    title = "Invalid input"

    def __init__(self, result: "ImportResult") -> None:
        said = _("Can't import the only row, so nothing was imported.")
        if result.rows > 1:
            said = _("Can't import %(failed)s of %(rows)s rows, so nothing was imported.")
        super().__init__(said % {"failed": grouped(result.failed), "rows": grouped(result.rows)})
        self.result = result

    def members(self) -> dict[str, object]:
        return {"rows": self.result.rows, "failed": self.result.failed}


@dataclass(frozen=True)
class Options:
    """How to import. With `partial`, bad rows are left out, and so are rows that are blocked by one of them.

    With `strict`, everything that can't be carried is an error. `on_existing` says what happens to rows whose tasks
    are here already.
    """

    partial: bool = False
    strict: bool = False
    on_existing: str = SKIP


DEFAULTS = Options()


@dataclass
class ImportResult:
    """How many rows there were, what happened to them, every error and every notice."""

    rows: int = 0
    failed: int = 0
    updated: int = 0
    skipped: int = 0
    errors: Listed[RowError] = field(default_factory=lambda: Listed(RowError))
    notices: Listed[Notice] = field(default_factory=lambda: Listed(Notice))

    def counts(self) -> dict[str, int]:
        """What the answer counts."""
        counted = {name: getattr(self, name) for name in ("rows", "created", "updated", "skipped", "failed")}
        return {**counted, "notice_count": self.notices.count}

    def lists(self) -> dict[str, Listed[Any]]:
        """What the answer lists."""
        return {"errors": self.errors, "notices": self.notices}

    @property
    def created(self) -> int:
        """How many tasks were created."""
        return self.rows - self.failed - self.updated - self.skipped


class CheckedFile:
    """A file that was read and checked, ready to be written."""

    def __init__(self, checker: Checker, options: Options) -> None:
        self.checker, self.options = checker, options
        self.result, self.is_update = ImportResult(), options.on_existing == UPDATE

    def read(self, rows: Iterable[Row | Notice], most: int | None) -> None:
        """Loads and checks the rows. Raises Unreadable, TooManyRows, ImportRefused."""
        weight, remaining, checker = 0, iter(rows), self.checker
        while found := list(islice(remaining, CHUNK_ROWS)):
            _load_asides([one for one in found if isinstance(one, Notice)], self.options)
            batch = [row for row in found if isinstance(row, Row)]
            checker.people.learn(name for row in batch for name in _people_in(row))
            checked = [checker.check(number, row) for number, row in enumerate(batch, start=self.result.rows + 1)]
            weight += sum(self._weight(one) for one in checked)
            if most is not None and weight > most:
                raise TooManyRows
            staging.load(checked)
            self.result.rows += len(batch)
        staging.index()
        findings.across_rows(self.result.rows, strict=self.options.strict)
        self._refuse_bad()

    def _weight(self, row: Checked) -> int:
        """How long the row takes, compared with a plain one."""
        related = len(row.needs) + len(row.reminders) + len(row.labels) + weight_of(row.comments)
        return 1 + self.is_update * UPDATE_WEIGHT + related

    def write(self) -> ImportResult:
        """Creates tasks from good rows, or updates them, in one transaction. Raises ImportRefused, Conflict.

        Created tasks send no notifications. Updated tasks send the usual ones.
        """
        checker = self.checker
        with transaction.atomic():
            self.mark_known()
            self.check_room()
            self.create_names()
            write(checker, known_too=self.is_update)
            if self.is_update:
                self.result.updated = sum(update_known(checker, now=checker.now))
                self.count_failed()
            return self.end()

    def mark_known(self, only: str = "") -> None:
        """Marks the rows whose tasks are here. Raises ImportRefused if they may not be."""
        mark_known(self.checker.by, only)
        if not self.is_update:
            mark_history_of_known()
        if self.options.on_existing == ERROR:
            findings.find(findings.ALREADY_HERE)
        staged_projects.match(self.checker, is_update=self.is_update, strict=self.options.strict)
        self._refuse_bad()

    @property
    def _wanted(self) -> str:
        """The condition for the rows that are written."""
        return "NOT task.is_bad" if self.is_update else staging.IS_NEW

    def check_room(self) -> None:
        """Raises a refusal if the person can't have so many more tasks, categories or projects.

        Call it after `mark_known`. Comments for which there is no room are left out.
        """
        by = self.checker.by
        check_room_for_tasks(by, more=self.result.rows - self.result.failed - findings.count_known())
        new_categories = staging.count_missing_categories(self.checker.categories, self._wanted)
        for name, more in (("categories", new_categories), ("projects", count_missing(self._wanted))):
            if more:
                check_room_for(name, by, more=more)
        leave_out_beyond_quota(by, strict=self.options.strict)

    def create_names(self) -> None:
        """Creates the labels and projects of the rows. Raises QuotaReached.

        An import that is resumed has done so; what has been renamed or deleted meanwhile is not created again.
        """
        checker, is_first = self.checker, not self.checker.is_resumed
        load_labels(checker.labels, self._wanted, may_create=is_first, by=checker.by, now=checker.now)
        if is_first:
            create_missing(checker, self._wanted)

    def _refuse_bad(self) -> None:
        if self.options.partial:
            findings.find(findings.BLOCKED_BY_BAD_ROW)
            findings.find(findings.BLOCKED_BY_BAD)
        self.count_failed()

    def count_failed(self, *, may_refuse: bool = True) -> None:
        """Counts bad rows and lists their errors. Unless the import is partial, one raises ImportRefused."""
        self.result.failed = findings.count_bad()
        if self.result.failed:
            self.result.errors = Listed(RowError, findings.errors())
            if may_refuse and not self.options.partial:
                raise ImportRefused(self.result)

    def rehearse(self) -> ImportResult:
        """What `write` would do; nothing is written. Raises a refusal if there is no room."""
        with transaction.atomic():
            self.mark_known()
            self.check_room()
        self.result.updated = findings.count_known() if self.is_update else 0
        return self._counted()

    def end(self) -> ImportResult:
        """The result of what has been written."""
        archive_created(self.checker)
        return self._counted()

    def _counted(self) -> ImportResult:
        if not self.is_update:
            findings.notice(findings.SAME_CONTENT)
        self.result.skipped = findings.count_known() - self.result.updated
        self.result.notices = Listed(Notice, findings.notices(of_known=self.is_update))
        return self.result


@contextmanager
def prepared(
    rows: Iterable[Row | Notice],
    options: Options,
    *,
    by: User,
    now: datetime,
    most: int | None = None,
    is_resumed: bool = False,
) -> Iterator[CheckedFile]:
    """Reads and checks the rows. Raises NotAllowed, Unreadable, ImportRefused.

    Raises TooManyRows for more than `most` rows with their prerequisites and reminders. An import `is_resumed` if some
    of its rows are written.
    """
    if not is_resumed:
        check_may_create(by)
    keep_cells = options.on_existing == UPDATE
    checked = CheckedFile(Checker(by, now, options.strict, keep_cells, is_resumed), options)
    with staging.staged():
        checked.read(rows, most)
        yield checked


def _people_in(row: Row) -> list[Any]:
    """The people whom the row names."""
    return [row.cells.get("assigned_to"), row.cells.get("created_by"), *authors_in(row.cells.get("comments"))]


def _load_asides(asides: list[Notice], options: Options) -> None:
    """Loads notices about the whole file. With `strict`, raises Unreadable for the first one about a loss."""
    if options.strict and (lost := losses(asides)):
        raise Unreadable(lost[0].line, lost[0].message, column=lost[0].field)
    staging.load_notices((0, aside) for aside in asides)


def import_tasks(rows: Iterable[Row | Notice], options: Options = DEFAULTS, *, by: User, now: datetime) -> ImportResult:
    """Reads, checks and writes. Raises NotAllowed, Unreadable, ImportRefused, Conflict."""
    with prepared(rows, options, by=by, now=now) as found:
        return found.write()
