"""Pages of a list: by number, with a count, or by cursor, at a cost that does not grow with depth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet

from taskbell.accounts.models import User
from taskbell.common.union import Union
from taskbell.search.filters import NO_FILTERS, Filter, condition_of
from taskbell.search.keyset import Key, cursor_after, values_of
from taskbell.search.listing import Listing
from taskbell.search.parameters import Parameters, refuse_unknown, whole_number

DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE = 50, 200
MAX_PAGE_NUMBER = 1_000_000
PAGE_PARAMETERS = ("page", "page_size", "cursor")

Row = TypeVar("Row")


@dataclass(frozen=True)
class ResultPage(Generic[Row]):
    """Some rows of a list. `next` and `previous` are the values of `parameter` that lead to the pages beside it."""

    rows: Sequence[Row]
    parameter: str
    count: int | None = None
    next: str | None = None
    previous: str | None = None


def page_of_rows(
    rows: QuerySet[Any],
    parameters: Parameters,
    person: User,
    *,
    keys: Sequence[Key],
    filters: Mapping[str, Filter] = NO_FILTERS,
) -> ResultPage[Any]:
    """The requested page of the rows that match, in the order of `keys`, whose last must be unique. Raises Invalid."""
    refuse_unknown(parameters, (*filters, *PAGE_PARAMETERS))
    matching = rows.filter(condition_of(parameters, filters, person))
    page = page_of_keys(Listing(Union([matching]), keys), parameters)
    loaded = matching.in_bulk(page.rows) if page.rows else {}
    return replace(page, rows=[loaded[pk] for pk in page.rows if pk in loaded])


def page_of_keys(listing: Listing, parameters: Parameters, **values: Any) -> ResultPage[int]:
    """The primary keys of the requested page, with `values` for the parameters of its SQL. Raises Invalid.

    The keys are found first, without what belongs to the rows: joined to the search, that would be looked up for rows
    on no page, or planned as if it were (335 ms instead of 1 ms for a page of 1,000,000 tasks).
    """
    size = whole_number(parameters, "page_size", default=DEFAULT_PAGE_SIZE, most=MAX_PAGE_SIZE)
    if "cursor" in parameters:
        return _page_after(listing, parameters["cursor"], size, values)
    number = whole_number(parameters, "page", default=1, most=MAX_PAGE_NUMBER)
    return _numbered_page(listing, number, size, values)


def _numbered_page(listing: Listing, number: int, size: int, values: dict[str, Any]) -> ResultPage[int]:
    start = (number - 1) * size
    count, found = listing.numbered(start, size, **values)
    following = str(number + 1) if start + size < count else None
    previous = str(number - 1) if number > 1 else None
    return ResultPage([row[-1] for row in found], "page", count, following, previous)


def _page_after(listing: Listing, cursor: str, size: int, values: dict[str, Any]) -> ResultPage[int]:
    found = listing.after(values_of(cursor, listing.keys) if cursor else None, size + 1, **values)
    following = cursor_after(found[size - 1], listing.keys) if len(found) > size else None
    return ResultPage([row[-1] for row in found[:size]], "cursor", next=following)
