"""Turns rows of a file into rows of the database, or says why it can't."""

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

import orjson
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts.models import Installation, User
from taskbell.accounts.policy import Capability
from taskbell.common.clock import as_instant, end_of_day, instant
from taskbell.common.errors import FieldError, Invalid, invalid
from taskbell.common.folding import sort_key
from taskbell.common.text import UNPRINTABLE, printable
from taskbell.common.values import BadValue
from taskbell.common.wording import grouped
from taskbell.reminders.actions import build_reminder, describe
from taskbell.reminders.models import ReminderState
from taskbell.reminders.schedule import ReminderPlan, with_wall_time
from taskbell.tasks.kinds import OPEN_STAGES, Basis, Priority, Stage
from taskbell.tasks.models import MAX_SOURCE_ID, Task
from taskbell.tasks.search_text import search_text_of
from taskbell.tasks.validation import check_dates
from taskbell.transfer.columns import FILE_SOURCE, NOT_READ, OWN_SOURCE, ReminderRow, read_cells
from taskbell.transfer.comment_rows import CommentStager
from taskbell.transfer.file_projects import FileProjects
from taskbell.transfer.fit_related import fit_related
from taskbell.transfer.fitting import fit_title, give_up, in_zone
from taskbell.transfer.people import People
from taskbell.transfer.reading import Notice, Row, RowError, losses
from taskbell.transfer.stages import note_completion, stage_of

MAX_NAMES = 10_000  # of categories or labels in one file, which are kept in memory
TOO_MANY = {
    "category": gettext_noop("A file can name at most %(most)s categories."),
    "labels": gettext_noop("A file can name at most %(most)s labels."),
}
REMINDER_FIELDS = (
    *("recipient_id", "at", "wall_date", "wall_time", "before_due", "repeat", "timezone", "next_at", "state"),
    *("fired_at", "is_snooze"),
)
NO_IDENTITY = (None, None, None, None, None)  # nor a project
Values = dict[str, Any]


@dataclass(frozen=True)
class Checked:
    """A row ready to load: the task, the ids of its prerequisites, its reminders; or what is wrong with it."""

    task: tuple[Any, ...] = ()
    needs: list[tuple[int, str | None]] = field(default_factory=list)  # and what the file calls them
    reminders: list[tuple[Any, ...]] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    comments: list[tuple[Any, ...]] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)


class Checker:
    """Checks rows for the person who imports, and collects the categories, projects and labels that the file names."""

    def __init__(
        self, by: User, now: datetime, strict: bool = False, keep_cells: bool = False, is_resumed: bool = False
    ) -> None:
        self.by, self.now = by, now
        self.is_resumed = is_resumed  # some rows are written: assignees who have left since make no row bad
        self.strict, self.keep_cells = strict, keep_cells
        self.zone = by.profile.timezone
        self.may_name_creators = by.can(Capability.EDIT_EVERYTHING)
        self.people = People()
        self.categories: dict[str, int] = {}
        self.labels: dict[str, int] = {}
        self.projects = FileProjects()
        self.comments = CommentStager(by, now, self.people, may_name_authors=self.may_name_creators)
        self.installation = Installation.own_key()

    def check(self, number: int, row: Row) -> Checked:
        """The row ready to load, or what is wrong with it."""
        notices = list(row.notices)
        cells = fit_title(row, notices)
        if row.lenient:
            cells = fit_related(row, cells, notices)
        while True:
            found, wrong = read_cells(cells)
            note_completion(row, found, notices)
            if not wrong and row.error is None and not (self.strict and losses(notices)):
                try:
                    return self._good(number, row, cells, found, notices)
                except Invalid as error:
                    wrong = error.errors
            refused = {error.field for error in wrong}
            if not refused & cells.keys() or not give_up(wrong, row, notices):
                return self._bad(number, row, found, wrong, notices)
            cells = {name: value for name, value in cells.items() if name not in refused}

    def _good(self, number: int, row: Row, cells: Values, found: Values, notices: list[Notice]) -> Checked:
        self.find_day(found)
        task = (*self._task(number, row, found), *self._identity(row, cells, found), self._project(found))
        labels = [self._named("labels", self.labels, name) for name in found.get("labels", ())]
        comments = self.comments.rows(number, row, found, notices) if "comments" in found else []
        return Checked(task, _needs(row, found), self._reminders(number, found), labels, comments, notices=notices)

    def _bad(self, number: int, row: Row, found: Values, wrong: list[FieldError], notices: list[Notice]) -> Checked:
        """A row that only keeps its id, since others may refer to it, and says what is wrong."""
        errors = [RowError(row.line, error.field, error.code, error.message) for error in wrong]
        if row.error is not None:
            errors = [row.error]
        elif self.strict:
            errors += [RowError(one.line, one.field, "not_imported", one.message) for one in losses(notices)]
        empty = ("", "", Stage.PENDING.value, Priority.MEDIUM.value, None, None, None, self.zone, None, False)
        rest = ("", "due", None, 1, None, None, None, None, self.by.pk, None, self.now, None, _called(row), "", "")
        task = (number, row.line, found.get("id"), True, *empty, *rest, *NO_IDENTITY)
        return Checked(task, _needs(row, found), errors=errors)

    def find_day(self, found: Values) -> None:
        """Replaces an instant by date, time and zone."""
        due_at, all_day = found.pop("due_at", None), found.pop("all_day", None)
        if due_at is None:
            return
        if "due_date" in found or "due_time" in found:
            raise invalid("due_at", "invalid", _("Must not be sent together with due_date or due_time."))
        try:
            found |= in_zone(due_at, found.get("timezone", self.zone), all_day)
        except BadValue as error:
            raise invalid("due_at", error.code, str(error)) from error

    def _identity(
        self, row: Row, cells: Values, found: Values
    ) -> tuple[str | None, str | None, int | None, str | None]:
        """Source and id there; the id here, if this installation exported the row; and what an update needs.

        A row without an id is identified by its importer and its content; equal rows are numbered later (`findings`).
        """
        source, source_id = row.source or found.get("source"), row.source_id or found.get("source_id")
        if not source or not source_id:
            said = [self.by.pk, {name: value for name, value in cells.items() if value not in (None, "")}]
            source, source_id = FILE_SOURCE, hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()
        if len(source_id) > MAX_SOURCE_ID or UNPRINTABLE.search(source_id):
            source_id = hashlib.sha256(source_id.encode(errors="surrogatepass")).hexdigest()
        key, _, pk = source_id.rpartition(":")
        own = int(pk) if source == OWN_SOURCE and key == self.installation and pk.isdigit() and len(pk) < 19 else None
        return source, source_id, own, _kept(cells) if self.keep_cells else None

    def _task(self, number: int, row: Row, found: Values) -> tuple[Any, ...]:
        """The values of `staging.TASK_COLUMNS`, in their order. Adds to `found` what follows from it."""
        if "title" not in found:
            raise invalid("title", "required", _("A task needs a title."))
        due_date, due_time, stage = found.get("due_date"), found.get("due_time"), stage_of(found)
        check_dates(due_date, due_time, found.get("recurrence", ""))
        zone = found.setdefault("timezone", self.zone)
        due_at = found["due_at"] = None if due_date is None else _due_at(due_date, due_time, zone)
        return (
            number,
            row.line,
            found.get("id"),
            False,
            found["title"],
            found.get("description", ""),
            stage,
            found.get("priority", Priority.MEDIUM.value),
            self._category(found.get("category")),
            due_date,
            due_time,
            zone,
            due_at,
            due_at is not None and due_at <= self.now and stage in OPEN_STAGES,
            *_series_of(found),
            self._assignee(found.get("assigned_to"), stage),
            self._creator(found.get("created_by")),
            self._past("completed_at", found) if stage == Stage.COMPLETED else None,
            self._past("created_at", found),
            self._words(found),
            _called(row),
            sort_key(found["title"]),
            search_text_of(found["title"], found.get("description", "")),
        )

    def _category(self, name: str | None) -> int | None:
        return None if name is None else self._named("category", self.categories, name)

    def _named(self, column: str, numbers: dict[str, int], name: str) -> int:
        """The number of the name in this column."""
        if name not in numbers and len(numbers) == MAX_NAMES:
            raise invalid(column, "too_many", _(TOO_MANY[column]) % {"most": grouped(MAX_NAMES)})
        return numbers.setdefault(name, len(numbers))

    def _project(self, found: Values) -> int | None:
        return self.projects.number_of(found["project"]) if "project" in found else None

    def _assignee(self, name: str | None, stage: str) -> int | None:
        if name is None:
            return None
        person = self.people.find_assignee(name, stage)
        if person is None and not self.is_resumed:
            raise invalid(
                "assigned_to", "does_not_exist", _("There is no active person with this username or address.")
            )
        return person

    def _creator(self, name: str | None) -> int:
        """People who may edit everything may import tasks of others; everybody else imports their own."""
        person = self.people.find(name) if name is not None and self.may_name_creators else None
        return self.by.pk if person is None else person

    def _past(self, column: str, found: Values) -> datetime:
        if column not in found:
            return self.now
        moment = as_instant(found[column], found["timezone"])
        if moment > self.now:
            raise invalid(column, "future", _("Must not be in the future."))
        return moment

    def _words(self, found: Values) -> str | None:
        """What history says about the shared reminders."""
        if "reminders" not in found:
            return None
        plans = found["plans"] = {plan_for(row, found["timezone"]): row for row in found["reminders"]}
        shared = sorted(describe(plan) for plan in plans if not plan.for_me)
        return orjson.dumps(shared).decode() if shared else None

    def _reminders(self, number: int, found: Values) -> list[tuple[Any, ...]]:
        plans = found.get("plans")
        if not plans:
            return []
        due = {name: found.get(name) for name in ("due_at", "due_date", "due_time", "timezone")}
        task = Task(pk=number, **due)
        return [self._reminder(plan, row, task) for plan, row in plans.items()]

    def _reminder(self, plan: ReminderPlan, row: ReminderRow, task: Task) -> tuple[Any, ...]:
        """The values of `staging.REMINDER_COLUMNS`. A reminder that has fired or was missed does not fire again."""
        reminder = build_reminder(plan, task, by=self.by, now=self.now)
        if row.state == ReminderState.FIRED:
            reminder.state, reminder.next_at = ReminderState.FIRED, None
        elif row.state == ReminderState.SKIPPED or (reminder.next_at is not None and reminder.next_at <= self.now):
            reminder.state, reminder.next_at = ReminderState.SKIPPED, None
        reminder.fired_at = row.fired_at and as_instant(row.fired_at, task.timezone)
        duration = None if row.before_due is None else str(row.before_due)
        stored = vars(reminder) | {"before_due": duration}
        return (task.pk, *(stored[name] for name in REMINDER_FIELDS))


def _kept(cells: Values) -> str:
    """What an update needs of the row. A column that nobody reads can have anything."""
    return orjson.dumps({name: value for name, value in cells.items() if name not in (*NOT_READ, "comments")}).decode()


def _called(row: Row) -> str | None:
    return row.called and printable(row.called)


def _needs(row: Row, found: Values) -> list[tuple[int, str | None]]:
    return [(number, row.names.get(number)) for number in found.get("pre_tasks", [])]


def _series_of(found: Values) -> tuple[Any, ...]:
    """Rule, basis, series, occurrence, anchor, planned date and time: a series that starts here or in the file."""
    rule, basis = found.get("recurrence", ""), found.get("recurrence_from", Basis.DUE.value)
    if not rule:
        return "", basis, None, 1, None, None, None
    anchor_date, planned_date = found.get("anchor_date", found["due_date"]), found.get("planned_date")
    planned_time = found.get("planned_time") if planned_date else None
    return rule, basis, found.get("series"), found.get("occurrence", 1), anchor_date, planned_date, planned_time


def plan_for(row: ReminderRow, zone: str) -> ReminderPlan:
    plan = ReminderPlan(
        at=None if row.at is None else as_instant(row.at, zone),
        wall=row.at if row.at is not None and row.at.tzinfo is None else row.wall,
        for_me=row.for_me,
        before_due=row.before_due,
        repeat=row.repeat,
        is_snooze=row.is_snooze,
    )
    return with_wall_time(plan, [], zone)


@lru_cache(maxsize=20_000)
def _due_at(day: date, at: time | None, zone: str) -> datetime:
    return end_of_day(day, zone) if at is None else instant(day, at, zone)
