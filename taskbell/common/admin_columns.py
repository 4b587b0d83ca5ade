"""Columns of lists and lines of forms in the admin: times, names and values as the reader's pages show them."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.html import format_html

from taskbell.common.reader_dates import ReaderDates


@dataclass(frozen=True)
class PlainColumn:
    """A column with the value of a field. Django's admin reads the properties, and compares columns by name."""

    name: str
    short_description: Any = field(compare=False)
    dates: ReaderDates = field(compare=False)
    type: str = field(default="", compare=False)

    @property
    def __name__(self) -> str:
        return self.name

    @property
    def admin_order_field(self) -> str:
        return self.name

    @property
    def boolean(self) -> bool:
        return self.type == "BooleanField"

    def __call__(self, row: Any) -> Any:
        display = getattr(row, f"get_{self.name}_display", None)
        return display() if display else getattr(row, self.name)


@dataclass(frozen=True)
class MomentColumn(PlainColumn):
    """A time as the pages show it, with the exact time as its title or beside it."""

    is_exact: bool = field(default=False, compare=False)

    def __call__(self, row: Any) -> Any:
        at = getattr(row, self.name)
        if at is None:
            return "-"
        said, exact = self.dates.moment(at), self.dates.exact(at)
        shown = format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), exact, said)
        return format_html("{} <small>{}</small>", shown, exact) if self.is_exact else shown


def named(given: Any, by_name: dict[str, Any]) -> Any:
    """The field, or the fields of one line, each replaced by its entry in `by_name`, if any."""
    if isinstance(given, list | tuple):
        return [named(one, by_name) for one in given]
    return by_name.get(given, given) if isinstance(given, str) else given
