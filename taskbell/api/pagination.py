"""Pages of a list: by number, with a count, or by cursor, at a cost that does not grow with depth."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.utils.urls import remove_query_param, replace_query_param

from taskbell.api.cursor import Key, cursor_after, lists_after
from taskbell.common.errors import invalid

USUAL, MOST = 50, 200
LAST_PAGE = 1_000_000
PAGING = [
    OpenApiParameter("page", int, description="Which page, from 1."),
    OpenApiParameter("page_size", int, description=f"Rows a page, {USUAL} unless told, at most {MOST}."),
    OpenApiParameter("cursor", str, description="Empty for the first page; then follow `next`. There is no count."),
]


@dataclass(frozen=True)
class Page:
    """The rows that are asked for, and the frame of the answer."""

    rows: list[Any]
    frame: dict[str, Any]


Decorate = Callable[[QuerySet[Any]], QuerySet[Any]]


def whole_number(request: Request, name: str, *, default: int, most: int) -> int:
    """A query parameter between 1 and `most`. Raises Invalid naming it."""
    raw = request.query_params.get(name, str(default))
    if not (raw.isascii() and raw.isdigit() and len(raw) <= 9 and 1 <= int(raw) <= most):
        raise invalid(name, "invalid", f"This is a whole number from 1 to {most}.")
    return int(raw)


def refuse_unknown(request: Request, known: set[str], *, in_pages: bool = True) -> None:
    """Raises Invalid naming a query parameter that means nothing here, or of which only one could be heard."""
    known = known | {"page", "page_size", "cursor"} if in_pages else known
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        name = unknown[0][:100]
        raise invalid(name, "unknown", f"There is no parameter {name!r} here.")
    for name, values in request.query_params.lists():
        if len(values) > 1:
            raise invalid(name, "twice", "Send this once. Where several values are meant, separate them by commas.")


def paged(rows: QuerySet[Any], request: Request, *, keys: list[Key], decorate: Decorate = lambda rows: rows) -> Page:
    """The page that is asked for, in the order of `keys`, whose last must be unique.

    `decorate` adds what only the rows of the page need. Raises Invalid.
    """
    size = whole_number(request, "page_size", default=USUAL, most=MOST)
    if "cursor" in request.query_params:
        return _page_after(rows, request, keys=keys, size=size, decorate=decorate)
    page = whole_number(request, "page", default=1, most=LAST_PAGE)
    count = rows.count()
    start = (page - 1) * size
    ordered = rows.order_by(*(key.order() for key in keys))
    found = _decorated(ordered[start : start + size], keys, decorate) if start < count else []
    frame = {
        "count": count,
        "next": _link(request, "page", str(page + 1)) if start + size < count else None,
        "previous": _link(request, "page", str(page - 1)) if page > 1 else None,
    }
    return Page(found, frame)


def _page_after(rows: QuerySet[Any], request: Request, *, keys: list[Key], size: int, decorate: Decorate) -> Page:
    found: list[Any] = []
    for part in lists_after(rows, keys, request.query_params["cursor"]):
        found += _decorated(part[: size + 1 - len(found)], keys, decorate)
        if len(found) > size:
            break
    more = _link(request, "cursor", cursor_after(found[size - 1], keys)) if len(found) > size else None
    return Page(found[:size], {"next": more, "previous": None})


def _decorated(page: QuerySet[Any], keys: list[Key], decorate: Decorate) -> list[Any]:
    """These rows with what is added to them.

    They are found first, by themselves: beside the search, what hangs on a row would be looked up for rows that are on
    no page, or planned as if it were (335 ms instead of 1 ms for a page of 1,000,000 tasks).
    """
    found = page.model._default_manager.filter(pk__in=page.values("pk"))
    return list(decorate(found).order_by(*(key.order() for key in keys)))


def _link(request: Request, name: str, value: str) -> str:
    address = remove_query_param(request.build_absolute_uri(), "cursor" if name == "page" else "page")
    return str(replace_query_param(address, name, value))
