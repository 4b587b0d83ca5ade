"""Tasks as JSON."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, time
from functools import cache, lru_cache
from typing import Annotated, Any, TypedDict, cast
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, Func, IntegerField, OuterRef, Subquery, TextField, Value
from django.db.models.functions import Cast, Concat

from taskbell.accounts.models import User
from taskbell.comments.models import Comment
from taskbell.common.compiled_query import AnyOf, CompiledModelQuery, CompiledQuery, IdArray, names_of
from taskbell.common.errors import NotFound
from taskbell.common.folding import sort_key
from taskbell.payloads.reminders import ReminderOut, reminder_as_json
from taskbell.projects.audience import sees_everything
from taskbell.reminders.models import Reminder
from taskbell.tasks.kinds import PRIORITY_NAMES, STAGES, STATUSES, Basis, Priority, status_of
from taskbell.tasks.label_models import TaskLabel
from taskbell.tasks.models import Prerequisite, Task, is_blocked
from taskbell.tasks.queries import ViewerParam

NAME_OF_PRIORITY = {priority.value: priority.name for priority in Priority}


class TaskOut(TypedDict):
    """A task as you see it."""

    id: int
    title: str
    description: str
    status: Annotated[str, {"enum": STATUSES}]
    stage: Annotated[str, {"enum": STAGES}]
    priority: Annotated[str, {"enum": PRIORITY_NAMES}]
    project: int
    category: int | None
    category_name: str | None
    labels: Annotated[list[str], "Names, in order."]
    label_ids: Annotated[list[int], "Their ids, in the same order."]
    due_date: date | None
    due_time: time | None
    timezone: str
    due_at: datetime | None
    assigned_to: int | None
    created_by: int
    pre_tasks: list[int]
    is_blocked: bool
    reminders: list[ReminderOut]
    remind_at: datetime | None
    comment_count: int
    recurrence: str | None
    recurrence_from: Annotated[str, {"enum": Basis.values}]
    anchor_date: Annotated[date | None, "The due date from which the rule counts; null if the task does not repeat."]
    planned_date: Annotated[date | None, "The due date by the rule, if only this occurrence was moved."]
    planned_time: Annotated[time | None, "The due time that goes with `planned_date`."]
    completed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class DeletedTaskOut(TaskOut):
    """A task in the trash."""

    deleted_at: datetime


class Joined(Func):
    """The ids of a group of rows, or other texts, joined by commas: one column instead of one query more."""

    function = "GROUP_CONCAT"
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="STRING_AGG(%(expressions)s, ',')", **context)


# Not `Count`, which groups by each column that is selected.
NUMBER = Func(template="COUNT(*)", output_field=IntegerField())
# What can change without a new version of the task, with its category, labels, prerequisites, reminders or comments.
WITHOUT_VERSION = ("category_name", "labels", "pre_tasks", "is_blocked", "reminders", "comment_count")
# The columns of a task's row; some of its members are made of others, or of rows of their own.
MADE = ("status", "label_ids", "pre_tasks", "reminders", "remind_at")
COLUMNS = (*(name for name in TaskOut.__annotations__ if name not in MADE), "is_overdue", "needed")
IN_ORDER = dict.fromkeys(TaskOut.__annotations__)
IDS = IdArray("ids")
LABEL = Joined(Concat(Cast("label_id", TextField()), Value(":"), "label__name"))  # no name has a comma


@cache
def _task_rows(sees_everything: bool, also_hidden: bool) -> CompiledQuery:
    """The tasks by their ids, with the prerequisites that a person may see."""
    person: Any = ViewerParam(sees_everything)

    def build() -> Any:
        visible = Task.objects.visible_to(person)
        # One by one: SQLite would make a list of all tasks that the person sees.
        seen = Prerequisite.objects.filter(Exists(visible.filter(pk=OuterRef("needs"))), task=OuterRef("pk"))
        joined = seen.order_by().annotate(ids=Joined(Cast("needs_id", TextField()))).values("ids")
        labels = TaskLabel.objects.filter(task=OuterRef("pk")).annotate(named=LABEL).values("named")
        tasks = (Task.objects if also_hidden else visible).filter(AnyOf("id", IDS)).order_by()
        comments = Comment.objects.filter(task=OuterRef("pk")).order_by().annotate(number=NUMBER).values("number")
        more = {
            "is_blocked": is_blocked(),
            "needed": Subquery(joined),
            "labels": Subquery(labels),
            "comment_count": Subquery(comments),
        }
        return tasks.annotate(**more, category_name=F("category__name")).values_list(*COLUMNS)

    return CompiledQuery(build)


def _reminders() -> Any:
    person: Any = ViewerParam(False)
    return Reminder.objects.visible_to(person).filter(AnyOf("task_id", IDS))


reminders_of = CompiledModelQuery(_reminders, {"": names_of(Reminder)})


def tasks_by_id(ids: Collection[int], person: User, *, also_hidden: bool = False) -> dict[int, TaskOut]:
    """These tasks as the person sees them: two queries, however many tasks.

    Tasks that the person can't see (any more) are missing, unless `also_hidden`.
    """
    find = _task_rows(sees_everything(person), also_hidden)
    found = {row[0]: row for row in find(ids=ids, person=person.pk)} if ids else {}
    reminders: dict[int, list[Reminder]] = {pk: [] for pk in found}
    for reminder in reminders_of(ids=list(found), person=person.pk) if found else ():
        reminders[reminder.task_id].append(reminder)
    return {pk: _task_as_json(found[pk], reminders[pk]) for pk in ids if pk in found}


def tasks_as_json(ids: Collection[int], person: User) -> list[TaskOut]:
    """These tasks, in this order, as the person sees them."""
    return list(tasks_by_id(ids, person).values())


def deleted_as_json(ids: Collection[int], person: User) -> list[DeletedTaskOut]:
    """Tasks in the trash, in this order."""
    deleted = dict(Task.objects.filter(pk__in=ids, deleted_at__isnull=False).values_list("pk", "deleted_at"))
    tasks = tasks_by_id([pk for pk in ids if pk in deleted], person, also_hidden=True)
    return [DeletedTaskOut(**task, deleted_at=cast(datetime, deleted[pk])) for pk, task in tasks.items()]


def task_as_json(pk: int, person: User, *, also_hidden: bool = False) -> TaskOut:
    """One task as the person sees it. Raises NotFound."""
    for task in tasks_by_id([pk], person, also_hidden=also_hidden).values():
        return task
    raise NotFound


def _task_as_json(row: Sequence[Any], reminders: Sequence[Reminder]) -> TaskOut:
    task: Any = IN_ORDER.copy()
    task.update(zip(COLUMNS, row, strict=True))
    needed = task.pop("needed")
    task["status"] = status_of(task["stage"], task.pop("is_overdue"))
    task["priority"] = NAME_OF_PRIORITY[task["priority"]]
    task["pre_tasks"] = sorted(map(int, needed.split(","))) if needed else []
    labels = _labels(task["labels"]) if task["labels"] else []
    task["labels"], task["label_ids"] = [name for _, name, _ in labels], [pk for _, _, pk in labels]
    task["reminders"] = [reminder_as_json(reminder, ZoneInfo(task["timezone"])) for reminder in reminders]
    task["remind_at"] = min((reminder.next_at for reminder in reminders if reminder.next_at), default=None)
    task["recurrence"] = task["recurrence"] or None
    return cast(TaskOut, task)


def _labels(joined: str) -> list[tuple[str, str, int]]:
    """The labels as people sort them, each with its sort key, name and id."""
    parts = (part.split(":", 1) for part in joined.split(","))
    return sorted((_sort_key(name), name, int(pk)) for pk, name in parts)


_sort_key = lru_cache(10_000)(sort_key)
