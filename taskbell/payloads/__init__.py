"""Things as JSON, once for every door.

A payload is declared as a TypedDict, which documents the API and names what is taken from the row. A member says more
by `Annotated`: a text describes it, and a mapping has further keywords of JSON Schema.
"""

from functools import cache
from typing import Any, TypeVar

Payload = TypeVar("Payload")


def payload_of(payload: type[Payload], row: Any, **members: Any) -> Payload:
    """The payload of a row: its attributes by the names of the members, except for the `members` that are given."""
    columns = _columns_of(payload, type(row))  # type: ignore[arg-type]  # classes have hashes
    made: Any = {name: members[name] if name in members else getattr(row, column) for name, column in columns.items()}
    return made  # type: ignore[no-any-return]


@cache
def _columns_of(payload: Any, model: type) -> dict[str, str]:
    """The attribute of each member; a related row is shown by its id."""
    return {name: f"{name}_id" if hasattr(model, f"{name}_id") else name for name in payload.__annotations__}
