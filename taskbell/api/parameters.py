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
        "page_size", int, description=f"Rows per page, {DEFAULT_PAGE_SIZE} by default, at most {MAX_PAGE_SIZE}."
    ),
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


def id_parameter(request: Request, name: str) -> int | None:
    """The parameter as an ID; None if it is missing. Raises Invalid."""
    text = request.query_params.get(name)
    try:
        return None if text is None else read_id(text)
    except BadValue as error:
        raise invalid(name, "invalid", str(error)) from error


def documented(filters: Mapping[str, Filter]) -> list[OpenApiParameter]:
    """The filters for the OpenAPI document."""
    return [OpenApiParameter(name, str, description=filter_.description) for name, filter_ in filters.items()]


TASK_PARAMETERS = [
    *documented(FILTERS),
    OpenApiParameter(
        "ordering",
        str,
        description=f"{', '.join(ORDERS)}; separate several with commas, and put - before a name for descending order.",
    ),
]
