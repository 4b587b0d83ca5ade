"""What the resources' inputs are made of. Bounds are explicit, so that every database answers alike."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, ClassVar
from zoneinfo import available_timezones

from rest_framework import serializers

from taskbell.accounts.models import User
from taskbell.common.clock import instant
from taskbell.common.errors import Invalid
from taskbell.common.text import refuse_unprintable

EARLIEST, LATEST = date(1970, 1, 1), date(2999, 12, 31)
LARGEST_ID = 2**63 - 1


class StrictSerializer(serializers.Serializer[Any]):
    """Ignores fields that are only read, and refuses fields that do not exist by naming them.

    `aliases` are other names that a field is known by on write.
    """

    ignored: ClassVar[frozenset[str]] = frozenset()
    aliases: ClassVar[Mapping[str, str]] = {}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            data = {self.aliases.get(name, name): value for name, value in data.items()}
            unknown = sorted(set(data) - set(self.fields) - self.ignored)
            if unknown:
                raise serializers.ValidationError(
                    {name[:100]: serializers.ErrorDetail("There is no such field.", "unknown") for name in unknown[:20]}
                )
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """Text of people: no NUL, no lone surrogates, no control characters."""

    def to_internal_value(self, data: Any) -> str:
        text: str = super().to_internal_value(data)
        try:
            refuse_unprintable(text, field=self.field_name or "")
        except Invalid as error:
            raise serializers.ValidationError(error.detail, code="unprintable") from error
        return text


class Password(serializers.CharField):
    """Taken as it is, spaces and all, and never shown."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            write_only=True, trim_whitespace=False, max_length=1024, style={"input_type": "password"}, **kwargs
        )


class Day(serializers.DateField):
    """A date between 1970 and 2999."""

    def to_internal_value(self, value: Any) -> date:
        day: date = super().to_internal_value(value)
        return _within_bounds(day, day)


class Moment(serializers.DateTimeField):
    """A date and time between 1970 and 2999. Without an offset it stays without, for the task's zone to decide."""

    def enforce_timezone(self, value: datetime) -> datetime:
        return value

    def to_internal_value(self, value: Any) -> datetime:
        moment: datetime = super().to_internal_value(value)
        return _within_bounds(moment, moment.date())


def _within_bounds(value: Any, day: date) -> Any:
    if not EARLIEST < day < LATEST:
        raise serializers.ValidationError(f"This must be between {EARLIEST} and {LATEST}.", code="out_of_range")
    return value


def as_instant(moment: datetime, zone: str) -> datetime:
    """The UTC instant of a moment, read in the zone where it has no offset of its own."""
    if moment.tzinfo is None:
        return instant(moment.date(), moment.time(), zone)
    return moment.astimezone(UTC)


class Zone(serializers.CharField):
    """An IANA time zone."""

    def to_internal_value(self, data: Any) -> str:
        name: str = super().to_internal_value(data)
        if name not in available_timezones():
            raise serializers.ValidationError(
                "This is not an IANA time zone such as Europe/Berlin.", code="unknown_zone"
            )
        return name


class Choice(serializers.ChoiceField):
    """One of the names; a value that is no text is as wrong as an unknown name."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid_choice", input=str(data)[:100])
        return str(super().to_internal_value(data))


class Person(serializers.IntegerField):
    """The id of an active person."""

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
