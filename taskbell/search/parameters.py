"""The parameters of a search: names and texts, from any door."""

from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from django.utils.translation import gettext as _

from taskbell.common.errors import invalid
from taskbell.common.values import BadValue

T = TypeVar("T")
Parameters = Mapping[str, str]


def refuse_unknown(parameters: Parameters, known: Collection[str]) -> None:
    """Raises Invalid for the first parameter that has no meaning here."""
    unknown = next((name[:100] for name in parameters if name not in known), None)
    if unknown is not None:
        raise invalid(unknown, "unknown", _("There is no parameter %(unknown)s here.") % {"unknown": f"{unknown!r}"})


def read_parameter(parameters: Parameters, name: str, read: Callable[[str], T], default: T) -> T:
    """What the reader makes of the parameter; `default` where it is not sent. Raises Invalid."""
    try:
        return read(parameters[name]) if name in parameters else default
    except BadValue as error:
        raise invalid(name, "invalid", str(error)) from error


def whole_number(parameters: Parameters, name: str, *, default: int, most: int) -> int:
    """The parameter, from 1 to `most`. Raises Invalid."""
    text = parameters.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= most):
        raise invalid(name, "invalid", _("Must be a whole number from 1 to %(most)s.") % {"most": most})
    return int(text)
