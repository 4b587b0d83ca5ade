"""What may be sent about a task, and the patch it becomes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from rest_framework.request import Request

from taskbell.accounts.models import User
from taskbell.api import fields
from taskbell.api.fields import StrictSerializer
from taskbell.common.clock import as_instant, utc_now
from taskbell.common.errors import invalid
from taskbell.common.values import read_choice
from taskbell.payloads.tasks import TaskOut
from taskbell.reminders.actions import MAX_REMINDERS, TOO_MANY
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import ReminderPlan, first_firing
from taskbell.search.parameters import read_parameter
from taskbell.tasks.kinds import OPEN_STAGES, OVERDUE, PRIORITY_NAMES, STAGES, STATUSES, Basis, Priority, Stage
from taskbell.tasks.labels import MAX_LABELS, MAX_NAME
from taskbell.tasks.models import Task
from taskbell.tasks.patch import UNSET, TaskPatch, Unset
from taskbell.tasks.prerequisites import MAX_PREREQUISITES
from taskbell.tasks.validation import MAX_DESCRIPTION, MAX_TITLE

# What the model and the API call by the same name.
SAME_NAME = ("title", "description", "due_date", "due_time", "timezone", "recurrence_from")
STATUS_HELP = (
    "Writes the stage. OVERDUE changes nothing; it is accepted if the task is overdue, or beside an open stage."
)
LABELS_HELP = "Names. A new name becomes a label. A PUT without `labels` leaves them unchanged."
TARGETS = ("next", "next-future")
EXAMPLE = {
    "title": "Water the plants",
    "priority": "HIGH",
    "due_date": "2027-03-31",
    "remind_at": "2027-03-31T09:00:00+02:00",
}


class ReminderIn(StrictSerializer):
    """A reminder as it is sent."""

    ignored = frozenset({"id", "state"})
    at = fields.InstantField(required=False, allow_null=True)
    before_due = fields.DurationField(required=False, allow_null=True)
    repeat = fields.Repeat(required=False)
    for_me = fields.Flag(default=False)
    next_at = fields.AsRead(required=False, allow_null=True, help_text="Accepted as it was read, and ignored.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("before_due") is not None:
            # A reminder that was read has both: the instant follows from the duration.
            attrs["at"] = None
        return attrs


class TaskIn(StrictSerializer):
    """A task as it is sent."""

    ignored = frozenset({*TaskOut.__annotations__, "owner"})
    aliases = {"reminder_time": "remind_at", "schedule_time": "remind_at"}
    title = fields.DocumentedText(max_length=MAX_TITLE)
    description = fields.DocumentedText(max_length=MAX_DESCRIPTION, allow_blank=True, required=False)
    status = fields.Choice(choices=STATUSES, required=False, help_text=STATUS_HELP)
    stage = fields.Choice(choices=STAGES, required=False)
    priority = fields.Choice(choices=PRIORITY_NAMES, required=False)
    project = fields.IdField(required=False, help_text="Your Inbox, unless you name another project.")
    category = fields.IdField(allow_null=True, required=False)
    labels = fields.DocumentedList(
        child=fields.DocumentedText(max_length=MAX_NAME), max_length=MAX_LABELS, required=False, help_text=LABELS_HELP
    )
    due_date = fields.Day(allow_null=True, required=False)
    due_time = fields.TimeOfDay(allow_null=True, required=False)
    timezone = fields.Zone(required=False)
    assigned_to = fields.IdField(allow_null=True, required=False)
    recurrence = fields.Recurrence(required=False)
    recurrence_from = fields.Choice(choices=Basis.values, required=False)
    pre_tasks = fields.DocumentedList(child=fields.IdField(), max_length=MAX_PREREQUISITES, required=False)
    reminders = ReminderIn(
        many=True,
        required=False,
        max_length=MAX_REMINDERS,  # type: ignore[call-arg]
        error_messages={"max_length": TOO_MANY % {"n": MAX_REMINDERS}},
    )
    remind_at = fields.InstantField(allow_null=True, required=False)


class TaskReplacement(TaskIn):
    """A task as PUT takes it."""

    only_this_one = fields.Flag(
        required=False, help_text="With a new due date or time: the later occurrences stay where they are."
    )


class TaskChange(TaskReplacement):
    """The fields of a task to change."""

    # Not `partial`, which would make the fields of each reminder optional too.
    title = fields.DocumentedText(max_length=MAX_TITLE, required=False)


def patch_to_create(body: Mapping[str, Any], *, by: User) -> TaskPatch:
    """The task that the body asks for."""
    blank = Task(timezone=by.profile.timezone, stage="")
    return _patch(body, _columns_of(body, blank), blank, by=by)


def patch_to_change(body: Mapping[str, Any], task: Task, *, by: User) -> TaskPatch:
    """What PATCH makes of the task: fields that are not sent stay."""
    if "reminders" not in body and body.get("remind_at") is not None and _reads_as_sent(body, task, by=by):
        body = {name: value for name, value in body.items() if name != "remind_at"}
    return _patch(body, _columns_of(body, task), task, by=by)


def patch_to_replace(body: Mapping[str, Any], task: Task, *, by: User) -> TaskPatch:
    """What PUT makes of the task: fields that are not sent are emptied."""
    emptied = {"reminders": (), "pre_tasks": ()} | _blank_columns(task.created_by) | _columns_of(body, task)
    return _patch(body, emptied, task, by=by)


def _patch(body: Mapping[str, Any], columns: dict[str, Any], task: Task, *, by: User) -> TaskPatch:
    for name in ("pre_tasks", "labels", "only_this_one"):
        if name in body:
            columns[name] = body[name]
    plans = _plans_of(body, _dated(task, columns), by=by)
    if plans is not UNSET:
        columns["reminders"] = plans
    return TaskPatch(**columns)


def _columns_of(body: Mapping[str, Any], task: Task) -> dict[str, Any]:
    """The body's fields by the names and values of the model's columns. Raises Invalid."""
    columns = {name: body[name] for name in SAME_NAME if name in body}
    if "status" in body or "stage" in body:
        columns["stage"] = _stage_of(body, task)
    if "priority" in body:
        columns["priority"] = Priority[body["priority"]].value
    if "recurrence" in body:
        columns["recurrence"] = body["recurrence"] or ""
    for name in ("project", "assigned_to", "category"):
        if name in body:
            columns[f"{name}_id"] = body[name]
    return columns


def _stage_of(body: Mapping[str, Any], task: Task) -> str | Unset:
    """The stage that the body asks for. If status and stage differ, the one that the task already has is ignored.

    OVERDUE beside an open stage stands for that stage, as in every answer, so an overdue task can be sent back or
    copied. Raises Invalid if the two contradict each other, and for OVERDUE alone unless the task is overdue.
    """
    sent = {body[name] for name in ("stage", "status") if name in body}
    if body.get("stage") in OPEN_STAGES:
        sent.discard(OVERDUE)
    wanted: set[Any] = sent - {task.stage, task.status} or sent - {OVERDUE} or {UNSET}
    if len(wanted) > 1:
        raise invalid("status", "exclusive", "Send either status or stage, not both.")
    if OVERDUE in wanted:
        choices = ", ".join(STAGES)
        raise invalid("status", "invalid_choice", f"Must be one of {choices}. Only the clock sets OVERDUE.")
    stage: str | Unset = wanted.pop()
    return stage


def _dated(task: Task, columns: Mapping[str, Any]) -> Task:
    """The task as its reminders see it, with the dates that it will have."""
    dates = {name: columns.get(name, getattr(task, name)) for name in ("due_date", "due_time", "timezone")}
    dated = Task(pk=task.pk, **dates)
    dated.due_at = dated.compute_due_at()
    return dated


def _plans_of(body: Mapping[str, Any], task: Task, *, by: User) -> Sequence[ReminderPlan] | Unset:
    """The reminders that the body asks for, if it names any. Raises Invalid."""
    zone = task.timezone
    if "reminders" in body:
        plans = [plan_from(patch, zone=zone) for patch in body["reminders"]]
        if "remind_at" in body:
            _check_agreement(body, plans, task, by=by)
        return plans
    if "remind_at" in body:
        moment: datetime | None = body["remind_at"]
        return [] if moment is None else [plan_from({"at": moment, "for_me": False}, zone=zone)]
    return UNSET


def _check_agreement(body: Mapping[str, Any], plans: Sequence[ReminderPlan], task: Task, *, by: User) -> None:
    """Raises Invalid if `remind_at` contradicts the reminders in the same body.

    A task that was read has both and may be sent back as it is, even if a reminder has fired since.
    """
    sent = None if body["remind_at"] is None else as_instant(body["remind_at"], task.timezone)
    agreeing = {first_firing(plans, task, now=utc_now())}
    if task.pk is not None:
        agreeing.add(_remind_at(task, by=by))
    if all("next_at" in patch for patch in body["reminders"]):
        agreeing.add(_earliest(patch["next_at"] for patch in body["reminders"]))
    if sent not in agreeing:
        raise invalid("remind_at", "exclusive", "Must agree with reminders. Send only one of them.")


def _reads_as_sent(body: Mapping[str, Any], task: Task, *, by: User) -> bool:
    """True if `remind_at` is sent back as the person reads it."""
    return as_instant(body["remind_at"], body.get("timezone", task.timezone)) == _remind_at(task, by=by)


def _remind_at(task: Task, *, by: User) -> datetime | None:
    """The `remind_at` that the person reads."""
    return _earliest(Reminder.objects.visible_to(by).filter(task_id=task.pk).values_list("next_at", flat=True))


def _earliest(moments: Iterable[datetime | None]) -> datetime | None:
    # The API writes instants with an offset; one without was not read from it.
    return min((moment for moment in moments if moment is not None and moment.tzinfo), default=None)


def plan_from(patch: Mapping[str, Any], *, zone: str) -> ReminderPlan:
    """The reminder that a body asks for; without an offset, its time is in this zone."""
    at: datetime | None = patch.get("at")
    return ReminderPlan(
        at=None if at is None else as_instant(at, zone),
        wall=at if at is not None and at.tzinfo is None else None,
        for_me=patch["for_me"],
        before_due=patch.get("before_due"),
        repeat=patch.get("repeat") or "",
    )


def _blank_columns(creator: User) -> dict[str, Any]:
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


def catches_up(request: Request) -> bool:
    """Whether the request asks for an occurrence in the future instead of the next one. Raises Invalid."""
    read = partial(read_choice, choices=TARGETS)
    return read_parameter(request.query_params, "to", read, "next") == "next-future"
