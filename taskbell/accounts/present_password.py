"""Proving that it is really you: the present password, asked for before a change by which an account could be taken."""

from datetime import datetime

from taskbell.accounts import throttle
from taskbell.accounts.models import User
from taskbell.common.errors import Invalid, invalid

REQUIRED = "Send your current password, too: it is needed to change your email address or password."


def check_present_password(
    person: User, password: str, *, field: str = "current_password", refusal: Invalid | None = None, now: datetime
) -> None:
    """Raises `refusal`, by default Invalid naming the field, for a wrong password, and TooMany after ten of them.

    Call it outside of a transaction, which would forget the wrong ones.
    """
    attempt = throttle.PRESENT_PASSWORD.count(str(person.pk), now=now)
    with throttle.only_failures_count(attempt):
        if not person.check_password(password):
            raise refusal or invalid(field, "wrong", "Wrong password.")


def password_required() -> Invalid:
    """The refusal of a change without the present password."""
    return invalid("current_password", "required", REQUIRED)
