"""The history of tasks."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.api.authentication import person_of
from taskbell.api.etags import etag_response
from taskbell.api.pagination import frame_of
from taskbell.api.parameters import PAGING, documented, query_of
from taskbell.search.activity import FILTERS, page_of_activity
from taskbell.search.pages import ResultPage
from taskbell.tasks.audience import sees_everything
from taskbell.tasks.models import Task
from taskbell.tasks.queries import visible_task


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


def _hidden_from(person: User, lines: Sequence[Activity]) -> set[int]:
    """Of the prerequisites that the lines speak of, those that the person has nothing to do with."""
    named = {pk for line in lines for value in (line.old_value, line.new_value) for pk in _links_in(line.field, value)}
    if not named or sees_everything(person):
        return set()
    return named - set(Task.objects.concerning(person).filter(pk__in=named).values_list("pk", flat=True))


def _answer(request: Request, page: ResultPage[Activity]) -> HttpResponse:
    hidden = _hidden_from(person_of(request), page.rows)
    results = [_as_json(entry, hidden) for entry in page.rows]
    return etag_response(request, frame_of(page, request) | {"results": results})


class Logs(APIView):
    """The history of all tasks you can see."""

    @extend_schema(
        operation_id="logs_list",
        tags=["history"],
        parameters=[*documented(FILTERS), *PAGING],
        responses={200: ActivityPage},
    )
    def get(self, request: Request) -> HttpResponse:
        """Lists who changed what, the newest first; for managers and admins, of all tasks that ever existed."""
        return _answer(request, page_of_activity(query_of(request), person_of(request)))


class TaskLogs(APIView):
    """The history of one task."""

    @extend_schema(
        operation_id="task_logs_list",
        tags=["history"],
        parameters=[*documented(FILTERS), *PAGING],
        responses={200: ActivityPage},
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        """Lists who changed what on this task, the newest first."""
        task, person = visible_task(pk, to=person_of(request)), person_of(request)
        return _answer(request, page_of_activity(query_of(request), person, task=task))
