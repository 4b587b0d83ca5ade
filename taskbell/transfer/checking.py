"""Turns rows of a file into rows of the database, or says why it can't."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

import orjson
from django.db.models import Q

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.common.clock import as_instant, end_of_day, instant
from taskbell.common.errors import Invalid, invalid
from taskbell.common.text import UNPRINTABLE, folded
from taskbell.reminders.actions import build_reminder, describe
from taskbell.reminders.models import ReminderState
from taskbell.reminders.schedule import ReminderPlan, with_wall_time
from taskbell.tasks.models import OPEN_STAGES, OVERDUE, Basis, Priority, Stage, Task
from taskbell.tasks.validation import check_dates
from taskbell.transfer.columns import ReminderRow, read_cells
from taskbell.transfer.reading import Row, RowError

MAX_CATEGORIES = 10_000  # of one file: their names are kept in memory
MAX_PEOPLE = 20_000  # whose names are kept in memory at a time, besides those of one batch
REMINDER_FIELDS = (
    *("recipient_id", "at", "wall_date", "wall_time", "before_due", "repeat", "timezone", "next_at", "state"),
    *("fired_at", "is_snooze"),
)
Values = dict[str, Any]


@dataclass(frozen=True)
class Checked:
    """A row ready to load: the task, the ids of its prerequisites, its reminders; or what is wrong with it."""

    task: tuple[Any, ...] = ()
    needs: list[int] = field(default_factory=list)
    reminders: list[tuple[Any, ...]] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)


class People:
    """People by username or address, looked up many at a time: active people, or `with_left` all of them."""

    def __init__(self, *, with_left: bool = False) -> None:
        self._all = User.objects.all() if with_left else User.objects.filter(is_active=True)
        self._known: dict[str, int | None] = {}
        self._left: set[int] = set()

    def learn(self, names: Iterable[Any]) -> None:
        """Looks up the names that are not known yet; forgets all others once there are too many."""
        texts = {name.strip() for name in names if isinstance(name, str) and len(name) < 300}
        wanted = {text for text in texts if text and not UNPRINTABLE.search(text)}  # no database accepts the others
        if wanted <= self._known.keys():
            return
        if len(self._known) > MAX_PEOPLE:
            self._known.clear()
        asked = wanted - self._known.keys()
        keys = {folded(name): name for name in asked}
        self._known |= dict.fromkeys(asked)
        found = self._all.filter(Q(username_key__in=keys) | Q(email__in=keys)).order_by("is_active")
        ids: dict[str, int] = {}
        for pk, is_active, *names in found.values_list("pk", "is_active", "email", "username_key"):
            ids |= dict.fromkeys(names, pk)
            if not is_active:
                self._left.add(pk)
        self._known |= {name: ids.get(folded(name)) for name in asked}

    def find(self, name: str) -> int | None:
        """The person's id; None if there is no such person."""
        return self._known.get(name)

    def find_assignee(self, name: str, stage: str) -> int | None:
        """The same, for a task in this stage: nobody who has left is assigned an open task."""
        person = self.find(name)
        return None if person in self._left and stage in OPEN_STAGES else person


@dataclass
class DueTask:
    """What a reminder needs to know about its task."""

    pk: int
    due_at: datetime | None
    due_wall: datetime | None
    timezone: str


class Checker:
    """Checks rows for the person who imports, and collects the categories that the file names."""

    def __init__(self, by: User, now: datetime) -> None:
        self.by, self.now = by, now
        self.zone = by.profile.timezone
        self.may_name_creators = by.can(Capability.EDIT_EVERYTHING)
        self.people = People(with_left=self.may_name_creators)
        self.categories: dict[str, int] = {}

    def check(self, number: int, row: Row) -> Checked:
        """The row ready to load, or what is wrong with it."""
        found, wrong = read_cells(row.cells)
        if row.error is None and not wrong:
            try:
                return Checked(self._task(number, row, found), *self._links_and_reminders(number, found))
            except Invalid as error:
                wrong = error.errors
        errors = [RowError(row.line, error.field, error.code, error.message) for error in wrong]
        bad = self._bad(number, row, found.get("id"))
        return Checked(bad, found.get("pre_tasks", []), errors=[row.error] if row.error else errors)

    def _bad(self, number: int, row: Row, file_id: int | None) -> tuple[Any, ...]:
        """A row that only keeps its id: others may refer to it."""
        empty = ("", "", Stage.PENDING.value, Priority.MEDIUM.value, None, None, None, self.zone, None, False)
        rest = ("", "due", None, 1, None, None, self.by.pk, None, self.now, None, row.called)
        return (number, row.line, file_id, True, *empty, *rest)

    def _task(self, number: int, row: Row, found: Values) -> tuple[Any, ...]:
        """The values of `staging.TASK_COLUMNS`, in their order. Adds to `found` what follows from it."""
        if "title" not in found:
            raise invalid("title", "required", "A task needs a title.")
        due_date, due_time, stage = found.get("due_date"), found.get("due_time"), _stage_of(found)
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
            row.called,
        )

    def _category(self, name: str | None) -> int | None:
        if name is None:
            return None
        if name not in self.categories and len(self.categories) == MAX_CATEGORIES:
            raise invalid("category", "too_many", f"A file can name at most {MAX_CATEGORIES:,} categories.")
        return self.categories.setdefault(name, len(self.categories))

    def _assignee(self, name: str | None, stage: str) -> int | None:
        if name is None:
            return None
        person = self.people.find_assignee(name, stage)
        if person is None:
            raise invalid("assigned_to", "does_not_exist", "There is no active person with this username or address.")
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
            raise invalid(column, "future", "Must not be in the future.")
        return moment

    def _words(self, found: Values) -> str | None:
        """What history says about the shared reminders."""
        if "reminders" not in found:
            return None
        plans = found["plans"] = {_plan(row, found["timezone"]): row for row in found["reminders"]}
        shared = sorted(describe(plan) for plan in plans if not plan.for_me)
        return orjson.dumps(shared).decode() if shared else None

    def _links_and_reminders(self, number: int, found: Values) -> tuple[list[int], list[tuple[Any, ...]]]:
        needs, plans = found.get("pre_tasks", []), found.get("plans")
        if not plans:
            return needs, []
        task = DueTask(number, found["due_at"], _due_wall(found), found["timezone"])
        return needs, [self._reminder(plan, row, task) for plan, row in plans.items()]

    def _reminder(self, plan: ReminderPlan, row: ReminderRow, task: DueTask) -> tuple[Any, ...]:
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


def _stage_of(found: Values) -> str:
    """The stage; if the file has none, the status."""
    stage = found.get("stage") or found.get("status", Stage.PENDING.value)
    if stage == OVERDUE:
        raise invalid("status", "invalid_choice", "Can't be OVERDUE, because only the clock sets it. Send the stage.")
    return str(stage)


def _series_of(found: Values) -> tuple[Any, ...]:
    """Rule, basis, series, occurrence and anchor: a series that starts here, unless the file names another."""
    rule, basis = found.get("recurrence", ""), found.get("recurrence_from", Basis.DUE.value)
    if not rule:
        return "", basis, None, 1, None
    return rule, basis, found.get("series"), found.get("occurrence", 1), found.get("anchor_date", found["due_date"])


def _plan(row: ReminderRow, zone: str) -> ReminderPlan:
    plan = ReminderPlan(
        at=None if row.at is None else as_instant(row.at, zone),
        wall=row.at if row.at is not None and row.at.tzinfo is None else row.wall,
        for_me=row.for_me,
        before_due=row.before_due,
        repeat=row.repeat,
        is_snooze=row.is_snooze,
    )
    return with_wall_time(plan, [], zone)


def _due_wall(found: Values) -> datetime | None:
    if "due_date" not in found:
        return None
    return Task(due_date=found["due_date"], due_time=found.get("due_time")).due_wall


@lru_cache(maxsize=20_000)
def _due_at(day: date, at: time | None, zone: str) -> datetime:
    return end_of_day(day, zone) if at is None else instant(day, at, zone)
