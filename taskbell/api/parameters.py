"""Query parameters that narrow a list: each a name, what it means, and how its text becomes a condition."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from taskbell.accounts.models import User
from taskbell.api.authentication import person_of
from taskbell.common.clock import as_instant
from taskbell.common.errors import FieldError, Invalid
from taskbell.common.values import read_boolean, read_choices, read_date, read_datetime, read_id

MAX_PARAMETER_CHARACTERS = 500
Reader = Callable[[str, User], Q]
flag, number, day, one_of = read_boolean, read_id, read_date, read_choices


@dataclass(frozen=True)
class Filter:
    """How a query parameter narrows a list. `read` raises ValueError, with a sentence, for what it cannot read."""

    description: str
    read: Reader


def narrowed(rows: QuerySet[Any], request: Request, filters: Mapping[str, Filter]) -> Any:
    """The rows that fit every parameter that is given. Raises Invalid naming each that cannot be read."""
    return rows.filter(wanted(request, filters))


def wanted(request: Request, filters: Mapping[str, Filter]) -> Q:
    """That a row fits every parameter that is given. Raises Invalid naming each that cannot be read."""
    condition, errors = Q(), []
    for name in request.query_params:
        if name not in filters:
            continue
        try:
            text = request.query_params[name]
            _refuse_strange(text)
            condition &= filters[name].read(text, person_of(request))
        except ValueError as error:
            errors.append(FieldError(name, "invalid", str(error)))
    if errors:
        raise Invalid(errors[0].message, errors)
    return condition


def documented(filters: Mapping[str, Filter]) -> list[OpenApiParameter]:
    """The filters as the OpenAPI document lists them."""
    return [OpenApiParameter(name, str, description=filter_.description) for name, filter_ in filters.items()]


def _refuse_strange(text: str) -> None:
    if len(text) > MAX_PARAMETER_CHARACTERS:
        raise ValueError(f"Must have at most {MAX_PARAMETER_CHARACTERS} characters.")
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("Control characters are not allowed here.")


def moment(text: str, person: User) -> datetime:
    """An instant; without an offset it is in the person's time zone."""
    # A plus sign in a query string means a space, and clients forget that.
    return as_instant(read_datetime(text.replace(" ", "+")), person.profile.timezone)


def contains(column: str, text: str) -> Q:
    """Rows whose column has the text in it, in capitals or not.

    SQLite's LIKE knows the capitals of ASCII alone; a regular expression knows all, at many times the cost.
    """
    beyond_ascii = any(not char.isascii() and char.lower() != char.upper() for char in text)
    if beyond_ascii and connection.vendor == "sqlite":
        return Q(**{f"{column}__iregex": re.escape(text)})
    return Q(**{f"{column}__icontains": text})


def day_filter(column: str, lookup: str, words: str) -> Filter:
    """A filter by date."""
    return Filter(f"{words} Form: YYYY-MM-DD.", lambda text, person: Q(**{f"{column}{lookup}": day(text)}))


def person_filter(column: str, words: str) -> Filter:
    """A filter by person: an id, `me`, or `none`."""

    def read(text: str, person: User) -> Q:
        if text == "none":
            return Q(**{f"{column}__isnull": True})
        return Q(**{column: person.pk if text == "me" else number(text)})

    return Filter(f"{words} An id, or `me`, or `none`.", read)
