"""Tasks: what may be sent, what is answered, and which verb does it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Prefetch
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from taskbell.accounts.models import User
from taskbell.api.authentication import person_of
from taskbell.api.fields import (
    Choice,
    Day,
    Flag,
    Moment,
    Person,
    StrictSerializer,
    Text,
    TimeOfDay,
    Zone,
    as_instant,
    check_person,
)
from taskbell.api.pagination import page_of
from taskbell.api.session import validated
from taskbell.common.clock import utc_now
from taskbell.common.errors import NotFound
from taskbell.reminders.actions import ReminderPlan
from taskbell.reminders.models import Reminder
from taskbell.tasks import actions
from taskbell.tasks.models import PRIORITY_NAMES, STAGES, STATUSES, Priority, Stage, Task
from taskbell.tasks.policy import check_may_change, check_may_create

MOST_REMINDERS = 50
OF_EVERYBODY = {"status", "stage", "reminders", "remind_at"}  # what anybody who sees a task may send
EXAMPLE_IN = {
    "title": "Water the plants",
    "priority": "HIGH",
    "due_date": "2027-03-31",
    "remind_at": "2027-03-31T09:00:00+02:00",
}


class ReminderIn(StrictSerializer):
    ignored = frozenset({"id", "before_due", "repeat", "next_at", "state"})
    at = Moment()
    for_me = Flag(default=False)


class TaskIn(StrictSerializer):
    ignored = frozenset({"id", "due_at", "created_by", "owner", "completed_at", "created_at", "updated_at", "version"})
    aliases = {"reminder_time": "remind_at", "schedule_time": "remind_at"}
    title = Text(max_length=255)
    description = Text(max_length=20_000, allow_blank=True, required=False)
    status = Choice(choices=STAGES, required=False)
    stage = Choice(choices=STAGES, required=False)
    priority = Choice(choices=PRIORITY_NAMES, required=False)
    due_date = Day(allow_null=True, required=False)
    due_time = TimeOfDay(allow_null=True, required=False)
    timezone = Zone(required=False)
    assigned_to = Person(allow_null=True, required=False)
    reminders = ReminderIn(many=True, required=False, max_length=MOST_REMINDERS)  # type: ignore[call-arg]
    remind_at = Moment(allow_null=True, required=False)

    def validate_assigned_to(self, pk: int | None) -> int | None:
        return pk if pk is None else check_person(pk)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for one, other in (("remind_at", "reminders"), ("status", "stage")):
            if one in attrs and other in attrs and attrs[one] != attrs[other]:
                raise serializers.ValidationError({one: f"Send either {one} or {other}, not both."}, code="exclusive")
        return attrs


class TaskChange(TaskIn):
    """For PATCH. Not `partial`, which would make the fields of each reminder optional as well."""

    title = Text(max_length=255, required=False)


class ReminderOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    at = serializers.DateTimeField()
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
    due_date = serializers.DateField(allow_null=True)
    due_time = serializers.TimeField(allow_null=True)
    timezone = serializers.CharField()
    due_at = serializers.DateTimeField(allow_null=True)
    assigned_to = serializers.IntegerField(allow_null=True)
    created_by = serializers.IntegerField()
    reminders = ReminderOut(many=True)
    remind_at = serializers.DateTimeField(allow_null=True)
    completed_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField()


class TaskPage(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = TaskOut(many=True)


def task_as_json(task: Task) -> dict[str, Any]:
    """The task as the API shows it. `readable` has put the reminders the person may see on it."""
    reminders = task.reminders.all()
    return {
        "id": task.pk,
        "title": task.title,
        "description": task.description,
        "status": task.status,
        "stage": task.stage,
        "priority": Priority(task.priority).name,
        "due_date": task.due_date,
        "due_time": task.due_time,
        "timezone": task.timezone,
        "due_at": task.due_at,
        "assigned_to": task.assigned_to_id,
        "created_by": task.created_by_id,
        "reminders": [_reminder_as_json(reminder, ZoneInfo(task.timezone)) for reminder in reminders],
        "remind_at": min((reminder.next_at for reminder in reminders if reminder.next_at), default=None),
        "completed_at": task.completed_at,
        "created_at": task.created_at,
        "updated_at": task.updated_at,
        "version": task.version,
    }


def _reminder_as_json(reminder: Reminder, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": reminder.pk,
        "at": reminder.at.astimezone(zone),
        "for_me": reminder.recipient_id is not None,
        "next_at": reminder.next_at,
        "state": reminder.state,
    }


def readable(person: User) -> Any:
    """The tasks that a person sees, each with the reminders that they see."""
    mine = Prefetch("reminders", queryset=Reminder.objects.visible_to(person))
    return Task.objects.visible_to(person).prefetch_related(mine)


def _wish(request: Request, task: Task, form: type[TaskIn]) -> dict[str, Any]:
    """What the body asks for. Raises NotAllowed, before anything is said about form, for what is not theirs to ask."""
    try:
        return validated(form(data=request.data))
    except serializers.ValidationError as error:
        wrong = set(form().fields) & set(error.detail)
        check_may_change(person_of(request), task, wrong - OF_EVERYBODY, stage=task.stage)
        raise


def _shown(person: User, pk: int) -> Task:
    task: Task | None = readable(person).filter(pk=pk).first()
    if task is None:
        raise NotFound
    return task


def fields_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body's fields by the names and values of the model."""
    fields = {name: body[name] for name in ("title", "description", "due_date", "due_time", "timezone") if name in body}
    if "status" in body or "stage" in body:
        fields["stage"] = body.get("stage", body.get("status"))
    if "priority" in body:
        fields["priority"] = Priority[body["priority"]].value
    if "assigned_to" in body:
        fields["assigned_to_id"] = body["assigned_to"]
    return fields


def plans_of(body: Mapping[str, Any], *, zone: str) -> Sequence[ReminderPlan] | None:
    """The reminders the body asks for, or None where it does not speak of them."""
    if "reminders" in body:
        return [ReminderPlan(as_instant(wish["at"], zone), wish["for_me"]) for wish in body["reminders"]]
    if "remind_at" in body:
        moment: datetime | None = body["remind_at"]
        return [] if moment is None else [ReminderPlan(as_instant(moment, zone))]
    return None


def blank_fields(creator: User) -> dict[str, Any]:
    """What PUT sets the fields to that it is not sent."""
    return {
        "description": "",
        "stage": Stage.PENDING,
        "priority": Priority.MEDIUM.value,
        "due_date": None,
        "due_time": None,
        "timezone": creator.profile.timezone,
        "assigned_to_id": None,
    }


class Tasks(APIView):
    """The tasks I may see."""

    @extend_schema(
        operation_id="tasks_list",
        tags=["tasks"],
        parameters=[OpenApiParameter("page", int), OpenApiParameter("page_size", int)],
        responses={200: TaskPage},
    )
    def get(self, request: Request) -> Response:
        """Lists the tasks I created or am assigned to, the newest first; for managers and admins, all tasks."""
        tasks, frame = page_of(readable(person_of(request)), request)
        return Response(frame | {"results": [task_as_json(task) for task in tasks]})

    @extend_schema(
        operation_id="tasks_create",
        tags=["tasks"],
        request=TaskIn,
        responses={201: TaskOut},
        examples=[OpenApiExample("A task with a reminder", EXAMPLE_IN, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Creates a task. `remind_at` is short for one reminder; without an offset it is in the task's time zone."""
        check_may_create(person_of(request))
        body = validated(TaskIn(data=request.data))
        fields = fields_of(body)
        plans = plans_of(body, zone=fields.get("timezone", person_of(request).profile.timezone))
        task = actions.create_task(fields, reminders=plans or (), by=person_of(request), now=utc_now())
        answer = task_as_json(_shown(person_of(request), task.pk))
        return Response(answer, status=status.HTTP_201_CREATED, headers={"Location": f"/api/tasks/{task.pk}/"})


class TaskDetail(APIView):
    """One task."""

    @extend_schema(operation_id="tasks_read", tags=["tasks"], responses={200: TaskOut})
    def get(self, request: Request, pk: int) -> Response:
        """Shows the task."""
        return Response(task_as_json(_shown(person_of(request), pk)))

    @extend_schema(operation_id="tasks_replace", tags=["tasks"], request=TaskIn, responses={200: TaskOut})
    def put(self, request: Request, pk: int) -> Response:
        """Replaces the task: what is not sent is emptied, reminders included."""
        return self._update(request, pk, partial=False)

    @extend_schema(operation_id="tasks_change", tags=["tasks"], request=TaskChange, responses={200: TaskOut})
    def patch(self, request: Request, pk: int) -> Response:
        """Changes what is sent and nothing else."""
        return self._update(request, pk, partial=True)

    @extend_schema(operation_id="tasks_delete", tags=["tasks"], responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Takes the task out of every list."""
        actions.delete_task(pk, by=person_of(request), now=utc_now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _update(self, request: Request, pk: int, *, partial: bool) -> Response:
        task = _shown(person_of(request), pk)
        body = _wish(request, task, TaskChange if partial else TaskIn)
        fields = fields_of(body) if partial else blank_fields(task.created_by) | fields_of(body)
        plans = plans_of(body, zone=fields.get("timezone", task.timezone))
        if plans is None and not partial:
            plans = []
        actions.update_task(pk, fields, reminders=plans, by=person_of(request), now=utc_now())
        return Response(task_as_json(_shown(person_of(request), pk)))
