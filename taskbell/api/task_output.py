"""A task as the API shows it."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, Func, OuterRef, Subquery, TextField
from django.db.models.functions import Cast
from rest_framework import serializers

from taskbell.accounts.models import User
from taskbell.common.compiled_query import AnyOf, CompiledModelQuery, CompiledQuery, IdArray, names_of
from taskbell.common.errors import NotFound
from taskbell.reminders.models import Reminder
from taskbell.tasks.audience import sees_everything
from taskbell.tasks.models import (
    PRIORITY_NAMES,
    STAGES,
    STATUSES,
    Basis,
    Prerequisite,
    Priority,
    Task,
    is_blocked,
    status_of,
)
from taskbell.tasks.queries import ViewerParam

NAME_OF_PRIORITY = {priority.value: priority.name for priority in Priority}


class ReminderOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    at = serializers.DateTimeField(allow_null=True)
    before_due = serializers.CharField(allow_null=True)
    repeat = serializers.CharField(allow_null=True)
    for_me = serializers.BooleanField()
    next_at = serializers.DateTimeField(allow_null=True)
    state = serializers.ChoiceField(choices=["armed", "fired", "skipped"])


class TaskOut(serializers.Serializer[Any]):
    """For the OpenAPI document; `task_as_json` makes the answers."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    description = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUSES)
    stage = serializers.ChoiceField(choices=STAGES)
    priority = serializers.ChoiceField(choices=PRIORITY_NAMES)
    category = serializers.IntegerField(allow_null=True)
    category_name = serializers.CharField(allow_null=True)
    due_date = serializers.DateField(allow_null=True)
    due_time = serializers.TimeField(allow_null=True)
    timezone = serializers.CharField()
    due_at = serializers.DateTimeField(allow_null=True)
    assigned_to = serializers.IntegerField(allow_null=True)
    created_by = serializers.IntegerField()
    pre_tasks = serializers.ListField(child=serializers.IntegerField())
    is_blocked = serializers.BooleanField()
    reminders = ReminderOut(many=True)
    remind_at = serializers.DateTimeField(allow_null=True)
    recurrence = serializers.CharField(allow_null=True)
    recurrence_from = serializers.ChoiceField(choices=Basis.values)
    completed_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField()


class TaskPage(serializers.Serializer[Any]):
    count = serializers.IntegerField(required=False, help_text="Absent where pages are asked for by cursor.")
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = TaskOut(many=True)


class JoinedIds(Func):
    """The ids of a group of rows, joined by commas: one column instead of one query more."""

    function = "GROUP_CONCAT"
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="STRING_AGG(%(expressions)s, ',')", **context)


class TaskRow(NamedTuple):
    """What a task shows, as the database gives it."""

    id: int
    title: str
    description: str
    is_overdue: bool
    stage: str
    priority: int
    category_id: int | None
    category_name: str | None
    due_date: date | None
    due_time: time | None
    timezone: str
    due_at: datetime | None
    assigned_to_id: int | None
    created_by_id: int
    pre_task_ids: str | None
    is_blocked: bool
    recurrence: str
    recurrence_from: str
    completed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


IDS = IdArray("ids")


@cache
def _task_rows(sees_everything: bool, also_hidden: bool) -> CompiledQuery:
    """The tasks by their ids, with what a person may see of what hangs on them."""
    person: Any = ViewerParam(sees_everything)

    def build() -> Any:
        visible = Task.objects.visible_to(person)
        # One by one: SQLite would make a list of all tasks that the person sees.
        seen = Prerequisite.objects.filter(Exists(visible.filter(pk=OuterRef("needs"))), task=OuterRef("pk"))
        joined = seen.order_by().annotate(ids=JoinedIds(Cast("needs_id", TextField()))).values("ids")
        tasks = (Task.objects if also_hidden else visible).filter(AnyOf("id", IDS)).order_by()
        more = {"is_blocked": is_blocked(), "pre_task_ids": Subquery(joined), "category_name": F("category__name")}
        return tasks.annotate(**more).values_list(*TaskRow._fields)

    return CompiledQuery(build)


def _reminders() -> Any:
    person: Any = ViewerParam(False)
    return Reminder.objects.visible_to(person).filter(AnyOf("task_id", IDS))


reminders_of = CompiledModelQuery(_reminders, {"": names_of(Reminder)})


def tasks_as_json(keys: Sequence[int], person: User, *, also_hidden: bool = False) -> list[dict[str, Any]]:
    """These tasks in this order, as the API shows them to the person: two queries, however many tasks.

    What the person may not see (any more) is missing, unless `also_hidden`.
    """
    find = _task_rows(sees_everything(person), also_hidden)
    found = {row[0]: TaskRow._make(row) for row in find(ids=keys, person=person.pk)} if keys else {}
    reminders: dict[int, list[Reminder]] = {pk: [] for pk in found}
    for reminder in reminders_of(ids=list(found), person=person.pk) if found else ():
        reminders[reminder.task_id].append(reminder)
    return [_task_as_json(found[pk], reminders[pk]) for pk in keys if pk in found]


def task_as_json(pk: int, person: User, *, also_hidden: bool = False) -> dict[str, Any]:
    """One task, as the API shows it. Raises NotFound."""
    for task in tasks_as_json([pk], person, also_hidden=also_hidden):
        return task
    raise NotFound


def _task_as_json(task: TaskRow, reminders: Sequence[Reminder]) -> dict[str, Any]:
    return {
        "id": task.id,
        "title": task.title,
        "description": task.description,
        "status": status_of(task.stage, task.is_overdue),
        "stage": task.stage,
        "priority": NAME_OF_PRIORITY[task.priority],
        "category": task.category_id,
        "category_name": task.category_name,
        "due_date": task.due_date,
        "due_time": task.due_time,
        "timezone": task.timezone,
        "due_at": task.due_at,
        "assigned_to": task.assigned_to_id,
        "created_by": task.created_by_id,
        "pre_tasks": sorted(int(pk) for pk in task.pre_task_ids.split(",")) if task.pre_task_ids else [],
        "is_blocked": task.is_blocked,
        "reminders": [reminder_as_json(reminder, ZoneInfo(task.timezone)) for reminder in reminders],
        "remind_at": min((reminder.next_at for reminder in reminders if reminder.next_at), default=None),
        "recurrence": task.recurrence or None,
        "recurrence_from": task.recurrence_from,
        "completed_at": task.completed_at,
        "created_at": task.created_at,
        "updated_at": task.updated_at,
        "version": task.version,
    }


def reminder_as_json(reminder: Reminder, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": reminder.pk,
        "at": reminder.at and reminder.at.astimezone(zone),
        "before_due": None if reminder.before_due is None else iso_span(reminder.before_due),
        "repeat": reminder.repeat or None,
        "for_me": reminder.recipient_id is not None,
        "next_at": reminder.next_at,
        "state": reminder.state,
    }


def iso_span(span: timedelta) -> str:
    """The span in hours, minutes and seconds, as ISO 8601 writes it."""
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{amount}{unit}" for amount, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if amount]
    return f"PT{''.join(parts) or '0S'}"
