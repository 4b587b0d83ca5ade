"""Refusals: each has a class and a sentence for people. Each door translates them in one place."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.utils.translation import gettext as _


@dataclass(frozen=True)
class FieldError:
    """An error in one field of the input."""

    field: str
    code: str
    message: str


@dataclass
class Refusal(Exception):
    """The action was refused, and nothing has changed."""

    detail: str
    status: ClassVar[int] = 400
    title: ClassVar[str] = "Refused"

    def __str__(self) -> str:
        return self.detail

    def members(self) -> dict[str, Any]:
        """Extension members of the problem document (RFC 9457 §3.2)."""
        return {}

    def document(self) -> dict[str, Any]:
        known = {"type": "about:blank", "title": self.title, "status": self.status, "detail": self.detail}
        return known | self.members()


@dataclass
class Invalid(Refusal):
    """Some values are invalid; each is listed in `errors`."""

    errors: list[FieldError] = field(default_factory=list)
    title: ClassVar[str] = "Invalid input"

    def members(self) -> dict[str, Any]:
        return {"errors": [vars(error) for error in self.errors]}


def invalid(field_name: str, code: str, message: str) -> Invalid:
    """The refusal of a single field."""
    return Invalid(message, [FieldError(field_name, code, message)])


def refuse(errors: Iterable[FieldError]) -> None:
    """Raises Invalid with all of the errors, if there are any."""
    found = list(errors)
    if found:
        raise Invalid(found[0].message, found)


class NotSignedIn(Refusal):
    """No valid session or token."""

    status = 401
    title = "Not signed in"


class NotAllowed(Refusal):
    """The person can see it but isn't allowed to do this."""

    status = 403
    title = "Not allowed"


class NotFound(Refusal):
    """It doesn't exist, or the person can't see it: the two look alike on purpose."""

    status = 404
    title = "Not found"

    def __init__(self) -> None:
        super().__init__(_("Not found, or not visible to you."))


class TooLarge(Refusal):
    """The body is larger than the limit."""

    status = 413
    title = "Too large"


class Conflict(Refusal):
    """Valid, but conflicts with the current state."""

    status = 409
    title = "Conflict"


@dataclass
class TooMany(Refusal):
    """Rate limit exceeded; `retry_after` is in seconds."""

    retry_after: int = 60
    status: ClassVar[int] = 429
    title: ClassVar[str] = "Too many requests"


@dataclass
class Busy(Refusal):
    """The server can't do this now; `retry_after` is in seconds."""

    retry_after: int = 5
    status: ClassVar[int] = 503
    title: ClassVar[str] = "Temporarily unavailable"
