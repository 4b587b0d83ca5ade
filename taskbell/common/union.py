"""Lists that have no row in common, read as one.

`a = 1 OR b = 1` makes a database look up all that fits either; two lists, each in the order of its index, it merges,
and stops where the page is full.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Model, QuerySet

T = TypeVar("T", bound=Model)
# What two lists have to be merged for is found once, and counted and sorted in memory.
OF_MANY = """
    WITH found AS ({rows}) SELECT *, (SELECT COUNT(*) FROM found) FROM found ORDER BY {order} LIMIT %s OFFSET %s
"""
# One list can be long, and need not be sorted where there is an index.
OF_ONE = """
    SELECT *, (SELECT COUNT(*) FROM ({rows}) AS counted) FROM ({rows}) AS found ORDER BY {order} LIMIT %s OFFSET %s
"""


@dataclass(frozen=True)
class Union(Generic[T]):
    """Disjoint lists of one model."""

    parts: Sequence[QuerySet[T]]

    def filter(self, *args: Any, **kwargs: Any) -> "Union[T]":
        """As of a queryset."""
        return Union([part.filter(*args, **kwargs) for part in self.parts])

    def annotate(self, **annotations: Any) -> "Union[T]":
        """As of a queryset."""
        return Union([part.annotate(**annotations) for part in self.parts])

    def values_list(self, *names: str) -> QuerySet[Any, Any]:
        """These columns of all lists, to be ordered and cut."""
        first, *others = (part.order_by().values_list(*names) for part in self.parts)
        return first.union(*others, all=True) if others else first

    def counted_page(self, names: Sequence[str], order: str, *, start: int, size: int) -> tuple[int, list[Any]]:
        """How many rows there are, and a page of them in this order, by one query."""
        found = self.values_list(*names)
        try:
            rows, parameters = found.query.sql_with_params()
        except EmptyResultSet:
            return 0, []
        template, times = (OF_MANY, 1) if len(self.parts) > 1 else (OF_ONE, 2)
        with connection.cursor() as cursor:
            cursor.execute(template.format(rows=rows, order=order), [*(parameters * times), size, start])
            page = cursor.fetchall()
        if not page:
            return (found.count() if start else 0), []
        return page[0][-1], [row[:-1] for row in page]
