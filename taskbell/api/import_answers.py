"""The response to an import. It lists every invalid row, so it can be longer than the file."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any, TypedDict

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from taskbell.api import idempotency
from taskbell.api.errors import PROBLEM
from taskbell.common.errors import invalid
from taskbell.transfer.errors import CHUNK_BYTES, Listed, with_lists
from taskbell.transfer.importing import ImportRefused, ImportResult

MAX_KEPT_BYTES = 16 * 1024 * 1024


class RowErrorOut(TypedDict):
    """An error in one row."""

    line: Annotated[int, "The line where the row starts; the first line of the file is 1."]
    field: Annotated[str, "The column; empty for an error of the whole row."]
    code: str
    message: str


class NoticeOut(TypedDict):
    """Something in the file that was not imported, or how it was read."""

    line: Annotated[int, "The line where the row starts; the first line of the file is 1."]
    field: Annotated[str, "The column or property of the file."]
    message: str


class ImportOut(TypedDict):
    """What was imported."""

    format: Annotated[str, "The format in which the file was read."]
    rows: int
    created: int
    updated: Annotated[int, "How many tasks were here already and have changed; always 0 without `on_existing=update`."]
    skipped: Annotated[int, "How many tasks were here already and have not changed."]
    failed: Annotated[int, "The number of invalid rows, which were left out; always 0 without `partial`."]
    notice_count: int
    errors: Annotated[list[RowErrorOut], "All errors of the invalid rows."]
    notices: Annotated[
        list[NoticeOut], "Everything in the file that was not imported, and how dates and encodings were read."
    ]


def _check_kept(request: Request, result: ImportResult) -> None:
    """Raises Invalid if the response is too long to be stored for an Idempotency-Key."""
    if idempotency.is_asked(request) and result.errors.size + result.notices.size > MAX_KEPT_BYTES:
        sentence = (
            "Can't store the response for this key, because it has too many errors and notices."
            " Fix the file, or omit the key."
        )
        raise invalid("Idempotency-Key", "too_many_errors", sentence)


def imported(request: Request, write: Callable[[], ImportResult], format_: str | None) -> HttpResponseBase:
    """Imports, and describes what was imported, the errors of the rest, and what was not carried. Raises Invalid."""
    result = write()
    _check_kept(request, result)
    head = {"format": format_, **result.counts()}
    return _in_full(head, result.lists(), "application/json", HTTPStatus.OK, as_one=idempotency.is_asked(request))


def refused(refusal: ImportRefused) -> HttpResponseBase:
    return _in_full(refusal.document(), {"errors": refusal.result.errors}, PROBLEM, HTTPStatus(refusal.status))


def _in_full(
    head: dict[str, Any],
    lists: dict[str, Listed[Any]],
    content_type: str,
    status: HTTPStatus,
    *,
    as_one: bool = False,
) -> HttpResponseBase:
    """The members of the response with everything that is listed; long lists are streamed."""
    body = with_lists(head, lists)
    if as_one or sum(found.size for found in lists.values()) <= CHUNK_BYTES:
        return HttpResponse(body, content_type, status)
    return StreamingHttpResponse(body, status=status, content_type=content_type)
