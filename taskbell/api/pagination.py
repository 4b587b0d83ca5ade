"""Pages of a list: by number, with a count, or by cursor, at a cost that does not grow with depth."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.utils.urls import remove_query_param, replace_query_param

from taskbell.api.cursor import Key, cursor_after, values_of
from taskbell.api.listing import Listing
from taskbell.common.errors import invalid
from taskbell.common.union import Union

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


Found = tuple[list[Any], dict[str, Any]]
Load = Callable[[list[Any]], list[Any]]


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


def paged(rows: QuerySet[Any], request: Request, *, keys: Sequence[Key]) -> Page:
    """The page that is asked for, in the order of `keys`, whose last must be unique. Raises Invalid."""

    def load(found: list[Any]) -> list[Any]:
        by_key = {row.pk: row for row in rows.filter(pk__in=found)} if found else {}
        return [by_key[pk] for pk in found if pk in by_key]

    return page_of(Listing(Union([rows]), keys), request, load=load)


def page_of(listing: Listing, request: Request, *, load: Load, **values: Any) -> Page:
    """The same of any listing, with these values in its blanks. `load` makes rows of primary keys, in that order.

    They are found first, by themselves: beside the search, what hangs on a row would be looked up for rows that are on
    no page, or planned as if it were (335 ms instead of 1 ms for a page of 1,000,000 tasks).
    """
    size = whole_number(request, "page_size", default=USUAL, most=MOST)
    if "cursor" in request.query_params:
        found, frame = _page_after(listing, request, size, values)
    else:
        found, frame = _numbered_page(listing, request, size, values)
    return Page(load([row[-1] for row in found]), frame)


def _numbered_page(listing: Listing, request: Request, size: int, values: dict[str, Any]) -> Found:
    page = whole_number(request, "page", default=1, most=LAST_PAGE)
    start = (page - 1) * size
    count, found = listing.numbered(start, size, **values)
    frame = {
        "count": count,
        "next": _link(request, "page", str(page + 1)) if start + size < count else None,
        "previous": _link(request, "page", str(page - 1)) if page > 1 else None,
    }
    return found, frame


def _page_after(listing: Listing, request: Request, size: int, values: dict[str, Any]) -> Found:
    cursor = request.query_params["cursor"]
    found = listing.after(values_of(cursor, listing.keys) if cursor else None, size + 1, **values)
    more = _link(request, "cursor", cursor_after(found[size - 1], listing.keys)) if len(found) > size else None
    return found[:size], {"next": more, "previous": None}


def _link(request: Request, name: str, value: str) -> str:
    address = remove_query_param(request.build_absolute_uri(), "cursor" if name == "page" else "page")
    return str(replace_query_param(address, name, value))
