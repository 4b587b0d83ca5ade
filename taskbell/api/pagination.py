"""Pages of lists, with links to the next and previous page."""

from typing import Any

from rest_framework.request import Request
from rest_framework.utils.urls import remove_query_param, replace_query_param

from taskbell.search.pages import ResultPage


def frame_of(page: ResultPage[Any], request: Request) -> dict[str, Any]:
    """The members around the results: the count, if there is one, and the links."""
    links = {"next": _link(request, page, page.next), "previous": _link(request, page, page.previous)}
    return links if page.count is None else {"count": page.count, **links}


def _link(request: Request, page: ResultPage[Any], value: str | None) -> str | None:
    if value is None:
        return None
    other = {"page": "cursor", "cursor": "page"}[page.parameter]
    return str(replace_query_param(remove_query_param(request.build_absolute_uri(), other), page.parameter, value))
