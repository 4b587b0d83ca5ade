"""A task as the API shows it."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, Func, OuterRef, Prefetch, Subquery, TextField
from django.db.models.functions import Cast
from rest_framework import serializers

from taskbell.accounts.models import User
from taskbell.common.errors import NotFound
from taskbell.reminders.models import Reminder
from taskbell.tasks.models import PRIORITY_NAMES, STAGES, STATUSES, Basis, Prerequisite, Priority, Task, is_blocked


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


def readable(person: User) -> Any:
    """The tasks a person sees, with all that `task_as_json` shows: two queries, however many tasks."""
    return shown_in_full(Task.objects.visible_to(person), person)


def shown_in_full(tasks: Any, person: User) -> Any:
    """These tasks with what a person may see of what hangs on them."""
    # One by one: SQLite would make a list of all tasks that the person sees.
    visible = Exists(Task.objects.visible_to(person).filter(pk=OuterRef("needs")))
    seen = Prerequisite.objects.filter(visible, task=OuterRef("pk"))
    joined = seen.order_by().annotate(ids=JoinedIds(Cast("needs_id", TextField()))).values("ids")
    return tasks.annotate(
        is_blocked=is_blocked(), pre_task_ids=Subquery(joined), category_name=F("category__name")
    ).prefetch_related(Prefetch("reminders", queryset=Reminder.objects.visible_to(person)))


def shown(person: User, pk: int) -> Task:
    """The task as the person sees it. Raises NotFound."""
    task: Task | None = readable(person).filter(pk=pk).first()
    if task is None:
        raise NotFound
    return task


def task_as_json(task: Any) -> dict[str, Any]:
    """The task, which comes from `readable`, as the API shows it."""
    reminders = task.reminders.all()
    return {
        "id": task.pk,
        "title": task.title,
        "description": task.description,
        "status": task.status,
        "stage": task.stage,
        "priority": Priority(task.priority).name,
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
