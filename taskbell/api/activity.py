"""The history of tasks, to be read."""

from datetime import time
from typing import Any

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.activity.models import Activity
from taskbell.api.authentication import person_of
from taskbell.api.cursor import Key
from taskbell.api.etags import etag_response
from taskbell.api.pagination import PAGING, paged, refuse_unknown
from taskbell.api.parameters import Filter, day, documented, moment, narrowed, number, person_filter
from taskbell.common.clock import end_of_day, instant
from taskbell.tasks.models import Task
from taskbell.tasks.queries import visible_task


def _on_day(text: str, person: User) -> Q:
    begin, zone = day(text), person.profile.timezone
    return Q(timestamp__gte=instant(begin, time(), zone), timestamp__lt=end_of_day(begin, zone))


FILTERS = {
    "task": Filter("The id of a task.", lambda text, person: Q(task=number(text))),
    "user": person_filter("user", "Who did it; `none` is the clock."),
    "action": Filter("What was done, such as `created` or `updated`.", lambda text, person: Q(action=text)),
    "field": Filter("Which field was changed.", lambda text, person: Q(field=text)),
    "since": Filter("At this moment or later.", lambda text, person: Q(timestamp__gte=moment(text, person))),
    "until": Filter("Before this moment.", lambda text, person: Q(timestamp__lt=moment(text, person))),
    "date": Filter("On this day, in your time zone.", _on_day),
}


class ActivityOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    task = serializers.IntegerField()
    user = serializers.IntegerField(allow_null=True, help_text="Empty: the clock did it.")
    action = serializers.CharField()
    field = serializers.CharField()
    old_value = serializers.JSONField(allow_null=True)
    new_value = serializers.JSONField(allow_null=True)
    timestamp = serializers.DateTimeField()


class ActivityPage(serializers.Serializer[Any]):
    count = serializers.IntegerField(required=False)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = ActivityOut(many=True)


def _as_json(line: Activity, hidden: set[int]) -> dict[str, Any]:
    return {
        "id": line.pk,
        "task": line.task_id,
        "user": line.user_id,
        "action": line.action,
        "field": line.field,
        "old_value": _without(hidden, line.field, line.old_value),
        "new_value": _without(hidden, line.field, line.new_value),
        "timestamp": line.timestamp,
    }


def _links_in(field: str, value: Any) -> list[int]:
    """The prerequisites that a value of the history speaks of."""
    if isinstance(value, dict):
        return list(value.get("pre_tasks", ()))
    return list(value) if field == "pre_tasks" else []


def _without(hidden: set[int], field: str, value: Any) -> Any:
    """The value without the prerequisites that the reader has nothing to do with."""
    if hidden.isdisjoint(links := _links_in(field, value)):
        return value
    rest = [pk for pk in links if pk not in hidden]
    return value | {"pre_tasks": rest} if isinstance(value, dict) else rest


def _hidden_from(person: User, lines: list[Activity]) -> set[int]:
    """Of the prerequisites that the lines speak of, those that the person has nothing to do with."""
    named = {pk for line in lines for value in (line.old_value, line.new_value) for pk in _links_in(line.field, value)}
    if not named or person.can(Capability.SEE_EVERYTHING):
        return set()
    return named - set(Task.objects.concerning(person).filter(pk__in=named).values_list("pk", flat=True))


def _answer(request: Request, lines: Any) -> Any:
    refuse_unknown(request, set(FILTERS))
    page = paged(narrowed(lines, request, FILTERS), request, keys=[Key("id", descending=True)])
    hidden = _hidden_from(person_of(request), page.rows)
    return etag_response(request, page.frame | {"results": [_as_json(line, hidden) for line in page.rows]})


class Logs(APIView):
    """What happened to the tasks I may see."""

    @extend_schema(
        operation_id="logs_list",
        tags=["history"],
        parameters=[*documented(FILTERS), *PAGING],
        responses={200: ActivityPage},
    )
    def get(self, request: Request) -> Any:
        """Lists who changed what, the newest first; for managers and admins, of all tasks that ever were."""
        person = person_of(request)
        if person.can(Capability.SEE_EVERYTHING):
            return _answer(request, Activity.objects.of_tasks())
        return _answer(request, Activity.objects.of_tasks().filter(task__in=Task.objects.visible_to(person)))


class TaskLogs(APIView):
    """What happened to one task."""

    @extend_schema(
        operation_id="task_logs_list",
        tags=["history"],
        parameters=[*documented(FILTERS), *PAGING],
        responses={200: ActivityPage},
    )
    def get(self, request: Request, pk: int) -> Any:
        """Lists who changed what on this task, the newest first."""
        return _answer(request, Activity.objects.of_tasks().filter(task=visible_task(pk, to=person_of(request))))
