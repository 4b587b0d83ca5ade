"""Writes docs/configuration.md: ``python -m taskbell.config.document > docs/configuration.md``."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from taskbell.config.env import Environment, is_secret, names_of

INTRODUCTION = """\
# Configuration

Set each setting as an environment variable, or as a line in a file `.env` in the folder where you start Taskbell. The
environment takes precedence. Every setting has a default, so you don't need any for a first start. An empty value
counts as not set.

You can also store a setting marked *secret* in a file: `SECRET_KEY_FILE=/run/secrets/key` instead of `SECRET_KEY=…`.
If both are set, the file takes precedence.

Taskbell doesn't start with an invalid value, or with an unknown setting whose name starts with `TASKBELL_`. The error
message names the setting.

This page is generated from `taskbell/config/env.py`. To change it, edit that file and run `make docs`.

| setting | value | meaning |
|---|---|---|
"""


def configuration_page() -> str:
    """The full text of the page."""
    return INTRODUCTION + "".join(_row(name, field) for name, field in Environment.model_fields.items())


def _row(name: str, field: FieldInfo) -> str:
    first, *others = names_of(name)
    names = f"`{first}`" + "".join(f"<br>or `{other}`" for other in others)
    return f"| {names} | {_value(name, field)} | {field.description} |\n"


def _value(name: str, field: FieldInfo) -> str:
    kind = "secret " * is_secret(name) + _kind(field)
    return kind if field.default in (None, "") else f"{kind}<br>default `{_as_typed(field.default)}`"


def _as_typed(default: object) -> str:
    return str(default).lower() if isinstance(default, bool) else str(default)


def _kind(field: FieldInfo) -> str:
    """The allowed values, for people to read."""
    types = set(_plain_types(field.annotation))
    choices = [f"`{choice}`" for kind in types if get_origin(kind) is Literal for choice in get_args(kind)]
    if choices:
        return "one of " + ", ".join(choices)
    if bool in types:
        return "`true` or `false`"
    if int in types:
        return f"whole number, {_bound(field, 'ge')} to {_bound(field, 'le')}"
    if Path in types:
        return "folder"
    shortest = _bound(field, "min_length")
    return "text" if shortest is None else f"text of at least {shortest} characters"


def _plain_types(annotation: Any) -> Iterator[Any]:
    """The types behind `X | None` and `Annotated[X, …]`."""
    if get_origin(annotation) is Literal or not get_args(annotation):
        yield annotation
        return
    for inner in get_args(annotation):
        yield from _plain_types(inner)


def _bound(field: FieldInfo, name: str) -> Any:
    return next((getattr(rule, name) for rule in field.metadata if hasattr(rule, name)), None)


if __name__ == "__main__":
    print(configuration_page(), end="")
