"""How lists are asked for, and a page of one as an answer."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.utils.urls import remove_query_param, replace_query_param

from taskbell.accounts.models import User
from taskbell.api.authentication import person_of
from taskbell.api.etags import etag_response
from taskbell.common.errors import invalid
from taskbell.search.filters import Filter, Schema
from taskbell.search.keyset import Key
from taskbell.search.pages import DEFAULT_PAGE_SIZE, MAX_PAGE_NUMBER, MAX_PAGE_SIZE, ResultPage, Row, page_of_rows
from taskbell.search.parameters import Parameters
from taskbell.search.tasks import FILTERS, ORDERS, TRASH_FILTERS, TRASH_ORDERS


def parameter(name: str, schema: Schema, description: str) -> OpenApiParameter:
    """A query parameter for the OpenAPI document; the values of an array are separated by commas."""
    return OpenApiParameter(
        name, dict(schema), description=description, explode=False if schema["type"] == "array" else None
    )


def number(name: str, description: str, *, most: int) -> OpenApiParameter:
    """A parameter that is a whole number from 1."""
    return parameter(name, {"type": "integer", "minimum": 1, "maximum": most}, description)


PAGING = [
    number("page", "The number of the page, from 1.", most=MAX_PAGE_NUMBER),
    number("page_size", f"Rows per page, {DEFAULT_PAGE_SIZE} by default.", most=MAX_PAGE_SIZE),
    OpenApiParameter(
        "cursor", str, description="Leave it empty for the first page, then follow `next`. There is no count."
    ),
]


def query_of(request: Request) -> dict[str, str]:
    """The parameters by name. Raises Invalid for a repeated parameter."""
    for name, values in request.query_params.lists():
        if len(values) > 1:
            raise invalid(name[:100], "twice", "Must be sent only once. Separate several values with commas.")
    return request.query_params.dict()


def documented(filters: Mapping[str, Filter]) -> list[OpenApiParameter]:
    """The filters for the OpenAPI document."""
    return [parameter(name, filter_.schema, filter_.description) for name, filter_ in filters.items()]


def both_ways(orders: Iterable[str]) -> list[str]:
    """Each order, ascending and descending."""
    return [name for order in orders for name in (order, f"-{order}")]


def ordering_by(orders: Iterable[str]) -> OpenApiParameter:
    """The parameter `ordering` for the OpenAPI document."""
    schema = {"type": "array", "minItems": 1, "items": {"type": "string", "enum": both_ways(orders)}}
    return parameter("ordering", schema, "Separate several with commas; a name with - before it is descending.")


TASK_PARAMETERS = [*documented(FILTERS), ordering_by(ORDERS)]
TRASH_PARAMETERS = [*documented(TRASH_FILTERS), ordering_by(TRASH_ORDERS)]


def frame_of(page: ResultPage[Any], request: Request) -> dict[str, Any]:
    """The members around the results: the count, if there is one, and the links."""
    links = {"next": _link(request, page, page.next), "previous": _link(request, page, page.previous)}
    return links if page.count is None else {"count": page.count, **links}


def page_response(request: Request, page: ResultPage[Row], show: Callable[[Row], Any], **more: Any) -> HttpResponse:
    """The page with its rows as `show` makes them, and `more` members; or 304."""
    results = {"results": [show(row) for row in page.rows]}
    return etag_response(request, frame_of(page, request) | more | results)


def page_as_json(
    request: Request,
    find: Callable[[Parameters, User], ResultPage[Row]],
    show: Callable[[Sequence[Row], User], Sequence[Any]],
) -> dict[str, Any]:
    """The requested page that `find` finds for the person, its rows as `show` makes them."""
    person = person_of(request)
    page = find(query_of(request), person)
    return frame_of(page, request) | {"results": show(page.rows, person)}


def rows_response(
    request: Request, rows: QuerySet[Any], keys: Sequence[Key], show: Callable[[Any], Any]
) -> HttpResponse:
    """The requested page of these rows in the order of `keys`; or 304."""
    return page_response(request, page_of_rows(rows, query_of(request), person_of(request), keys=keys), show)


def _link(request: Request, page: ResultPage[Any], value: str | None) -> str | None:
    if value is None:
        return None
    other = {"page": "cursor", "cursor": "page"}[page.parameter]
    return str(replace_query_param(remove_query_param(request.build_absolute_uri(), other), page.parameter, value))
