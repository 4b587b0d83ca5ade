"""Refusals: each has a name and a sentence for people; the doors translate them once."""

from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field of what was sent."""

    field: str
    code: str
    message: str


@dataclass
class Refusal(Exception):
    """The verb was understood and not done. Nothing has changed."""

    detail: str
    status: ClassVar[int] = 400
    title: ClassVar[str] = "Refused"

    def __str__(self) -> str:
        return self.detail

    def members(self) -> dict[str, Any]:
        """Further members of the problem document (RFC 9457 §3.2)."""
        return {}


@dataclass
class Invalid(Refusal):
    """The values do not fit; every one that does not is named."""

    errors: list[FieldError] = field(default_factory=list)
    title: ClassVar[str] = "Invalid input"

    def members(self) -> dict[str, Any]:
        return {"errors": [vars(error) for error in self.errors]}


def invalid(field_name: str, code: str, message: str) -> Invalid:
    """The refusal of one field."""
    return Invalid(message, [FieldError(field_name, code, message)])


class NotSignedIn(Refusal):
    """Nobody is known to be asking, or the token no longer counts."""

    status = 401
    title = "Not signed in"


class NotAllowed(Refusal):
    """Seen, but not theirs to change."""

    status = 403
    title = "Not allowed"


class NotFound(Refusal):
    """Not there, or not visible to the person: the two look alike on purpose."""

    status = 404
    title = "Not found"

    def __init__(self) -> None:
        super().__init__("There is nothing here that you can see.")


class Conflict(Refusal):
    """Right by itself, but against what is so now."""

    status = 409
    title = "Conflict"


@dataclass
class TooMany(Refusal):
    """Too often; `retry_after` is in seconds."""

    retry_after: int = 60
    status: ClassVar[int] = 429
    title: ClassVar[str] = "Too many requests"
