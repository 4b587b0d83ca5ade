"""What a name, an address and a password must look like. Every check raises Invalid naming its field."""

import re

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from taskbell.accounts.models import User
from taskbell.common.addresses import in_ascii
from taskbell.common.errors import FieldError, Invalid, invalid
from taskbell.common.text import folded, refuse_unprintable

USERNAME = re.compile(r"[\w.+-]{1,150}")
LONGEST_PASSWORD = 1024
LONGEST_KEY = 600  # one letter can stand for eighteen (NFKC)


def check_email(email: str) -> str:
    """The address in its one form (NFKC, without case)."""
    refuse_unprintable(email, field="email")
    address = folded(email)
    try:
        validate_email(address)
        in_ascii(address)
    except (ValidationError, ValueError) as error:
        raise invalid("email", "invalid", "This is not an e-mail address.") from error
    if len(address) > 254:
        raise invalid("email", "max_length", "An e-mail address has at most 254 characters.")
    return address


def check_username(username: str, *, email: str) -> str:
    """The username as it was typed. One with an @ must be the person's own address.

    Otherwise somebody could take another one's address as a name and be mistaken for them.
    """
    refuse_unprintable(username, field="username")
    name = username.strip()
    if folded(name) != email and not USERNAME.fullmatch(name):
        message = "A username has up to 150 letters, digits and . + - _ , or is your own e-mail address."
        raise invalid("username", "invalid", message)
    if len(folded(name)) > LONGEST_KEY:
        raise invalid("username", "max_length", "This username is too long when it is spelled out.")
    return name


def check_names(**names: str) -> dict[str, str]:
    """First and last name without outer space."""
    for field, name in names.items():
        refuse_unprintable(name, field=field)
        if len(name.strip()) > 150:
            raise invalid(field, "max_length", "A name has at most 150 characters.")
    return {field: name.strip() for field, name in names.items()}


def check_password_strength(password: str, *, person: User, field: str = "password") -> None:
    """Refuses short, common and obvious passwords, with every reason."""
    if len(password) > LONGEST_PASSWORD:
        raise invalid(field, "max_length", f"A password has at most {LONGEST_PASSWORD} characters.")
    try:
        password_validation.validate_password(password, person)
    except ValidationError as error:
        errors = [FieldError(field, str(e.code), str(e.message % (e.params or {}))) for e in error.error_list]
        raise Invalid(errors[0].message, errors) from error
