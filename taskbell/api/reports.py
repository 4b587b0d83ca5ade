"""Reports built by a worker: request, progress and download."""

from datetime import datetime, timedelta
from typing import Annotated, Any, TypedDict

from django.conf import settings
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from taskbell.api.answers import page_of
from taskbell.api.authentication import person_of
from taskbell.api.errors import PROBLEM
from taskbell.api.fields import body_of
from taskbell.api.lists import PAGING, rows_response
from taskbell.api.schema import Problem, operation
from taskbell.common.clock import utc_now
from taskbell.common.errors import invalid
from taskbell.payloads import payload_of
from taskbell.reports.actions import delete_report, finished_report, own_report, request_report
from taskbell.reports.models import Format, Piece, Report, ReportKind, ReportState
from taskbell.search.keyset import Key

MEDIA_TYPES = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "ics": "text/calendar; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ndjson": "application/x-ndjson",
}
EXAMPLE = {"kind": "export", "format": "xlsx", "status": "PENDING,OVERDUE", "assigned_to": "me"}


class ReportIn(serializers.Serializer[Any]):
    """The kind and format of a report. You can add filters of the list of tasks and, for insights, sections."""

    kind = serializers.ChoiceField(choices=[ReportKind.INSIGHTS, ReportKind.EXPORT])
    format = serializers.ChoiceField(choices=Format.values, default="json")


class ReportOut(TypedDict):
    """A report and its progress."""

    id: int
    kind: Annotated[str, {"enum": ReportKind.values}]
    format: Annotated[str, {"enum": Format.values}]
    query: Annotated[dict[str, Any], "The filters; of an import, how the file is read."]
    state: Annotated[str, {"enum": ReportState.values}]
    progress: Annotated[int, "From 0 to 100."]
    size: Annotated[int, "Bytes so far."]
    problem: Annotated[str, "Why the report failed."]
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None
    download: Annotated[str | None, "The URL of the file, once the report is done; of an import, what it answers."]


def report_as_json(report: Report) -> ReportOut:
    expires_at = report.finished_at and report.finished_at + timedelta(days=settings.TASKBELL_REPORT_DAYS)
    has_file = report.state == ReportState.DONE or (report.state == ReportState.FAILED and report.size > 0)
    download = f"/api/reports/{report.pk}/download/" if has_file else None
    return payload_of(ReportOut, report, expires_at=expires_at, download=download)


def _as_text(name: str, value: Any) -> str:
    """A filter as text, as in a query string. Raises Invalid."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | str():
            return str(value)
        case list() if value and all(isinstance(item, int | str) for item in value):
            return ",".join(map(str, value))
        case _:
            raise invalid(name, "invalid", "Must be a text, a number, true or false, or a list of texts or numbers.")


class Reports(APIView):
    @operation("reports_list", "reports", page_of(ReportOut), parameters=PAGING)
    def get(self, request: Request) -> HttpResponseBase:
        """Lists your reports, newest first."""
        mine = Report.objects.filter(person=person_of(request))
        return rows_response(request, mine, [Key("id", descending=True)], report_as_json)

    @operation(
        "reports_create",
        "reports",
        ReportOut,
        status=202,
        takes=ReportIn,
        sent={"A workbook of your open tasks": EXAMPLE},
        is_repeatable=True,
    )
    def post(self, request: Request) -> Response:
        """Requests a report, built by a worker. Read it again to see its progress."""
        person, form = person_of(request), body_of(request, ReportIn)
        sent = dict(request.data)  # an object, or the form would not be valid
        query = {name: _as_text(name[:100], value) for name, value in sent.items() if name not in form}
        report = request_report(person, form["kind"], form["format"], query, now=utc_now())
        headers = {"Location": f"/api/reports/{report.pk}/"}
        return Response(report_as_json(report), status=202, headers=headers)


class ReportDetail(APIView):
    @operation("reports_read", "reports", ReportOut)
    def get(self, request: Request, pk: int) -> ReportOut:
        """Shows the report and its progress."""
        return report_as_json(own_report(person_of(request), pk))

    @operation("reports_delete", "reports")
    def delete(self, request: Request, pk: int) -> None:
        """Deletes the report; an unfinished one is cancelled."""
        delete_report(person_of(request), pk)


class ReportDownload(APIView):
    @extend_schema(
        operation_id="reports_download",
        tags=["reports"],
        responses={
            **{(200, MEDIA_TYPES[name].split(";")[0]): OpenApiTypes.BINARY for name in ("json", "csv", "ics", "xlsx")},
            (409, PROBLEM): Problem,
        },
    )
    def get(self, request: Request, pk: int) -> StreamingHttpResponse:
        """Sends the file."""
        report = finished_report(person_of(request), pk)
        headers = {
            "Content-Type": MEDIA_TYPES[report.format],
            "Content-Disposition": f'attachment; filename="{report.file_name}"',
            "Content-Length": str(report.size),
            "Cache-Control": "private, no-store",
        }
        return StreamingHttpResponse(Piece.file_of(report), headers=headers)
