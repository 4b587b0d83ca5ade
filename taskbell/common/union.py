"""Lists that have no row in common, read as one.

`a = 1 OR b = 1` makes a database look up all that fits either; two lists, each in the order of its index, it merges,
and stops where the page is full.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet

T = TypeVar("T", bound=Model)


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
