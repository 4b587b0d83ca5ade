"""The response to an import. It lists every invalid row, so it can be longer than the file."""

from http import HTTPStatus
from itertools import chain
from typing import Annotated, Any, TypedDict

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from taskbell.api import idempotency
from taskbell.api.errors import PROBLEM, document
from taskbell.api.wire import as_bytes
from taskbell.common.errors import invalid
from taskbell.transfer.errors import CHUNK_BYTES, Errors
from taskbell.transfer.importing import ImportRefused, ImportResult

MAX_KEPT_BYTES = 16 * 1024 * 1024


class RowErrorOut(TypedDict):
    """An error in one row."""

    line: Annotated[int, "The line where the row starts; the first line of the file is 1."]
    field: Annotated[str, "The column; empty for an error of the whole row."]
    code: str
    message: str


class ImportOut(TypedDict):
    """What was imported."""

    rows: int
    created: int
    failed: Annotated[int, "The number of skipped rows; always 0 without `partial`."]
    errors: Annotated[list[RowErrorOut], "All their errors."]


def check_kept(request: Request, result: ImportResult) -> None:
    """Raises Invalid if the response is too long to be stored for an Idempotency-Key."""
    if idempotency.is_asked(request) and result.errors.size > MAX_KEPT_BYTES:
        sentence = (
            "Can't store the response for this key, because too many rows are invalid. Fix the file, or omit the key."
        )
        raise invalid("Idempotency-Key", "too_many_errors", sentence)


def imported(request: Request, result: ImportResult) -> HttpResponseBase:
    """Describes what was imported, and the errors of the rest."""
    head = {"rows": result.rows, "created": result.created, "failed": result.failed}
    return _in_full(head, result.errors, "application/json", HTTPStatus.OK, as_one=idempotency.is_asked(request))


def refused(refusal: ImportRefused) -> HttpResponseBase:
    """The problem document."""
    return _in_full(document(refusal), refusal.result.errors, PROBLEM, HTTPStatus(refusal.status))


def _in_full(
    head: dict[str, Any], errors: Errors, content_type: str, status: HTTPStatus, *, as_one: bool = False
) -> HttpResponseBase:
    """The members of the response with all errors; a long list is streamed."""
    body = chain([as_bytes(head)[:-1], b',"errors":'], errors.as_json(), [b"}"])
    if as_one or errors.size <= CHUNK_BYTES:
        return HttpResponse(body, content_type, status)
    return StreamingHttpResponse(body, status=status, content_type=content_type)
