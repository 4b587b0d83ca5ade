"""Pages of a list."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from taskbell.common.errors import invalid

USUAL, MOST = 50, 200
LAST_PAGE = 1_000_000


def whole_number(request: Request, name: str, *, default: int, most: int) -> int:
    """A query parameter between 1 and `most`. Raises Invalid naming it."""
    raw = request.query_params.get(name, str(default))
    if not (raw.isascii() and raw.isdigit() and len(raw) <= 9 and 1 <= int(raw) <= most):
        raise invalid(name, "invalid", f"This is a whole number from 1 to {most}.")
    return int(raw)


def page_of(rows: QuerySet[Any], request: Request) -> tuple[list[Any], dict[str, Any]]:
    """The rows of the page that is asked for, and the answer's frame: count, next and previous."""
    page = whole_number(request, "page", default=1, most=LAST_PAGE)
    size = whole_number(request, "page_size", default=USUAL, most=MOST)
    count = rows.count()
    start = (page - 1) * size
    found = list(rows[start : start + size]) if start < count else []
    frame = {
        "count": count,
        "next": _link(request, page + 1) if start + size < count else None,
        "previous": _link(request, page - 1) if page > 1 else None,
    }
    return found, frame


def _link(request: Request, page: int) -> str:
    return replace_query_param(request.build_absolute_uri(), "page", page)
