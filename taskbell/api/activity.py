"""The history of tasks."""

from functools import partial

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from taskbell.api.answers import page_of
from taskbell.api.authentication import person_of
from taskbell.api.etags import etag_response
from taskbell.api.lists import PAGING, documented, page_as_json
from taskbell.api.schema import operation
from taskbell.payloads.activity import ActivityOut, activity_as_json
from taskbell.search.activity import FILTERS, page_of_activity
from taskbell.tasks.queries import visible_task


class Logs(APIView):
    @operation("logs_list", "history", page_of(ActivityOut), parameters=[*documented(FILTERS), *PAGING])
    def get(self, request: Request) -> HttpResponse:
        """Lists all changes, newest first. Managers and admins see the history of every task that ever existed."""
        return etag_response(request, page_as_json(request, page_of_activity, activity_as_json))


class TaskLogs(APIView):
    @operation("task_logs_list", "history", page_of(ActivityOut), parameters=[*documented(FILTERS), *PAGING])
    def get(self, request: Request, pk: int) -> HttpResponse:
        """Lists the changes of this task, newest first."""
        find = partial(page_of_activity, task=visible_task(pk, to=person_of(request)))
        return etag_response(request, page_as_json(request, find, activity_as_json))
