"""Rows as plain values, to store them elsewhere and to put them back exactly as they were."""

from datetime import date, time
from typing import Any, TypeVar

from django.db.models import Model

AnyRow = TypeVar("AnyRow", bound=Model)


def row_to_values(row: Model) -> dict[str, Any]:
    """All columns of the row, in types that JSON has."""
    return {field.attname: plain(getattr(row, field.attname)) for field in row._meta.concrete_fields}


def row_from_values(model: type[AnyRow], values: dict[str, Any]) -> AnyRow:
    """The row with these columns; it is not saved."""
    return model(**{field.attname: field.to_python(values[field.attname]) for field in model._meta.concrete_fields})


def plain(value: Any) -> Any:
    """The value as JSON has it, without any loss."""
    if isinstance(value, date | time):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float | str | list) else str(value)
