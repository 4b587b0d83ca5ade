"""The parameters of a search: names and texts, from any door."""

from collections.abc import Collection, Mapping

from taskbell.common.errors import invalid

Parameters = Mapping[str, str]


def refuse_unknown(parameters: Parameters, known: Collection[str]) -> None:
    """Raises Invalid for the first parameter that has no meaning here."""
    unknown = next((name[:100] for name in parameters if name not in known), None)
    if unknown is not None:
        raise invalid(unknown, "unknown", f"There is no parameter {unknown!r} here.")


def whole_number(parameters: Parameters, name: str, *, default: int, most: int) -> int:
    """The parameter, from 1 to `most`. Raises Invalid."""
    text = parameters.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= most):
        raise invalid(name, "invalid", f"Must be a whole number from 1 to {most}.")
    return int(text)
