"""Single reminders, the reminder schedule of a task, and a preview of recurrence rules."""

from datetime import datetime, time
from itertools import islice
from typing import Annotated, Any, TypedDict, cast
from zoneinfo import ZoneInfo

from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from taskbell.accounts.models import User
from taskbell.api import idempotency
from taskbell.api.authentication import person_of
from taskbell.api.etags import etag_response
from taskbell.api.fields import Day, DurationField, Flag, InstantField, Recurrence, StrictSerializer, TimeOfDay, Zone
from taskbell.api.session import validated
from taskbell.api.task_input import ReminderIn, plan_from
from taskbell.common.clock import as_instant, utc_now
from taskbell.common.errors import NotFound, invalid
from taskbell.common.recurrence import parse_rule
from taskbell.payloads.reminders import ReminderOut, reminder_as_json
from taskbell.reminders.models import Reminder, ReminderQuerySet
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks import reminder_actions
from taskbell.tasks.models import Task
from taskbell.tasks.queries import visible_task
from taskbell.tasks.reminder_timeline import ScheduleOut, reminder_timeline

MAX_PREVIEWED = 100


class ReminderChange(ReminderIn):
    """The changes of a PATCH; omitted fields stay as they are."""

    for_me = Flag(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return attrs


class SnoozeIn(StrictSerializer):
    """A duration or an instant."""

    span = DurationField(required=False, help_text="For example PT1H.")
    until = InstantField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError({"span": "Must have either span or until."}, code="required")
        return attrs


class PreviewIn(StrictSerializer):
    """A rule and its first day."""

    recurrence = Recurrence()
    due_date = Day()
    due_time = TimeOfDay(required=False, allow_null=True)
    timezone = Zone(required=False)
    count = serializers.IntegerField(min_value=1, max_value=MAX_PREVIEWED, default=10)

    def validate_recurrence(self, text: str | None) -> str:
        if not text:
            raise serializers.ValidationError("Must be a rule such as FREQ=WEEKLY;BYDAY=MO.", code="required")
        return text


class OccurrenceOut(TypedDict):
    """One occurrence, in local time and as an instant."""

    local: datetime
    at: datetime


class PreviewOut(TypedDict):
    """The first occurrences of a rule."""

    occurrences: list[OccurrenceOut]
    ends: Annotated[bool, "True if the rule has no further occurrences."]


def _as_json(reminder: Reminder) -> ReminderOut:
    return reminder_as_json(reminder, ZoneInfo(reminder.task.timezone))


class Reminders(APIView):
    """The reminders of a task that you can see."""

    @extend_schema(operation_id="reminders_list", tags=["reminders"], responses={200: list[ReminderOut]})
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """Lists the shared reminders and your personal ones."""
        task = visible_task(pk, to=person_of(request))
        return etag_response(request, [_as_json(reminder) for reminder in _reminders(task, person_of(request))])

    @extend_schema(
        operation_id="reminders_create",
        tags=["reminders"],
        parameters=[idempotency.HEADER],
        request=ReminderIn,
        responses={201: ReminderOut},
        examples=[
            OpenApiExample("The day before, only for you", {"before_due": "PT24H", "for_me": True}, request_only=True)
        ],
    )
    def post(self, request: Request, pk: int) -> HttpResponseBase:
        """Adds a reminder, at an instant or before the task is due, once or by a rule."""
        return idempotency.once(request, lambda: self._create(request, pk))

    def _create(self, request: Request, pk: int) -> Response:
        def plan(task: Task) -> ReminderPlan:
            return plan_from(validated(ReminderIn(data=request.data)), zone=task.timezone)

        reminder = reminder_actions.add_reminder(pk, plan, by=person_of(request), now=utc_now())
        return Response(_as_json(reminder), status=status.HTTP_201_CREATED)


class ReminderDetail(APIView):
    """One reminder."""

    @extend_schema(operation_id="reminders_read", tags=["reminders"], responses={200: ReminderOut})
    def get(self, request: Request, pk: int, rid: int) -> Response:
        """Shows the reminder."""
        task = visible_task(pk, to=person_of(request))
        reminder = _reminders(task, person_of(request)).filter(pk=rid).first()
        if reminder is None:
            raise NotFound
        return Response(_as_json(reminder))

    @extend_schema(
        operation_id="reminders_change", tags=["reminders"], request=ReminderChange, responses={200: ReminderOut}
    )
    def patch(self, request: Request, pk: int, rid: int) -> Response:
        """Changes the fields that you send. `at` replaces `before_due`, and vice versa."""

        def plan(reminder: Reminder) -> ReminderPlan:
            body = validated(ReminderChange(data=request.data))
            known = {
                "at": None if "before_due" in body else reminder.at,
                "before_due": None if "at" in body else reminder.before_due,
                "repeat": reminder.repeat,
                "for_me": reminder.recipient_id is not None,
            }
            return plan_from(_checked(known | body), zone=reminder.task.timezone)

        changed = reminder_actions.change_reminder(pk, rid, plan, by=person_of(request), now=utc_now())
        return Response(_as_json(changed))

    @extend_schema(operation_id="reminders_delete", tags=["reminders"], responses={204: None})
    def delete(self, request: Request, pk: int, rid: int) -> Response:
        """Deletes the reminder."""
        reminder_actions.delete_reminder(pk, rid, by=person_of(request), now=utc_now())
        return Response(status=status.HTTP_204_NO_CONTENT)


def _reminders(task: Task, person: User) -> ReminderQuerySet:
    """The shared reminders and the person's own ones."""
    return cast(ReminderQuerySet, task.reminders).visible_to(person)


def _checked(patch: dict[str, Any]) -> dict[str, Any]:
    if patch["before_due"] is not None:
        return patch | {"at": None}
    if patch["at"] is None:
        raise invalid("at", "required", "Must have at or before_due.")
    return patch


class Snooze(APIView):
    """Snooze: a personal reminder."""

    @extend_schema(
        operation_id="tasks_snooze",
        tags=["reminders"],
        parameters=[idempotency.HEADER],
        request=SnoozeIn,
        responses={201: ReminderOut},
    )
    def post(self, request: Request, pk: int) -> HttpResponseBase:
        """Reminds only you again, after a duration or at an instant."""
        return idempotency.once(request, lambda: self._snooze(request, pk))

    def _snooze(self, request: Request, pk: int) -> Response:
        now = utc_now()

        def at(task: Task) -> datetime:
            body = validated(SnoozeIn(data=request.data))
            return now + body["span"] if "span" in body else as_instant(body["until"], task.timezone)

        reminder = reminder_actions.snooze_task(pk, at, by=person_of(request), now=now)
        return Response(_as_json(reminder), status=status.HTTP_201_CREATED)


class Schedule(APIView):
    """The schedule of a task's reminders."""

    @extend_schema(operation_id="tasks_schedule", tags=["reminders"], responses={200: ScheduleOut})
    def get(self, request: Request, pk: int) -> Response:
        """Shows when each reminder fires, and the outcome of past ones: the email, or why there is none."""
        person = person_of(request)
        return Response(reminder_timeline(visible_task(pk, to=person), person, now=utc_now()))


class Preview(APIView):
    """A preview of a recurrence rule."""

    @extend_schema(
        operation_id="recurrence_preview", tags=["reminders"], request=PreviewIn, responses={200: PreviewOut}
    )
    def post(self, request: Request) -> Response:
        """Lists the first occurrences of a rule, in local time and as instants."""
        body = validated(PreviewIn(data=request.data))
        zone = body.get("timezone", person_of(request).profile.timezone)
        start = datetime.combine(body["due_date"], body.get("due_time") or time())
        found = list(islice(parse_rule(body["recurrence"]).occurrences(start, zone), body["count"] + 1))
        first: list[OccurrenceOut] = [
            {"local": at.astimezone(ZoneInfo(zone)), "at": at} for _, at in found[: body["count"]]
        ]
        preview: PreviewOut = {"occurrences": first, "ends": len(found) <= body["count"]}
        return Response(preview)
