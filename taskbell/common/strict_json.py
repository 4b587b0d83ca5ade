"""JSON from strangers (RFC 8259): bounded before it is parsed, and each key of an object once."""

import json
from collections.abc import Iterable
from contextlib import suppress
from itertools import chain
from typing import Any

import orjson

from taskbell.common.errors import Invalid, invalid

MAX_DEPTH = 20
MAX_PARTS = 100_000  # commas, colons and brackets; each makes objects of about 100 bytes


def parse(body: bytes) -> Any:
    """The value. Raises Invalid, also for a body that would take much more memory as Python objects."""
    structure = _without_texts(body)
    if sum(structure.count(part) for part in (b",", b":", b"[", b"{")) > MAX_PARTS:
        raise _too_many_parts()
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise invalid("", "not_json", f"The body must be JSON: {error}") from error
    if _count_keys(value) < structure.count(b":"):
        with suppress(ValueError):  # a number that only orjson reads
            json.loads(body, object_pairs_hook=_once_each)
        raise _twice("")
    return value


def _without_texts(body: bytes) -> bytes:
    """What is outside of quotes. Raises Invalid for more texts than the limit allows."""
    bare = body.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in body else body
    if bare.count(b'"') > 2 * (MAX_PARTS + 1):
        raise _too_many_parts()
    return b"".join(bare.split(b'"')[::2])


def _too_many_parts() -> Invalid:
    sentence = f"The body must have at most {MAX_PARTS:,} keys and values. Send it in several requests."
    return invalid("", "too_many_values", sentence)


def _count_keys(value: Any) -> int:
    """The number of keys in all objects. Raises Invalid for values that are nested too deep for Python to print."""
    count, level = 0, [value]
    for _ in range(MAX_DEPTH):
        count += sum(len(outer) for outer in level if isinstance(outer, dict))
        level = inside(level)
        if not level:
            return count
    raise invalid("", "too_deep", f"The body must not be nested deeper than {MAX_DEPTH} levels.")


def inside(level: Iterable[Any]) -> list[Any]:
    """What is directly in the lists and objects among these values."""
    outer = (value.values() if isinstance(value, dict) else value for value in level if isinstance(value, dict | list))
    return [*chain.from_iterable(outer)]


def _once_each(pairs: list[tuple[str, Any]]) -> None:
    """Raises Invalid for the first key that an object has twice."""
    known: set[str] = set()
    for name, _ in pairs:
        if name in known:
            raise _twice(name)
        known.add(name)


def _twice(name: str) -> Invalid:
    return invalid(name[:100], "twice", "Must be sent once in an object.")
