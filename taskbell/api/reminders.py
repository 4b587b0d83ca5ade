"""Single reminders, the reminder schedule of a task, and a preview of recurrence rules."""

from datetime import datetime
from typing import Annotated, Any, TypedDict, cast
from zoneinfo import ZoneInfo

from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from taskbell.accounts.models import User
from taskbell.api import fields
from taskbell.api.authentication import person_of
from taskbell.api.etags import etag_response
from taskbell.api.fields import StrictSerializer, body_about_task, body_of
from taskbell.api.schema import operation
from taskbell.api.task_input import ReminderIn, plan_from
from taskbell.common.clock import as_instant, utc_now
from taskbell.common.durations import Duration
from taskbell.common.errors import invalid
from taskbell.payloads.reminders import ReminderOut, reminder_as_json
from taskbell.reminders.models import Reminder, ReminderQuerySet
from taskbell.reminders.schedule import ReminderPlan
from taskbell.tasks import reminder_actions
from taskbell.tasks.kinds import Basis
from taskbell.tasks.models import Task
from taskbell.tasks.occurrences import preview
from taskbell.tasks.queries import visible_task
from taskbell.tasks.reminder_timeline import ScheduleOut, reminder_timeline

MAX_PREVIEWED = 100
PREVIEWED = ("recurrence", "recurrence_from", "due_date", "due_time", "anchor_date", "planned_date", "planned_time")


class ReminderChange(ReminderIn):
    """The changes of a PATCH; omitted fields stay as they are."""

    for_me = fields.Flag(required=False)


class SnoozeIn(StrictSerializer):
    """A duration or an instant."""

    span = fields.DurationField(required=False, help_text="For example PT1H.")
    until = fields.InstantField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError({"span": "Must have either span or until."}, code="required")
        return attrs


class PreviewIn(StrictSerializer):
    """A rule and its first day."""

    recurrence = fields.Recurrence()
    recurrence_from = fields.Choice(
        choices=Basis.values,
        default=Basis.DUE.value,
        help_text="With `completion`: the next one if the task is completed now.",
    )
    due_date = fields.Day()
    due_time = fields.TimeOfDay(required=False, allow_null=True)
    timezone = fields.Zone(required=False)
    anchor_date = fields.Day(required=False, allow_null=True, help_text="As in a task, like the next two fields.")
    planned_date = fields.Day(required=False, allow_null=True)
    planned_time = fields.TimeOfDay(required=False, allow_null=True)
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
    @operation("reminders_list", "reminders", list[ReminderOut])
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """Lists the shared reminders and your personal ones."""
        task = visible_task(pk, to=person_of(request))
        return etag_response(request, [_as_json(reminder) for reminder in _reminders(task, person_of(request))])

    @operation(
        "reminders_create",
        "reminders",
        ReminderOut,
        status=201,
        takes=ReminderIn,
        sent={"The day before, only for you": {"before_due": "P1D", "for_me": True}},
        is_repeatable=True,
    )
    def post(self, request: Request, pk: int) -> ReminderOut:
        """Adds a reminder, at an instant or before the task is due, once or by a rule."""
        by, body = person_of(request), body_about_task(request, ReminderIn, pk)

        def plan(task: Task) -> ReminderPlan:
            return plan_from(body, zone=task.timezone)

        return _as_json(reminder_actions.add_reminder(pk, plan, for_me=body["for_me"], by=by, now=utc_now()))


class ReminderDetail(APIView):
    @operation("reminders_read", "reminders", ReminderOut)
    def get(self, request: Request, pk: int, rid: int) -> ReminderOut:
        """Shows the reminder."""
        task = visible_task(pk, to=person_of(request))
        return _as_json(get_object_or_404(_reminders(task, person_of(request)), pk=rid))

    @operation("reminders_change", "reminders", ReminderOut, takes=ReminderChange)
    def patch(self, request: Request, pk: int, rid: int) -> ReminderOut:
        """Changes the fields that you send. `at` replaces `before_due`, and vice versa."""

        def plan(reminder: Reminder) -> ReminderPlan:
            body = body_of(request, ReminderChange)
            known = {
                "at": None if "before_due" in body or reminder.before_due is not None else reminder.at,
                "before_due": None if "at" in body else reminder.before_due,
                "repeat": reminder.repeat,
                "for_me": reminder.recipient_id is not None,
            }
            asked = known | body
            if asked["at"] is None and asked["before_due"] is None:
                raise invalid("at", "required", "Must have at or before_due.")
            return plan_from(asked, zone=reminder.task.timezone)

        return _as_json(reminder_actions.change_reminder(pk, rid, plan, by=person_of(request), now=utc_now()))

    @operation("reminders_delete", "reminders")
    def delete(self, request: Request, pk: int, rid: int) -> None:
        """Deletes the reminder."""
        reminder_actions.delete_reminder(pk, rid, by=person_of(request), now=utc_now())


def _reminders(task: Task, person: User) -> ReminderQuerySet:
    """The shared reminders and the person's own ones."""
    return cast(ReminderQuerySet, task.reminders).visible_to(person)


class Snooze(APIView):
    @operation("tasks_snooze", "reminders", ReminderOut, status=201, takes=SnoozeIn, is_repeatable=True)
    def post(self, request: Request, pk: int) -> ReminderOut:
        """Reminds only you again, after a duration or at an instant."""
        now = utc_now()

        def at(task: Task) -> datetime:
            body = body_of(request, SnoozeIn)
            span: Duration | None = body.get("span")
            return as_instant(body["until"], task.timezone) if span is None else span.after(now, task.timezone)

        return _as_json(reminder_actions.snooze_task(pk, at, by=person_of(request), now=now))


class Schedule(APIView):
    @operation("tasks_schedule", "reminders", ScheduleOut)
    def get(self, request: Request, pk: int) -> ScheduleOut:
        """Shows when each reminder fires, and the outcome of past ones: the email, or why there is none."""
        person = person_of(request)
        return reminder_timeline(visible_task(pk, to=person), person, now=utc_now())


class Preview(APIView):
    @operation("recurrence_preview", "reminders", PreviewOut, takes=PreviewIn)
    def post(self, request: Request) -> PreviewOut:
        """Lists the first occurrences of a rule, in local time and as instants."""
        body = body_of(request, PreviewIn)
        zone = body.get("timezone", person_of(request).profile.timezone)
        task = Task(**{name: body.get(name) for name in PREVIEWED}, timezone=zone)
        task.anchor_date = task.anchor_date or task.due_date
        moments, ends = preview(task, most=body["count"], now=utc_now())
        shown: list[OccurrenceOut] = [{"local": at.astimezone(ZoneInfo(zone)), "at": at} for at in moments]
        return {"occurrences": shown, "ends": ends}
