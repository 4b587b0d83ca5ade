"""Lists and objects within a cell, such as comments or a project; a table has them as JSON."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from django.utils.translation import gettext as _

from taskbell.common.values import BadValue
from taskbell.common.wording import grouped

Readers = Mapping[str, Callable[[Any], Any]]


def from_json(text: str) -> Any:
    """The JSON in the text, or None if it isn't JSON."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def read_list(value: Any, most: int, sentence: str) -> list[Any]:
    """The list, perhaps as JSON. Raises BadValue with the sentence, which has a place for the `most` members."""
    found = from_json(value) if isinstance(value, str) else value
    if not isinstance(found, list) or len(found) > most:
        raise BadValue(_(sentence) % {"most": grouped(most)})
    return found


def read_members(value: Any, readers: Readers, sentence: str) -> dict[str, Any]:
    """What the readers make of the object's members, without the empty ones. Raises BadValue with the sentence."""
    if not isinstance(value, dict) or value.keys() - readers.keys():
        raise BadValue(_(sentence) % {"members": ", ".join(readers)})
    return {name: read(value[name]) for name, read in readers.items() if value.get(name) not in (None, "")}
