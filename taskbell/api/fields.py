"""What the resources' inputs are made of. Bounds are explicit, so that every database answers alike."""

from collections.abc import Mapping
from copy import copy
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any, ClassVar

from django.utils.dateparse import parse_duration
from rest_framework import serializers

from taskbell.accounts.models import User
from taskbell.common.clock import EARLIEST, LATEST, time_zones
from taskbell.common.errors import Invalid
from taskbell.common.recurrence import LONGEST, parse_rule
from taskbell.common.text import refuse_unprintable
from taskbell.reminders.schedule import LONGEST_SPAN

LARGEST_ID = 2**63 - 1
OF_A_TIME = frozenset("0123456789:.")
OF_A_MOMENT = OF_A_TIME | frozenset("-+ TtZzW")


class StrictSerializer(serializers.Serializer[Any]):
    """Ignores fields that are only read, and refuses fields that do not exist by naming them.

    `aliases` are other names that a field is known by on write.
    """

    ignored: ClassVar[frozenset[str]] = frozenset()
    aliases: ClassVar[Mapping[str, str]] = {}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            self._refuse_twins(data)
            data = {self.aliases.get(name, name): value for name, value in data.items()}
            unknown = sorted(set(data) - set(self.fields) - self.ignored)
            if unknown:
                raise serializers.ValidationError(
                    {name[:100]: serializers.ErrorDetail("There is no such field.", "unknown") for name in unknown[:20]}
                )
        return super().to_internal_value(data)

    def _refuse_twins(self, data: Mapping[str, Any]) -> None:
        twins = sorted(name for name in data if self.aliases.get(name, name) != name and self.aliases[name] in data)
        if twins:
            raise serializers.ValidationError(
                {name: serializers.ErrorDetail(f"This is the same as {self.aliases[name]}.", "twice") for name in twins}
            )


@cache
def _blank(form: type[StrictSerializer]) -> StrictSerializer:
    blank = form()
    len(blank.fields)  # makes them
    return blank


def filled(form: type[StrictSerializer], body: Any) -> StrictSerializer:
    """The form with this in it. Its fields are made once: for a large form, that takes as long as the check itself."""
    serializer = copy(_blank(form))
    serializer.initial_data = body
    return serializer


class Words(serializers.CharField):
    """Text and nothing else: a number is not made into its digits."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class Text(Words):
    """Text of people: no NUL, no lone surrogates, no control characters."""

    def to_internal_value(self, data: Any) -> str:
        text: str = super().to_internal_value(data)
        try:
            refuse_unprintable(text, field=self.field_name or "")
        except Invalid as error:
            raise serializers.ValidationError(error.detail, code="unprintable") from error
        return text


class Password(Words):
    """Taken as it is, spaces and all, and never shown."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            write_only=True, trim_whitespace=False, max_length=1024, style={"input_type": "password"}, **kwargs
        )


class Day(serializers.DateField):
    """A date between 1970 and 2999."""

    def to_internal_value(self, value: Any) -> date:
        day: date = super().to_internal_value(value)
        _check_bounds(day)
        return day


class Moment(serializers.DateTimeField):
    """A date and time between 1970 and 2999. Without an offset it stays without, for the task's zone to decide."""

    def enforce_timezone(self, value: datetime) -> datetime:
        return value

    def to_internal_value(self, value: Any) -> datetime:
        if isinstance(value, str) and not set(value) <= OF_A_MOMENT:  # Python would read over a NUL
            self.fail("invalid", format="YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+hh:mm|Z]")
        moment: datetime = super().to_internal_value(value)
        _check_bounds(moment.date())
        return moment


class AsRead(Moment):
    """A moment that is only compared: one that makes no sense counts as none."""

    def to_internal_value(self, value: Any) -> datetime | None:  # type: ignore[override]
        try:
            return super().to_internal_value(value)
        except serializers.ValidationError:
            return None


def _check_bounds(day: date) -> None:
    if not EARLIEST <= day <= LATEST:
        raise serializers.ValidationError(f"This must be between {EARLIEST} and {LATEST}.", code="out_of_range")


class Zone(Words):
    """An IANA time zone."""

    def to_internal_value(self, data: Any) -> str:
        name: str = super().to_internal_value(data)
        if name not in time_zones():
            raise serializers.ValidationError(
                "This is not an IANA time zone such as Europe/Berlin.", code="unknown_zone"
            )
        return name


class TimeOfDay(serializers.TimeField):
    """A wall time. An offset is refused: the time zone is a field of its own."""

    def to_internal_value(self, value: Any) -> time:
        if isinstance(value, str) and not set(value) <= OF_A_TIME:
            self.fail("invalid", format="hh:mm[:ss[.uuuuuu]]")
        moment: time = super().to_internal_value(value)
        return moment


class Flag(serializers.BooleanField):
    """true or false."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Recurrence(Words):
    """A rule by which something comes again (RFC 5545 §3.3.10). Null and nothing mean: once."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LONGEST, allow_blank=True, allow_null=True, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        text: str = super().to_internal_value(data)
        try:
            return parse_rule(text).text if text else ""
        except ValueError as error:
            raise serializers.ValidationError(str(error), code="rule") from error


class Span(serializers.Field[timedelta, str, str, Any]):
    """A length of time as ISO 8601 writes it, from nothing to a year."""

    def to_internal_value(self, data: Any) -> timedelta:
        readable = isinstance(data, str) and len(data) < 50 and data.startswith("P")
        span = parse_duration(data) if readable else None
        if span is None or not timedelta() <= span <= LONGEST_SPAN:
            raise serializers.ValidationError("This is a length of time such as PT24H, up to a year.", code="duration")
        return span


class Choice(serializers.ChoiceField):
    """One of the names; a value that is no text is as wrong as an unknown name."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid_choice", input=str(data)[:100])
        return str(super().to_internal_value(data))


class Id(serializers.IntegerField):
    """The number of a row."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=LARGEST_ID, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool | float):
            self.fail("invalid")
        return int(super().to_internal_value(data))


def check_person(pk: int) -> int:
    """Raises a ValidationError unless there is an active person by this id."""
    if not User.objects.filter(pk=pk, is_active=True).exists():
        raise serializers.ValidationError("There is no active person with this id.", code="does_not_exist")
    return pk
