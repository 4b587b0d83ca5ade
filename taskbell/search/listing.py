"""A list in some order, read page by page."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db.models import IntegerField, QuerySet

from taskbell.common.compiled_query import CompiledQuery, Param, Row
from taskbell.common.union import Union
from taskbell.search.keyset import Key, columns_of, lists_after

SIZE, START = Param("size", IntegerField()), Param("start", IntegerField())
# Several lists have to be merged anyway: the rows are found once, then counted and sorted in memory.
OF_MANY = """
    WITH found AS ({rows}) SELECT *, (SELECT COUNT(*) FROM found) FROM found ORDER BY {order} LIMIT %s OFFSET %s
"""
# One list can be long, and need not be sorted where there is an index.
OF_ONE = """
    SELECT *, (SELECT COUNT(*) FROM ({rows}) AS counted) FROM ({rows}) AS found ORDER BY {order} LIMIT %s OFFSET %s
"""
OF_COUNTED = "{rows} ORDER BY {order} LIMIT %s OFFSET %s"


class Listing:
    """Rows in the order of `keys`, whose last must be unique: each the values of the keys and, last, the primary key.

    The SQL of each kind of page is compiled at the first use. `values` are those of the parameters in `rows` and in
    `total`, an expression for the number of rows; without one, they are counted.
    """

    def __init__(self, rows: Union[Any], keys: Sequence[Key], total: Any = None) -> None:
        self.rows, self.keys, self.columns, self.total = rows, keys, columns_of(keys), total
        self._after: dict[Any, list[CompiledQuery]] = {}

    def numbered(self, start: int, size: int, **values: Any) -> tuple[int, list[Row]]:
        """The number of rows, and some of them, by one query."""
        page = self._counted_page(size=size, start=start, **values)
        counted = page or (self._counted_page(size=1, start=0, **values) if start else [])
        return (counted[0][-1] if counted else 0), [row[:-1] for row in page]

    def after(self, last: Sequence[Any] | None, size: int, **values: Any) -> list[Row]:
        """Up to `size` rows after the one with these key values; without one, from the start."""
        found: list[Row] = []
        for read in self._statements_after(last):
            found += read(size=size - len(found), **values, **_named(last or ()))
            if len(found) >= size:
                break
        return found

    @cached_property
    def _counted_page(self) -> CompiledQuery:
        order = ", ".join(key.order_of_column(self.columns.index(key.column) + 1) for key in self.keys)
        if self.total is not None:
            counted = self.rows.annotate(total=self.total).values_list(*self.columns, "total")
            return self._statement(counted, OF_COUNTED.replace("{order}", order), SIZE, START)
        around = (OF_MANY if len(self.rows.parts) > 1 else OF_ONE).replace("{order}", order)
        return self._statement(self.rows.values_list(*self.columns), around, SIZE, START)

    def _statements_after(self, last: Sequence[Any] | None) -> list[CompiledQuery]:
        """The SQL depends on which of the values are None, and on nothing else about them."""
        shape = last and tuple(value is None for value in last)
        if shape not in self._after:
            params = last and [None if last[place] is None else param for place, param in enumerate(self._params)]
            lists = lists_after(self.rows, self.keys, params)
            self._after[shape] = [self._statement(rows, "{rows} LIMIT %s", SIZE) for rows in lists]
        return self._after[shape]

    @cached_property
    def _params(self) -> list[Param]:
        query = self.rows.parts[0].query
        fields = (query.resolve_ref(key.name).output_field for key in self.keys)
        return [Param(name, field) for name, field in zip(_named(self.keys), fields, strict=True)]

    def _statement(self, rows: QuerySet[Any, Any], around: str, *also: Param) -> CompiledQuery:
        return CompiledQuery(lambda: rows, template=around, extra_params=also, replan=True)


def _named(values: Sequence[Any]) -> dict[str, Any]:
    return {f"last_{place}": value for place, value in enumerate(values)}
