"""The query string of a request, read and documented."""

from collections.abc import Mapping

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from taskbell.common.errors import invalid
from taskbell.common.values import BadValue, read_id
from taskbell.search.filters import Filter
from taskbell.search.pages import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from taskbell.search.tasks import FILTERS, ORDERS

PAGING = [
    OpenApiParameter("page", int, description="The number of the page, from 1."),
    OpenApiParameter(
        "page_size", int, description=f"Rows per page, by default {DEFAULT_PAGE_SIZE}, at most {MAX_PAGE_SIZE}."
    ),
    OpenApiParameter("cursor", str, description="Empty for the first page; then follow `next`. There is no count."),
]


def query_of(request: Request) -> dict[str, str]:
    """The parameters by name. Raises Invalid for one that is sent more than once."""
    for name, values in request.query_params.lists():
        if len(values) > 1:
            raise invalid(name[:100], "twice", "Send this once. Separate several values by commas.")
    return request.query_params.dict()


def id_parameter(request: Request, name: str) -> int | None:
    """The parameter as an id; None where it is not sent. Raises Invalid."""
    text = request.query_params.get(name)
    try:
        return None if text is None else read_id(text)
    except BadValue as error:
        raise invalid(name, "invalid", str(error)) from error


def documented(filters: Mapping[str, Filter]) -> list[OpenApiParameter]:
    """The filters as the OpenAPI document lists them."""
    return [OpenApiParameter(name, str, description=filter_.description) for name, filter_ in filters.items()]


TASK_PARAMETERS = [
    *documented(FILTERS),
    OpenApiParameter("ordering", str, description=f"{', '.join(ORDERS)}; several with commas, descending with -."),
]
