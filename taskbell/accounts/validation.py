"""Rules for names, email addresses and passwords. Every check raises Invalid naming its field."""

import re
from functools import partial

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from taskbell.accounts.models import User
from taskbell.common.errors import Conflict, FieldError, invalid, refuse
from taskbell.common.text import folded, in_ascii, refuse_unprintable
from taskbell.common.values import read_field, read_text

USERNAME = re.compile(r"[\w.+-]{1,150}")
MAX_PASSWORD_LENGTH = 1024
MAX_FOLDED_LENGTH = 600  # NFKC can expand one letter to eighteen


def check_email(email: str) -> str:
    """The address in its canonical form (NFKC, case-folded)."""
    refuse_unprintable(email, field="email")
    address = folded(email)
    try:
        validate_email(address)
        in_ascii(address)
    except (ValidationError, ValueError) as error:
        raise invalid("email", "invalid", "Must be an email address.") from error
    if len(address) > 254:
        raise invalid("email", "max_length", "Must have at most 254 characters.")
    return address


def check_username(username: str, *, email: str) -> str:
    """The username as typed. A username with an @ must be the person's own email address.

    Otherwise one person could use another's address as a username and impersonate them.
    """
    refuse_unprintable(username, field="username")
    name = username.strip()
    if folded(name) != email and not USERNAME.fullmatch(name):
        message = "Must have up to 150 letters, digits and . + - _ or be your own email address."
        raise invalid("username", "invalid", message)
    if len(folded(name)) > MAX_FOLDED_LENGTH:
        raise invalid("username", "max_length", "Must be shorter: some of its characters expand to several letters.")
    return name


def already_exists(email: str, *, but: int = 0) -> Conflict:
    """The refusal of a taken email address, or else of a taken username."""
    others = User.objects.filter(email=email).exclude(pk=but)
    return Conflict(f"An account with this {'email address' if others.exists() else 'username'} already exists.")


def check_names(**names: str) -> dict[str, str]:
    """First and last name without surrounding whitespace."""
    return {field: read_field(field, partial(read_text, most=150, blank=True), name) for field, name in names.items()}


def check_password_strength(password: str, *, person: User, field: str = "password") -> None:
    """Refuses short, common and easily guessed passwords, with every reason."""
    if len(password) > MAX_PASSWORD_LENGTH:
        raise invalid(field, "max_length", f"Must have at most {MAX_PASSWORD_LENGTH} characters.")
    try:
        password_validation.validate_password(password, person)
    except ValidationError as error:
        refuse(FieldError(field, str(e.code), str(e.message % (e.params or {}))) for e in error.error_list)
