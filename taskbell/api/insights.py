"""Insights: counts of tasks by kind, and their development over time."""

from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.views import APIView

from taskbell.api.authentication import person_of
from taskbell.api.lists import documented, parameter, query_of
from taskbell.api.response_cache import cached_response
from taskbell.api.schema import operation
from taskbell.common.clock import utc_now
from taskbell.reports.insights import InsightsOut, insights
from taskbell.reports.questions import SECTIONS, read_question
from taskbell.search.tasks import FILTERS

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
    @operation(
        "reports_insights",
        "reports",
        InsightsOut,
        parameters=[*documented(FILTERS), *(parameter(name, *SECTIONS[name]) for name in SECTIONS)],
        shown={"Three tasks": EXAMPLE},
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Counts the tasks you created or are assigned to; for managers and admins, all tasks."""
        now = utc_now()

        def make() -> InsightsOut:
            return insights(read_question(query_of(request), person_of(request), now=now), now=now)

        # The tasks due soon change with time alone, so the response is cached per minute.
        return cached_response(request, make, also=now.isoformat(timespec="minutes"))
