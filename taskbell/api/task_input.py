"""What may be sent about a task, and the wish it becomes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from taskbell.accounts.models import User
from taskbell.api.fields import (
    Choice,
    Day,
    Flag,
    Id,
    Moment,
    Recurrence,
    Span,
    StrictSerializer,
    Text,
    TimeOfDay,
    Zone,
    check_person,
)
from taskbell.common.clock import as_instant
from taskbell.common.errors import invalid
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks.actions import Wish
from taskbell.tasks.models import PRIORITY_NAMES, STAGES, Basis, Category, Priority, Stage, Task
from taskbell.tasks.prerequisites import MOST_PREREQUISITES

MOST_REMINDERS = 50
# What the model and the API call by the same name.
SAME_NAME = ("title", "description", "due_date", "due_time", "timezone", "recurrence_from")
EXAMPLE = {
    "title": "Water the plants",
    "priority": "HIGH",
    "due_date": "2027-03-31",
    "remind_at": "2027-03-31T09:00:00+02:00",
}


class ReminderIn(StrictSerializer):
    """A reminder that somebody asks for."""

    ignored = frozenset({"id", "next_at", "state"})
    at = Moment(required=False, allow_null=True)
    before_due = Span(required=False, allow_null=True)
    repeat = Recurrence(required=False)
    for_me = Flag(default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("before_due") is not None:
            # What was read has both: the instant follows from the span.
            attrs["at"] = None
        elif attrs.get("at") is None:
            raise serializers.ValidationError({"at": "Send at or before_due."}, code="required")
        return attrs


class TaskIn(StrictSerializer):
    """A task as it is sent."""

    ignored = frozenset(
        {
            *("id", "category_name", "due_at", "created_by", "owner", "is_blocked"),
            *("completed_at", "created_at", "updated_at", "version"),
        }
    )
    aliases = {"reminder_time": "remind_at", "schedule_time": "remind_at"}
    title = Text(max_length=255)
    description = Text(max_length=20_000, allow_blank=True, required=False)
    status = Choice(choices=STAGES, required=False)
    stage = Choice(choices=STAGES, required=False)
    priority = Choice(choices=PRIORITY_NAMES, required=False)
    category = Id(allow_null=True, required=False)
    due_date = Day(allow_null=True, required=False)
    due_time = TimeOfDay(allow_null=True, required=False)
    timezone = Zone(required=False)
    assigned_to = Id(allow_null=True, required=False)
    recurrence = Recurrence(required=False)
    recurrence_from = Choice(choices=Basis.values, required=False)
    pre_tasks = serializers.ListField(child=Id(), max_length=MOST_PREREQUISITES, required=False)
    reminders = ReminderIn(many=True, required=False, max_length=MOST_REMINDERS)  # type: ignore[call-arg]
    remind_at = Moment(allow_null=True, required=False)

    def validate_assigned_to(self, pk: int | None) -> int | None:
        return pk if pk is None else check_person(pk)

    def validate_category(self, pk: int | None) -> int | None:
        if pk is not None and not Category.objects.filter(pk=pk).exists():
            raise serializers.ValidationError("There is no category with this id.", code="does_not_exist")
        return pk

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for one, other in (("remind_at", "reminders"), ("status", "stage")):
            if one in attrs and other in attrs and attrs[one] != attrs[other]:
                raise serializers.ValidationError({one: f"Send either {one} or {other}, not both."}, code="exclusive")
        return attrs


class TaskChange(TaskIn):
    """For PATCH. Not `partial`, which would make the fields of each reminder optional as well."""

    title = Text(max_length=255, required=False)


def wish_to_create(body: Mapping[str, Any], *, by: User) -> Wish:
    """What the body asks a new task to be."""
    fields = _fields_of(body)
    zone = fields.get("timezone", by.profile.timezone)
    return Wish(fields, reminders=_plans_of(body, zone=zone), pre_tasks=body.get("pre_tasks"))


def wish_to_change(body: Mapping[str, Any], task: Task) -> Wish:
    """What PATCH asks the task to be: what is not sent stays."""
    fields = _fields_of(body)
    zone = fields.get("timezone", task.timezone)
    return Wish(fields, reminders=_plans_of(body, zone=zone), pre_tasks=body.get("pre_tasks"))


def wish_to_replace(body: Mapping[str, Any], task: Task) -> Wish:
    """What PUT asks the task to be: what is not sent is emptied."""
    fields = _blank_fields(task.created_by) | _fields_of(body)
    plans = _plans_of(body, zone=fields["timezone"])
    return Wish(fields, reminders=() if plans is None else plans, pre_tasks=body.get("pre_tasks", ()))


def _fields_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body's fields by the names and values of the model."""
    fields = {name: body[name] for name in SAME_NAME if name in body}
    if "status" in body or "stage" in body:
        fields["stage"] = body.get("stage", body.get("status"))
    if "priority" in body:
        fields["priority"] = Priority[body["priority"]].value
    if "recurrence" in body:
        fields["recurrence"] = body["recurrence"] or ""
    for name in ("assigned_to", "category"):
        if name in body:
            fields[f"{name}_id"] = body[name]
    return fields


def _plans_of(body: Mapping[str, Any], *, zone: str) -> Sequence[ReminderPlan] | None:
    """The reminders the body asks for, or None where it does not speak of them."""
    if "reminders" in body:
        return [plan_from(wish, zone=zone) for wish in body["reminders"]]
    if "remind_at" in body:
        moment: datetime | None = body["remind_at"]
        return [] if moment is None else [ReminderPlan(at=as_instant(moment, zone))]
    return None


def plan_from(wish: Mapping[str, Any], *, zone: str) -> ReminderPlan:
    """The reminder that a body asks for; without an offset, its moment is in this zone."""
    return ReminderPlan(
        at=None if wish.get("at") is None else as_instant(wish["at"], zone),
        for_me=wish["for_me"],
        before_due=wish.get("before_due"),
        repeat=wish.get("repeat") or "",
    )


def _blank_fields(creator: User) -> dict[str, Any]:
    return {
        "description": "",
        "stage": Stage.PENDING,
        "priority": Priority.MEDIUM.value,
        "category_id": None,
        "due_date": None,
        "due_time": None,
        "timezone": creator.profile.timezone,
        "assigned_to_id": None,
        "recurrence": "",
        "recurrence_from": Basis.DUE.value,
    }


def expected_version(request: Request) -> int | None:
    """The version that `If-Match` asks for (RFC 9110 §13.1.1); None where any will do. Raises Invalid."""
    header = request.headers.get("If-Match", "*").strip()
    if header == "*":
        return None
    version = header.removeprefix("W/").strip('"')
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise invalid("If-Match", "invalid", 'If-Match is the ETag of the task, such as "5".')
    return int(version)


def is_forced(request: Request) -> bool:
    """True where the request says `?force=true`. Raises Invalid."""
    word = request.query_params.get("force", "false").lower()
    if word not in ("true", "false"):
        raise invalid("force", "invalid", "This is true or false.")
    return word == "true"
