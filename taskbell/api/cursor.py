"""Pages by cursor: what follows a row, found by an index at a cost that does not grow with depth."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core import signing
from django.db import connection
from django.db.models import F, Q, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan

from taskbell.common.errors import Invalid, invalid
from taskbell.common.union import Union

SALT = "taskbell.api.cursor"


@dataclass(frozen=True)
class Key:
    """What a list is ordered by: a column or annotation, and which way. Rows without a value come last."""

    name: str
    descending: bool = False
    nullable: bool = False

    @property
    def column(self) -> str:
        """What the key is called among `columns_of`."""
        return "pk" if self.name == "id" else self.name

    def order(self) -> Any:
        """For `order_by`. Says where rows without a value go only if there can be any, because of the indexes."""
        column = F(self.name)
        last = True if self.nullable else None
        return column.desc(nulls_last=last) if self.descending else column.asc(nulls_last=last)

    def order_of_column(self, number: int) -> str:
        """The same in SQL, for a column by its number."""
        return f"{number} {'DESC' if self.descending else 'ASC'}{' NULLS LAST' if self.nullable else ''}"

    def same(self, value: Any) -> Q:
        """Rows that have this value."""
        return Q(**{f"{self.name}__isnull": True}) if value is None else Q(**{self.name: value})

    def beyond(self, value: Any) -> Q:
        """Rows that come after those with this value."""
        if value is None:
            return Q(pk__in=[])
        after = Q(**{f"{self.name}__{'lt' if self.descending else 'gt'}": value})
        return after | Q(**{f"{self.name}__isnull": True}) if self.nullable else after


def cursor_after(row: Sequence[Any], keys: Sequence[Key]) -> str:
    """Where the page after this row of `columns_of` begins."""
    columns = columns_of(keys)
    values = [row[columns.index(key.column)] for key in keys]
    plain = [value.isoformat() if hasattr(value, "isoformat") else value for value in values]
    return signing.dumps([_shape(keys), plain], salt=SALT)


def lists_after(rows: Union[Any], keys: Sequence[Key], values: Sequence[Any] | None) -> Iterator[QuerySet[Any, Any]]:
    """The rows after the one with these values, or all, in order, as lists that follow one another.

    Each list has an index to itself. Its rows are the values of the keys and, last, the primary key.
    """
    names = columns_of(keys)
    for part, order in _lists(rows, keys, values):
        yield part.values_list(*names).order_by(*(key.order() for key in order))


def columns_of(keys: Sequence[Key]) -> list[str]:
    """What is read of a row to know its place: the keys and, last, the primary key, each once."""
    return [*dict.fromkeys(key.column for key in keys if key.column != "pk"), "pk"]


def _lists(
    rows: Union[Any], keys: Sequence[Key], values: Sequence[Any] | None
) -> Iterator[tuple[Union[Any], Sequence[Key]]]:
    """Rows without a value are a list of their own: together with the others, no index has them in order."""
    first, *others = keys
    if not first.nullable:
        yield (rows if values is None else rows.filter(_beyond(keys, values))), keys
        return
    if values is None or values[0] is not None:
        present = rows.filter(**{f"{first.name}__isnull": False})
        yield from _lists(present, [replace(first, nullable=False), *others], values)
        values = None
    yield from _lists(rows.filter(**{f"{first.name}__isnull": True}), others, values and values[1:])


def _beyond(keys: Sequence[Key], values: Sequence[Any]) -> Any:
    """Rows behind the one with these values: one comparison of rows, which an index answers, where there is one."""
    comparable = connection.features.supports_tuple_lookups and not any(key.nullable for key in keys)
    if not comparable or len({key.descending for key in keys}) > 1:
        return _further(keys, values)
    compare = TupleLessThan if keys[0].descending else TupleGreaterThan
    return compare(Tuple(*(F(key.name) for key in keys)), tuple(values))


def _further(keys: Sequence[Key], values: Sequence[Any]) -> Q:
    """Further by the first key, or the same and further by the next; an index leads to the first of these."""
    condition, prefix = Q(pk__in=[]), Q()
    for key, value in zip(keys, values, strict=True):
        condition |= prefix & key.beyond(value)
        prefix &= key.same(value)
    return condition & Q(**{f"{keys[0].name}__{'lte' if keys[0].descending else 'gte'}": values[0]})


def values_of(cursor: str, keys: Sequence[Key]) -> list[Any]:
    """The values that the row before the page has. Raises Invalid."""
    try:
        known, values = signing.loads(cursor, salt=SALT)
    except (signing.BadSignature, ValueError) as error:
        raise _bad_cursor() from error
    if known != _shape(keys):
        raise _bad_cursor()
    return list(values)


def _shape(keys: Sequence[Key]) -> list[str]:
    return [f"{'-' if key.descending else ''}{key.name}" for key in keys]


def _bad_cursor() -> Invalid:
    return invalid("cursor", "invalid", "This is not a cursor of this list. Start with an empty one.")
