"""Writes docs/configuration.md: ``python -m taskbell.config.document > docs/configuration.md``."""

from typing import Any

from taskbell.config.env import Environment, is_secret, names_of
from taskbell.config.observing import Observing

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
    fields = Environment.model_json_schema(by_alias=False)["properties"]
    own_first = sorted(fields, key=lambda name: name in Observing.model_fields)
    return INTRODUCTION + "".join(_row(name, fields[name]) for name in own_first)


def _row(name: str, schema: dict[str, Any]) -> str:
    names = "<br>or ".join(f"`{name}`" for name in names_of(name))
    value, default = "secret " * is_secret(name) + _kind(schema), schema["default"]
    if default is not None and default != "" and not isinstance(default, list | dict):
        value += f"<br>default `{str(default).lower() if isinstance(default, bool) else default}`"
    return f"| {names} | {value} | {schema['description']} |\n"


def _kind(schema: dict[str, Any]) -> str:
    """The allowed values, for people to read."""
    match schema.get("anyOf", [schema])[0]:  # the other one is null
        case {"enum": choices}:
            return "one of " + ", ".join(f"`{choice}`" for choice in choices)
        case {"type": "boolean"}:
            return "`true` or `false`"
        case {"minimum": least, "maximum": most}:
            return f"whole number, {least} to {most}"
        case {"format": "path"}:
            return "folder"
        case {"minLength": shortest}:
            return f"text of at least {shortest} characters"
        case _:
            return "text"


if __name__ == "__main__":
    print(configuration_page(), end="")
