"""Rules for names, email addresses and passwords. Every check raises Invalid naming its field."""

from functools import partial
from typing import Any

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts.models import User
from taskbell.accounts.names import read_email, read_username
from taskbell.common.errors import FieldError, invalid, refuse
from taskbell.common.text import folded, opaque
from taskbell.common.values import read_field, read_line

MAX_NAME = 150  # characters of a first or last name
MAX_PASSWORD_LENGTH = 1024
EMAIL_TAKEN = gettext_noop("An account with this email address already exists.")
SENTENCES_OF_DJANGO = (
    gettext_noop("This field is required."),
    gettext_noop("Enter a valid date."),
    gettext_noop("Enter a valid time."),
    gettext_noop("This password is too common."),
    gettext_noop("This password is entirely numeric."),
    gettext_noop("The password is too similar to the %(verbose_name)s."),
    *(gettext_noop("email address"), gettext_noop("username"), gettext_noop("first name"), gettext_noop("last name")),
)
USERNAME_TAKEN = gettext_noop("An account with this username already exists.")


def check_email(email: str) -> str:
    """The address in its canonical form (NFKC, case-folded)."""
    return read_field("email", read_email, email)


def check_username(username: str, *, email: str) -> str:
    """The username as it is stored."""
    return read_field("username", partial(read_username, email=email), username)


def is_username_taken(username: str, *, but: int = 0) -> bool:
    """True if somebody else has this username, however it is written."""
    return User.objects.filter(username_key=folded(username)).exclude(pk=but).exists()


def check_names(**names: str) -> dict[str, str]:
    """First and last name as they are stored."""
    read = partial(read_line, most=MAX_NAME, blank=True)
    return {field: read_field(field, read, name) for field, name in names.items()}


class MinimumLength(password_validation.MinimumLengthValidator):
    """Counts the characters of the password as it is compared, also in Django's own forms and commands."""

    def validate(self, password: str, user: Any = None) -> None:
        super().validate(opaque(password), user)


def _in_our_words(error: ValidationError) -> str:
    """Django's sentence, and the name of a field in it, as our catalogues say them."""
    params = {name: _(value) if isinstance(value, str) else value for name, value in (error.params or {}).items()}
    return str(error.message % params)


def check_password_strength(password: str, *, person: User, field: str = "password") -> None:
    """Refuses short, common and easily guessed passwords, with every reason."""
    password = opaque(password)
    if len(password) > MAX_PASSWORD_LENGTH:
        raise invalid(
            field,
            "max_length",
            _("Must have at most %(password_length)s characters.") % {"password_length": MAX_PASSWORD_LENGTH},
        )
    try:
        password_validation.validate_password(password, person)
    except ValidationError as error:
        refuse(FieldError(field, str(e.code), _in_our_words(e)) for e in error.error_list)
