"""Things as JSON, once for every door.

A payload is declared as a TypedDict, which documents the API and names what is taken from the row. A member says more
by `Annotated`: a text describes it, and a mapping has further keywords of JSON Schema.
"""

from typing import Any, TypeVar

Payload = TypeVar("Payload")


def payload_of(payload: type[Payload], row: Any, **members: Any) -> Payload:
    """The payload of a row: its attributes by the names of the members, except for the `members` that are given.

    A related row is shown by its id.
    """
    made: Any = {}
    for name in payload.__annotations__:
        column = f"{name}_id" if hasattr(row, f"{name}_id") else name
        made[name] = members[name] if name in members else getattr(row, column)
    return made  # type: ignore[no-any-return]
