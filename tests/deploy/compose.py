"""What compose.yaml says of a service, with the values of a `.env` filled in."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from tests.processes import ROOT

VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def environment_file(text: str) -> dict[str, str]:
    """The lines of a `.env`."""
    lines = (line for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {name: value for name, value in (line.split("=", 1) for line in lines) if value}


def filled_in(value: Any, given: Mapping[str, str]) -> Any:
    """The value with its variables replaced, as compose does it."""
    if isinstance(value, dict):
        return {name: filled_in(inner, given) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled_in(inner, given) for inner in value]
    if not isinstance(value, str):
        return value

    def replaced(variable: re.Match[str]) -> str:
        name, kind, words = variable.groups()
        if not given.get(name):
            assert kind != "?", f"{name}: {words}"
        return given.get(name) or words or ""

    return VARIABLE.sub(replaced, value)


def services(given: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """All services by their names."""
    found: dict[str, dict[str, Any]] = filled_in(yaml.safe_load((ROOT / "compose.yaml").read_text()), given)["services"]
    return found
