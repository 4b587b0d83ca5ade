"""The current password, needed for every change that could take over an account."""

from datetime import datetime

from taskbell.accounts import throttle
from taskbell.accounts.models import User
from taskbell.common.errors import Invalid, invalid

REQUIRED = "Send your current password, too: it is needed to change your email address or password."


def check_current_password(
    person: User, password: str, *, field: str = "current_password", refusal: Invalid | None = None, now: datetime
) -> None:
    """Raises `refusal`, by default Invalid naming the field, for a wrong password, and TooMany after ten of them.

    Call it outside a transaction: a rollback would forget the wrong ones.
    """
    attempts = throttle.count(throttle.CURRENT_PASSWORD.of(str(person.pk)), now=now)
    with throttle.only_failures_count(*attempts):
        if not person.check_password(password):
            raise refusal or invalid(field, "wrong", "Wrong password.")


def password_required() -> Invalid:
    """The refusal of a change without the current password."""
    return invalid("current_password", "required", REQUIRED)
