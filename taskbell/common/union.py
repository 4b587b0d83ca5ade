"""Several disjoint lists, read as one.

For `a = 1 OR b = 1`, a database collects all matching rows. Two lists, each ordered by its own index, it merges, and
it stops when the page is full.
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
        return Union([part.filter(*args, **kwargs) for part in self.parts])

    def annotate(self, **annotations: Any) -> "Union[T]":
        return Union([part.annotate(**annotations) for part in self.parts])

    def values_list(self, *names: str) -> QuerySet[Any, Any]:
        """These columns of all lists, still to be ordered and sliced."""
        first, *others = (part.order_by().values_list(*names) for part in self.parts)
        return first.union(*others, all=True) if others else first
