"""Insights: how many tasks there are of each kind, and what happened over time."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.api.authentication import person_of
from taskbell.api.pagination import refuse_unknown
from taskbell.api.parameters import day, documented, narrowed
from taskbell.api.response_cache import cached_response
from taskbell.api.task_filters import FILTERS
from taskbell.common.clock import utc_now
from taskbell.common.errors import invalid
from taskbell.reports.insights import Question, insights
from taskbell.reports.series import GROUPS, MOST, USUAL, Span, today, usual_first
from taskbell.tasks.models import PRIORITY_NAMES, STATUSES, Task

T = TypeVar("T")
SERIES = {
    "group": f"Adds a series for charts: one of {', '.join(GROUPS)}.",
    "from": f"With `group`: the series begins with this day. Usually it has {USUAL['day']} days, {USUAL['week']} weeks "
    f"or {USUAL['month']} months.",
    "to": "With `group`: the series ends with this day; today, in your time zone, unless told.",
}


class PeriodOut(serializers.Serializer[Any]):
    """One point of a chart."""

    created = serializers.IntegerField()
    completed = serializers.IntegerField()
    overdue = serializers.IntegerField(help_text="Tasks whose due moment passed in it while they were open.")
    median_seconds_to_complete = serializers.FloatField(allow_null=True, help_text="Of those completed in it.")

    def get_fields(self) -> Any:
        """`from` is a word of Python's."""
        return {"from": serializers.DateField(), **super().get_fields()}


class InsightsOut(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    completed = serializers.IntegerField()
    pending = serializers.IntegerField()
    tasks_by_priority = serializers.DictField(
        child=serializers.IntegerField(), help_text=f"Each of {', '.join(PRIORITY_NAMES)}."
    )
    tasks_by_status = serializers.DictField(
        child=serializers.IntegerField(), help_text=f"Each of {', '.join(STATUSES)}."
    )
    tasks_assigned = serializers.DictField(child=serializers.IntegerField(), help_text="By username.")
    tasks_created = serializers.DictField(child=serializers.IntegerField(), help_text="By username.")
    tasks_due_soon = serializers.IntegerField(help_text="Open ones that are due within 24 hours.")
    series = PeriodOut(many=True, required=False, help_text="Where `group` asks for it.")


EXAMPLE = {
    "total": 3,
    "completed": 1,
    "pending": 1,
    "tasks_by_priority": {"LOW": 0, "MEDIUM": 2, "HIGH": 1, "URGENT": 0},
    "tasks_by_status": {"PENDING": 1, "IN_PROGRESS": 0, "COMPLETED": 1, "ARCHIVED": 0, "OVERDUE": 1},
    "tasks_assigned": {"bo": 2},
    "tasks_created": {"mia": 3},
    "tasks_due_soon": 1,
}


def question(request: Request, *, now: datetime) -> Question:
    """What the query asks, over the tasks that the person may see. Raises Invalid."""
    person = person_of(request)
    refuse_unknown(request, {*FILTERS, *SERIES}, in_pages=False)
    tasks = narrowed(Task.objects.visible_to(person), request, FILTERS)
    is_narrowed = any(name in FILTERS for name in request.query_params)
    return Question(tasks, person.can(Capability.SEE_EVERYTHING) and not is_narrowed, _span(request, person, now=now))


def _span(request: Request, person: User, *, now: datetime) -> Span | None:
    """The periods of the series that is asked for. Raises Invalid."""
    if "group" not in request.query_params:
        for name in ("from", "to"):
            if name in request.query_params:
                raise invalid(name, "invalid", "This is for a series: say `group` too.")
        return None
    group = request.query_params["group"]
    if group not in GROUPS:
        raise invalid("group", "invalid", f"This is one of {', '.join(GROUPS)}.")
    zone = person.profile.timezone
    last = _read(request, "to", today(now, zone), day)
    first = _read(request, "from", usual_first(group, last), day)
    if first > last:
        raise invalid("from", "invalid", "A series does not begin after its end.")
    span = Span(group, first, last, zone)
    if len(span.starts()) > MOST:
        raise invalid("from", "invalid", f"A series has at most {MOST} points.")
    return span


def _read(request: Request, name: str, usual: T, read: Callable[[str], T]) -> T:
    """The parameter, or what is usual. Raises Invalid."""
    if name not in request.query_params:
        return usual
    try:
        return read(request.query_params[name])
    except ValueError as error:
        raise invalid(name, "invalid", str(error)) from error


class Insights(APIView):
    """How many tasks there are of each kind."""

    @extend_schema(
        operation_id="reports_insights",
        tags=["reports"],
        parameters=[*documented(FILTERS), *(OpenApiParameter(name, str, description=SERIES[name]) for name in SERIES)],
        responses={200: InsightsOut},
        examples=[OpenApiExample("Three tasks", EXAMPLE, response_only=True)],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Counts the tasks I created or am assigned to; for managers and admins, all tasks."""
        now = utc_now()
        # What is due soon changes without anybody's doing: that is as of this minute.
        minute = now.isoformat(timespec="minutes")
        return cached_response(request, lambda: insights(question(request, now=now), now=now), also=minute)
