"""Filters of a list: each has a name, a description, and turns its text into a condition."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from taskbell.accounts.models import User
from taskbell.common.clock import as_instant, instant
from taskbell.common.errors import FieldError, refuse
from taskbell.common.values import (
    UNPRINTABLE_SENTENCE,
    BadValue,
    read_boolean,
    read_choices,
    read_date,
    read_datetime,
    read_id,
)
from taskbell.search.parameters import Parameters

MAX_CHARACTERS = 500
STRANGE = re.compile("[\x00\ud800-\udfff]")


Schema = Mapping[str, Any]
TEXT: Schema = {"type": "string", "maxLength": MAX_CHARACTERS}
DAY: Schema = {"type": "string", "format": "date"}
MOMENT: Schema = {"type": "string", "examples": ["2027-03-31T09:00:00Z", "2027-03-31T09:00"]}
BOOLEAN: Schema = {"type": "boolean"}


@dataclass(frozen=True)
class Filter:
    """How a parameter narrows a list. `condition` raises BadValue; `schema` is the JSON Schema of the parameter.

    The values of an array are separated by commas.
    """

    description: str
    condition: Callable[[str, User], Q]
    schema: Schema = field(default_factory=lambda: TEXT)


NO_FILTERS: Mapping[str, Filter] = {}
NO_WORDS: Mapping[str, str] = {}


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
    refuse(errors)
    return condition


def _checked(text: str) -> str:
    if len(text) > MAX_CHARACTERS:
        raise BadValue(_("Must have at most %(characters)s characters.") % {"characters": MAX_CHARACTERS})
    if STRANGE.search(text):
        raise BadValue(_(UNPRINTABLE_SENTENCE))
    return text


def choices_filter(choices: Sequence[str], description: str, condition: Callable[[list[str]], Q]) -> Filter:
    """A filter by some of these names, separated by commas."""
    schema = {"type": "array", "minItems": 1, "items": {"type": "string", "enum": list(choices)}}
    return Filter(description, lambda text, person: condition(read_choices(text, choices)), schema)


def boolean_filter(description: str, condition: Callable[[bool], Q]) -> Filter:
    return Filter(description, lambda text, person: condition(read_boolean(text)), BOOLEAN)


def id_filter(
    column: str, description: str, *, or_none: bool = False, or_me: bool = False, words: Mapping[str, str] = NO_WORDS
) -> Filter:
    """A filter by ids, separated by commas; perhaps also by `none`, for rows without one, or `me`, for the person.

    `words` are further values: each stands for the rows that have the person in another column.
    """

    def condition(text: str, person: User) -> Q:
        names = {name.strip() for name in text.split(",")}
        without = Q(**{f"{column}__isnull": True}) if or_none and "none" in names else Q()
        for word in sorted(names & words.keys()):
            without |= Q(**{words[word]: person.pk})
        names -= {"none"} if or_none else set()
        names -= words.keys()
        ids = sorted({person.pk if or_me and name == "me" else read_id(name) for name in names})
        if not ids:
            return without
        return without | (Q(**{f"{column}__in": ids}) if len(ids) > 1 else Q(**{column: ids[0]}))

    named = ["none"] * or_none + ["me"] * or_me + [*words]
    item = {"type": "string", "pattern": f"^({'|'.join(['[1-9][0-9]{0,18}', *named])})$"}
    return Filter(description, condition, {"type": "array", "minItems": 1, "items": item})


def text_filter(column: str, description: str) -> Filter:
    """A filter by the exact text."""
    return Filter(description, lambda text, person: Q(**{column: text}))


def moment_filters(column: str, name: str, what: str) -> dict[str, Filter]:
    """Filters `_gte`, `_gt`, `_lte` and `_lt` by instant. A date stands for that day in the person's time zone."""
    words = {"gte": "at this moment or later", "gt": "after this moment"}
    words |= {"lte": "at this moment or earlier", "lt": "before this moment"}
    return {f"{name}_{end}": _moment_filter(column, end, f"{what} {words[end]}.") for end in words}


def _moment_filter(column: str, end: str, description: str) -> Filter:
    def condition(text: str, person: User) -> Q:
        day = _day(text)
        if day is None:
            return Q(**{f"{column}__{end}": _instant(text, person)})
        first = day + timedelta(days=1) if end in ("gt", "lte") else day
        begin = instant(first, time(), person.profile.timezone)
        return Q(**{f"{column}__{'gte' if end in ('gte', 'gt') else 'lt'}": begin})

    return Filter(f"{description} A date means the day in your time zone.", condition, MOMENT)


def _day(text: str) -> date | None:
    try:
        return read_date(text)
    except BadValue:
        return None


def due_day_filter(end: str, description: str) -> Filter:
    """A filter by due date. Its bounds on `due_at`, wide enough for every time zone, let the database use an index."""

    def condition(text: str, person: User) -> Q:
        day = read_date(text)
        midnight = datetime.combine(day, time(), UTC)
        found = Q(**{f"due_date{end}": day})
        if end in ("", "__gte", "__gt"):
            found &= Q(due_at__gte=midnight - timedelta(days=1))
        if end in ("", "__lte", "__lt"):
            found &= Q(due_at__lt=midnight + timedelta(days=3))
        return found

    return Filter(description, condition, DAY)


def unbounded_day_filter(name: str) -> Filter:
    """The filter by due date of this name, without bounds on the due moment."""
    column, _, end = name.rpartition("_") if name != "due_date" else (name, "", "exact")
    return Filter("", lambda text, person: Q(**{f"{column}__{end}": read_date(text)}))


def instant_filter(lookup: str, description: str) -> Filter:
    """A filter by instant; without an offset it is in the person's time zone."""
    return Filter(description, lambda text, person: Q(**{lookup: _instant(text, person)}), MOMENT)


def _instant(text: str, person: User) -> datetime:
    # A plus sign in a query string means a space, and clients forget that.
    return as_instant(read_datetime(text.replace(" ", "+")), person.profile.timezone)


def is_filter(condition: Q, description: str) -> Filter:
    """A filter by whether a condition is true."""
    return boolean_filter(description, lambda is_true: condition if is_true else ~condition)


def person_filter(column: str, description: str) -> Filter:
    """A filter by person: an id, `me`, or `none`."""
    return id_filter(column, f"{description} Ids, `me` or `none`, separated by commas.", or_none=True, or_me=True)
