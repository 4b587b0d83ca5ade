"""The history of tasks."""

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from taskbell.activity.models import Activity
from taskbell.api.answers import page_of
from taskbell.api.authentication import person_of
from taskbell.api.etags import etag_response
from taskbell.api.lists import PAGING, documented, frame_of, query_of
from taskbell.api.schema import operation
from taskbell.payloads.activity import ActivityOut, activity_as_json
from taskbell.search.activity import FILTERS, page_of_activity
from taskbell.search.pages import ResultPage
from taskbell.tasks.queries import visible_task


def _answer(request: Request, page: ResultPage[Activity]) -> HttpResponse:
    results = activity_as_json(page.rows, person_of(request))
    return etag_response(request, frame_of(page, request) | {"results": results})


class Logs(APIView):
    @operation("logs_list", "history", page_of(ActivityOut), parameters=[*documented(FILTERS), *PAGING])
    def get(self, request: Request) -> HttpResponse:
        """Lists all changes, newest first. Managers and admins see the history of every task that ever existed."""
        return _answer(request, page_of_activity(query_of(request), person_of(request)))


class TaskLogs(APIView):
    @operation("task_logs_list", "history", page_of(ActivityOut), parameters=[*documented(FILTERS), *PAGING])
    def get(self, request: Request, pk: int) -> HttpResponse:
        """Lists the changes of this task, newest first."""
        task, person = visible_task(pk, to=person_of(request)), person_of(request)
        return _answer(request, page_of_activity(query_of(request), person, task=task))
