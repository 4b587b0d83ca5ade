"""What an import answers: with every bad row, and so perhaps longer than the file was."""

from http import HTTPStatus
from itertools import chain
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework import serializers
from rest_framework.request import Request

from taskbell.api import idempotency
from taskbell.api.errors import PROBLEM, document
from taskbell.api.wire import as_bytes
from taskbell.common.errors import invalid
from taskbell.transfer.errors import PIECE, Errors
from taskbell.transfer.importing import ImportRefused, Report

MOST_KEPT = 16 * 1024 * 1024  # bytes


class RowErrorOut(serializers.Serializer[Any]):
    line = serializers.IntegerField(help_text="Where the row begins; the first line of the file is 1.")
    field = serializers.CharField(help_text="The column; empty where it is the row.")
    code = serializers.CharField()
    message = serializers.CharField()


class ImportOut(serializers.Serializer[Any]):
    rows = serializers.IntegerField()
    created = serializers.IntegerField()
    failed = serializers.IntegerField(help_text="Rows that were left out; 0 unless asked for with `partial`.")
    errors = RowErrorOut(many=True, help_text="All that was wrong with them.")  # type: ignore[assignment]


def check_kept(request: Request, report: Report) -> None:
    """An answer that is given again is kept as one piece. Raises Invalid for one that is too long for it."""
    if idempotency.is_asked(request) and report.errors.size > MOST_KEPT:
        sentence = "So many rows are wrong that the answer cannot be kept for this key. Send none, or mend the file."
        raise invalid("Idempotency-Key", "too_many_errors", sentence)


def imported(request: Request, report: Report) -> HttpResponseBase:
    """Says what was imported, and what was wrong with the rest."""
    head = {"rows": report.rows, "created": report.created, "failed": report.failed}
    return _in_full(head, report.errors, "application/json", HTTPStatus.OK, as_one=idempotency.is_asked(request))


def refused(refusal: ImportRefused) -> HttpResponseBase:
    """The problem document."""
    return _in_full(document(refusal), refusal.report.errors, PROBLEM, HTTPStatus(refusal.status))


def _in_full(
    head: dict[str, Any], errors: Errors, content_type: str, status: HTTPStatus, *, as_one: bool = False
) -> HttpResponseBase:
    """The members of the head, and all of the errors: sent while they are read, where there are many."""
    body = chain([as_bytes(head)[:-1], b',"errors":'], errors.as_json(), [b"}"])
    if as_one or errors.size <= PIECE:
        return HttpResponse(body, content_type, status)
    return StreamingHttpResponse(body, status=status, content_type=content_type)
