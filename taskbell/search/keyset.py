"""Keyset pagination: an index finds the rows after a given one, at a cost that does not grow with depth."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
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
    """A column or annotation that a list is ordered by, and the direction. Rows without a value come last.

    A key that `refines` the one before has a value exactly where that has one.
    """

    name: str
    descending: bool = False
    nullable: bool = False
    refines: bool = False

    @property
    def column(self) -> str:
        """The name of the key among `columns_of`."""
        return "pk" if self.name == "id" else self.name

    def order(self) -> Any:
        """For `order_by`. NULLS LAST only where there can be NULLs: otherwise no index would match."""
        column = F(self.name)
        last = True if self.nullable else None
        return column.desc(nulls_last=last) if self.descending else column.asc(nulls_last=last)

    def order_of_column(self, number: int) -> str:
        """The same in SQL, for a column given by its number."""
        return f"{number} {'DESC' if self.descending else 'ASC'}{' NULLS LAST' if self.nullable else ''}"

    def equal_to(self, value: Any) -> Q:
        """Rows that have this value."""
        return Q(**{f"{self.name}__isnull": True}) if value is None else Q(**{self.name: value})

    def after(self, value: Any) -> Q:
        """Rows that come after those with this value."""
        if value is None:
            return Q(pk__in=[])
        further = Q(**{f"{self.name}__{'lt' if self.descending else 'gt'}": value})
        return further | Q(**{f"{self.name}__isnull": True}) if self.nullable else further


BY_NAME = (Key("name_sort"), Key("id"))


def cursor_after(row: Sequence[Any], keys: Sequence[Key]) -> str:
    """The cursor of the page that follows this row of `columns_of`."""
    columns = columns_of(keys)
    values = [row[columns.index(key.column)] for key in keys]
    plain = [value.isoformat() if hasattr(value, "isoformat") else value for value in values]
    # Without a time: the same page has the same cursor, and so the same ETag.
    return signing.Signer(salt=SALT).sign_object([_shape(keys), plain])


def lists_after(rows: Union[Any], keys: Sequence[Key], values: Sequence[Any] | None) -> Iterator[QuerySet[Any, Any]]:
    """The rows after the one with these values, or all of them, as consecutive ordered lists.

    Each list can use an index of its own. Its rows are the values of the keys and, last, the primary key.
    """
    names = columns_of(keys)
    for part, order in _lists(rows, keys, values):
        yield part.values_list(*names).order_by(*(key.order() for key in order))


def columns_of(keys: Sequence[Key]) -> list[str]:
    """The columns that give the position of a row: the keys and, last, the primary key, each once."""
    return [*dict.fromkeys(key.column for key in keys if key.column != "pk"), "pk"]


def _lists(
    rows: Union[Any], keys: Sequence[Key], values: Sequence[Any] | None
) -> Iterator[tuple[Union[Any], Sequence[Key]]]:
    """Rows without a value are a separate list: no index has them in order together with the others."""
    first, *others = keys
    if not first.nullable:
        yield (rows if values is None else rows.filter(_rows_after(keys, values))), keys
        return
    together = 1 + len(list(takewhile(lambda key: key.refines, others)))
    if values is None or values[0] is not None:
        present = rows.filter(**{f"{first.name}__isnull": False})
        with_value = [replace(key, nullable=False) for key in keys[:together]]
        yield from _lists(present, [*with_value, *keys[together:]], values)
        values = None
    rest = rows.filter(**{f"{first.name}__isnull": True})
    yield from _lists(rest, keys[together:], values and values[together:])


def _rows_after(keys: Sequence[Key], values: Sequence[Any]) -> Any:
    """Rows after the one with these values, as one row comparison where the database can answer that by an index."""
    comparable = connection.features.supports_tuple_lookups and not any(key.nullable for key in keys)
    if not comparable or len({key.descending for key in keys}) > 1:
        return _spelled_out(keys, values)
    compare = TupleLessThan if keys[0].descending else TupleGreaterThan
    return compare(Tuple(*(F(key.name) for key in keys)), tuple(values))


def _spelled_out(keys: Sequence[Key], values: Sequence[Any]) -> Q:
    """Greater by the first key, or equal and greater by the next; the last condition lets an index find the start."""
    condition, prefix = Q(pk__in=[]), Q()
    for key, value in zip(keys, values, strict=True):
        condition |= prefix & key.after(value)
        prefix &= key.equal_to(value)
    return condition & Q(**{f"{keys[0].name}__{'lte' if keys[0].descending else 'gte'}": values[0]})


def values_of(cursor: str, keys: Sequence[Key]) -> list[Any]:
    """The key values of the row before the page. Raises Invalid."""
    try:
        known, values = signing.Signer(salt=SALT).unsign_object(cursor)
    except (signing.BadSignature, ValueError) as error:
        raise _bad_cursor() from error
    if known != _shape(keys):
        raise _bad_cursor()
    return list(values)


def _shape(keys: Sequence[Key]) -> list[str]:
    return [f"{'-' if key.descending else ''}{key.name}" for key in keys]


def _bad_cursor() -> Invalid:
    return invalid("cursor", "invalid", "Must be a cursor of this list in this order. Start with an empty one.")
