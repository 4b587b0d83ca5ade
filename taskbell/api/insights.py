"""Insights: how many tasks there are of each kind, and what happened over time."""

from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from taskbell.api.authentication import person_of
from taskbell.api.parameters import documented, query_of
from taskbell.api.response_cache import cached_response
from taskbell.common.clock import utc_now
from taskbell.reports.insights import insights
from taskbell.reports.questions import SERIES, read_question
from taskbell.search.tasks import FILTERS
from taskbell.tasks.models import PRIORITY_NAMES, STATUSES


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
        """Counts the tasks you created or are assigned to; for managers and admins, all tasks."""
        now = utc_now()

        def make() -> dict[str, Any]:
            return insights(read_question(query_of(request), person_of(request), now=now), now=now)

        # Which tasks are due soon changes with time alone: the answer is as of this minute.
        return cached_response(request, make, also=now.isoformat(timespec="minutes"))
