"""Pages of a list: by number, with a count, or by cursor, at a cost that does not grow with depth."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db.models import F, Q, QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.utils.urls import remove_query_param, replace_query_param

from taskbell.common.errors import Invalid, invalid

USUAL, MOST = 50, 200
LAST_PAGE = 1_000_000
SALT = "taskbell.api.cursor"
PAGING = [
    OpenApiParameter("page", int, description="Which page, from 1."),
    OpenApiParameter("page_size", int, description=f"Rows a page, {USUAL} unless told, at most {MOST}."),
    OpenApiParameter("cursor", str, description="Empty for the first page; then follow `next`. There is no count."),
]


@dataclass(frozen=True)
class Key:
    """What a list is ordered by: a column or annotation, and which way. Rows without a value come last."""

    name: str
    descending: bool = False
    nullable: bool = False

    def order(self) -> Any:
        """For `order_by`. Says where rows without a value go only if there can be any, because of the indexes."""
        column = F(self.name)
        last = True if self.nullable else None
        return column.desc(nulls_last=last) if self.descending else column.asc(nulls_last=last)

    def same(self, value: Any) -> Q:
        """Rows that have this value."""
        return Q(**{f"{self.name}__isnull": True}) if value is None else Q(**{self.name: value})

    def beyond(self, value: Any) -> Q | None:
        """Rows that come after those with this value; None where there are none."""
        if value is None:
            return None
        after = Q(**{f"{self.name}__{'lt' if self.descending else 'gt'}": value})
        return after | Q(**{f"{self.name}__isnull": True}) if self.nullable else after

    def from_here(self, value: Any) -> Q:
        """Rows with this value or beyond it: what an index can start from."""
        if value is None or self.nullable:
            return Q()
        return Q(**{f"{self.name}__{'lte' if self.descending else 'gte'}": value})


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


def refuse_unknown(request: Request, known: set[str]) -> None:
    """Raises Invalid naming every query parameter that means nothing here."""
    known = known | {"page", "page_size", "cursor"}
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        name = unknown[0][:100]
        raise invalid(name, "unknown", f"There is no parameter {name!r} here.")


def paged(rows: QuerySet[Any], request: Request, *, keys: list[Key], decorate: Decorate = lambda rows: rows) -> Page:
    """The page that is asked for, in the order of `keys`, whose last must be unique.

    `decorate` adds what only the rows of the page need. Raises Invalid.
    """
    ordered = decorate(rows).order_by(*(key.order() for key in keys))
    size = whole_number(request, "page_size", default=USUAL, most=MOST)
    if "cursor" in request.query_params:
        return _page_after(ordered, request, keys=keys, size=size)
    page = whole_number(request, "page", default=1, most=LAST_PAGE)
    count = rows.count()
    start = (page - 1) * size
    found = list(ordered[start : start + size]) if start < count else []
    frame = {
        "count": count,
        "next": _link(request, "page", str(page + 1)) if start + size < count else None,
        "previous": _link(request, "page", str(page - 1)) if page > 1 else None,
    }
    return Page(found, frame)


def _page_after(ordered: QuerySet[Any], request: Request, *, keys: list[Key], size: int) -> Page:
    shape = [f"{'-' if key.descending else ''}{key.name}" for key in keys]
    cursor = request.query_params["cursor"]
    if cursor:
        ordered = ordered.filter(_after(keys, _read(cursor, shape)))
    found = list(ordered[: size + 1])
    frame: dict[str, Any] = {"next": None, "previous": None}
    if len(found) > size:
        last = found[size - 1]
        values = [_plain(getattr(last, key.name)) for key in keys]
        frame["next"] = _link(request, "cursor", signing.dumps([shape, values], salt=SALT))
    return Page(found[:size], frame)


def _after(keys: list[Key], values: list[Any]) -> Q:
    """Rows behind the one with these values: further by the first key, or the same and further by the next."""
    condition, prefix = Q(pk__in=[]), Q()
    for key, value in zip(keys, values, strict=True):
        beyond = key.beyond(value)
        if beyond is not None:
            condition |= prefix & beyond
        prefix &= key.same(value)
    return condition & keys[0].from_here(values[0])


def _read(cursor: str, shape: list[str]) -> list[Any]:
    try:
        known, values = signing.loads(cursor, salt=SALT)
    except (signing.BadSignature, ValueError) as error:
        raise _bad_cursor() from error
    if known != shape:
        raise _bad_cursor()
    return list(values)


def _bad_cursor() -> Invalid:
    return invalid("cursor", "invalid", "This is not a cursor of this list. Start with an empty one.")


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _link(request: Request, name: str, value: str) -> str:
    address = remove_query_param(request.build_absolute_uri(), "cursor" if name == "page" else "page")
    return str(replace_query_param(address, name, value))
