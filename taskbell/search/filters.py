"""Filters of a list: each has a name, a description, and turns its text into a condition."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q

from taskbell.accounts.models import User
from taskbell.common.clock import as_instant
from taskbell.common.errors import FieldError, Invalid
from taskbell.common.values import BadValue, read_boolean, read_date, read_datetime, read_id
from taskbell.search.parameters import Parameters

MAX_CHARACTERS = 500
STRANGE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Filter:
    """How a parameter narrows a list. `condition` raises BadValue."""

    description: str
    condition: Callable[[str, User], Q]


NO_FILTERS: Mapping[str, Filter] = {}


def condition_of(parameters: Parameters, filters: Mapping[str, Filter], person: User) -> Q:
    """The condition that all given filters make for this person. Raises Invalid naming each that cannot be read."""
    condition, errors = Q(), []
    for name, text in parameters.items():
        if name not in filters:
            continue
        try:
            condition &= filters[name].condition(_checked(text), person)
        except BadValue as error:
            errors.append(FieldError(name, "invalid", str(error)))
    if errors:
        raise Invalid(errors[0].message, errors)
    return condition


def _checked(text: str) -> str:
    if len(text) > MAX_CHARACTERS:
        raise BadValue(f"Must have at most {MAX_CHARACTERS} characters.")
    if STRANGE.search(text):
        raise BadValue("Must not contain control characters.")
    return text


def contains(column: str, text: str) -> Q:
    """Rows whose column contains the text, in upper or lower case.

    SQLite's LIKE folds the case of ASCII alone; a regular expression folds all, at many times the cost.
    """
    beyond_ascii = any(not char.isascii() and char.lower() != char.upper() for char in text)
    if beyond_ascii and connection.vendor == "sqlite":
        return Q(**{f"{column}__iregex": re.escape(text)})
    return Q(**{f"{column}__icontains": text})


def id_filter(column: str, description: str, *, or_none: bool = False, or_me: bool = False) -> Filter:
    """A filter by id. Perhaps also by `none`, for rows without one, or by `me`, for the person."""

    def condition(text: str, person: User) -> Q:
        if or_none and text == "none":
            return Q(**{f"{column}__isnull": True})
        return Q(**{column: person.pk if or_me and text == "me" else read_id(text)})

    return Filter(description, condition)


def text_filter(column: str, description: str) -> Filter:
    """A filter by the exact text."""
    return Filter(description, lambda text, person: Q(**{column: text}))


def date_filter(lookup: str, description: str) -> Filter:
    """A filter by date."""
    return Filter(f"{description} Form: YYYY-MM-DD.", lambda text, person: Q(**{lookup: read_date(text)}))


def instant_filter(lookup: str, description: str) -> Filter:
    """A filter by instant; without an offset it is in the person's time zone."""
    return Filter(description, lambda text, person: Q(**{lookup: _instant(text, person)}))


def _instant(text: str, person: User) -> datetime:
    # A plus sign in a query string means a space, and clients forget that.
    return as_instant(read_datetime(text.replace(" ", "+")), person.profile.timezone)


def is_filter(condition: Q, description: str) -> Filter:
    """A filter by whether a condition is true."""
    return Filter(description, lambda text, person: condition if read_boolean(text) else ~condition)


def person_filter(column: str, description: str) -> Filter:
    """A filter by person: an id, `me`, or `none`."""
    return id_filter(column, f"{description} An id, or `me`, or `none`.", or_none=True, or_me=True)
