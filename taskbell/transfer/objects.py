"""Objects within a cell, such as a project or a comment."""

from collections.abc import Callable, Mapping
from typing import Any

from taskbell.common.values import BadValue

Readers = Mapping[str, Callable[[Any], Any]]


def read_members(value: Any, readers: Readers, what: str) -> dict[str, Any]:
    """What the readers make of the object's members, without the empty ones."""
    if not isinstance(value, dict) or value.keys() - readers.keys():
        raise BadValue(f"{what} has the members {', '.join(readers)}.")
    return {name: read(value[name]) for name, read in readers.items() if value.get(name) not in (None, "")}
