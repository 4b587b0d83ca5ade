"""Tasks as rows of a list: what one line shows, for one person."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from typing import Any

from django.db.models import OuterRef, Subquery

from taskbell.accounts.models import User
from taskbell.comments.models import Comment
from taskbell.common.compiled_query import AnyOf, CompiledModelQuery, IdArray, names_of
from taskbell.common.rule_words import rule_in_words
from taskbell.payloads.tasks import LABEL, NUMBER
from taskbell.projects.audience import sees_everything
from taskbell.search.tasks import with_columns
from taskbell.tasks.kinds import Priority, Stage
from taskbell.tasks.label_models import TaskLabel
from taskbell.tasks.models import ACCESS, Task, TaskQuerySet, is_blocked
from taskbell.tasks.policy import may_edit, may_work_on
from taskbell.tasks.queries import ViewerParam
from taskbell.web.dates import Dates

MAX_SECONDS = 10**11
PERSON = ("id", "username", "first_name", "last_name")
COLUMNS = {
    "": names_of(Task, but=("source", "source_id", "title_sort")),
    "project": ("id", "name", "colour", "inbox_of_id"),
    "category": ("id", "name"),
    "assigned_to": PERSON,
    "created_by": PERSON,
}
MORE = (*ACCESS, "waits", "next_reminder_at", "label_names", "comment_count")


def compiled_rows(sees_everything: bool, choose: Callable[[TaskQuerySet], Any]) -> CompiledModelQuery:
    """Tasks with all that rows show, in no order. `choose` makes a condition from all that the person sees."""
    person: Any = ViewerParam(sees_everything)

    def build() -> Any:
        visible = Task.objects.visible_to(person)
        found = visible.with_access(person).filter(choose(visible)).order_by()
        found = with_columns(found, ["next_reminder_at"], person)
        labels = TaskLabel.objects.filter(task=OuterRef("pk")).annotate(named=LABEL).values("named")
        comments = Comment.objects.filter(task=OuterRef("pk")).order_by().annotate(number=NUMBER).values("number")
        return found.annotate(waits=is_blocked(), label_names=Subquery(labels), comment_count=Subquery(comments))

    return CompiledModelQuery(build, COLUMNS, annotations=MORE)


@cache
def _rows(sees_everything: bool) -> CompiledModelQuery:
    return compiled_rows(sees_everything, lambda _visible: AnyOf("id", IdArray("ids")))


@dataclass(frozen=True)
class TaskRow:
    """A task, and what its line says of it. `section` and `sort` are its place in a page."""

    task: Any
    person: User
    dates: Dates
    section: str = ""
    given_sort: str = ""

    @property
    def sort(self) -> str:
        """The place among the rows of its section: the one given, or by due date; completed ones, the last first."""
        task = self.task
        if self.given_sort:
            return self.given_sort
        if task.stage == Stage.COMPLETED and task.completed_at:
            return f"{MAX_SECONDS - int(task.completed_at.timestamp()):012d} {task.pk:012d}"
        return f"{task.due_at.isoformat() if task.due_at else '~'} {9 - task.priority} {task.pk:012d}"

    @cached_property
    def due(self) -> str:
        """When it is due; only the time where the section is its day."""
        if self.section == "due" and self.task.due_time and self.dates.due_day(self.task) == self.dates.today:
            return self.dates.due_time(self.task)
        return self.dates.due_time(self.task) if self.section[:1].isdigit() else self.dates.due(self.task)

    @property
    def due_state(self) -> str:
        """`late`, `soon` (today), or nothing."""
        if self.dates.is_late(self.task):
            return "late"
        return "soon" if self.task.is_open and self.dates.due_day(self.task) == self.dates.today else ""

    @property
    def completed(self) -> str:
        """When it was completed; the time alone if it was today."""
        at: datetime | None = self.task.completed_at
        return self.dates.short_moment(at) if at else ""

    @property
    def repeats(self) -> str:
        """The rule in words."""
        return rule_in_words(self.task.recurrence)

    @property
    def reminder(self) -> str:
        """When this person is reminded next."""
        at: datetime | None = self.task.next_reminder_at
        return self.dates.short_moment(at) if at and self.task.is_open else ""

    @property
    def labels(self) -> list[str]:
        """The names of its labels."""
        return sorted(part.split(":", 1)[1] for part in (self.task.label_names or "").split(",") if part)

    @property
    def rank(self) -> str:
        """`low`, `high` or `urgent`; nothing for a medium priority."""
        return "" if self.task.priority == Priority.MEDIUM else Priority(self.task.priority).name.lower()

    @property
    def is_done(self) -> bool:
        """True for a completed task."""
        return bool(self.task.stage == Stage.COMPLETED)

    @property
    def may_edit(self) -> bool:
        """True if this person may change everything about it."""
        return may_edit(self.person, self.task) and not self.task.is_archived

    @property
    def may_complete(self) -> bool:
        """True if this person may change its stage."""
        return may_work_on(self.person, self.task) and not self.task.is_archived

    @property
    def is_from_others(self) -> bool:
        """True for a task that somebody else has assigned to this person."""
        return bool(self.task.created_by_id != self.person.pk)

    @property
    def is_for_others(self) -> bool:
        """True for a task that somebody else has to do."""
        return self.task.assigned_to_id not in (None, self.person.pk)


def tasks_for_rows(ids: Collection[int], person: User) -> dict[int, Any]:
    """The tasks with all that rows show, by id, in this order: one query. Without those that the person can't see."""
    found = {task.pk: task for task in _rows(sees_everything(person))(ids=ids, person=person.pk)} if ids else {}
    return {pk: found[pk] for pk in ids if pk in found}


def rows_of(placed: Iterable[tuple[int, str, str]], person: User, dates: Dates) -> list[TaskRow]:
    """Rows for tasks by id, each with its section and its sort key."""
    places = {pk: (section, sort) for pk, section, sort in placed}
    return [TaskRow(task, person, dates, *places[pk]) for pk, task in tasks_for_rows(list(places), person).items()]
