"""The fields of request bodies. Values are read by `common.values`, as everywhere."""

from collections.abc import Callable, Mapping
from copy import copy
from datetime import datetime
from functools import cache, partial
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from taskbell.accounts.validation import MAX_PASSWORD_LENGTH
from taskbell.api.answers import WALL_TIME
from taskbell.api.authentication import person_of
from taskbell.common import values
from taskbell.common.errors import Refusal
from taskbell.common.recurrence import MAX_RULE_LENGTH
from taskbell.common.text import UNPRINTABLE, opaque
from taskbell.common.values import MAX_ID, UNPRINTABLE_SENTENCE, BadValue
from taskbell.reminders.repeats import read_repeat
from taskbell.reminders.schedule import MAX_BEFORE_DUE
from taskbell.tasks.queries import visible_task

FAR_TOO_LONG = 4  # times the limit: more than trimming or composing can mend
MAX_LIST = 5000
MAX_TYPED = 1 + 4 * MAX_PASSWORD_LENGTH  # of a password: decomposed, one letter has at most four characters


class StrictSerializer(serializers.Serializer[Any]):
    # Ignores read-only fields, and refuses unknown fields by name. `aliases` are further names of a field.
    # A docstring here would describe each request in the OpenAPI document.
    ignored: ClassVar[frozenset[str]] = frozenset()
    aliases: ClassVar[Mapping[str, str]] = {}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            self._refuse_twins(data)
            data = {self.aliases.get(name, name): value for name, value in data.items()}
            unknown = sorted(set(data) - set(self.fields) - self.ignored)
            if unknown:
                raise serializers.ValidationError(
                    {name[:100]: serializers.ErrorDetail("Unknown field.", "unknown") for name in unknown[:20]}
                )
        return super().to_internal_value(data)

    def _refuse_twins(self, data: Mapping[str, Any]) -> None:
        twins = sorted(name for name in data if self.aliases.get(name, name) != name and self.aliases[name] in data)
        if twins:
            sentence = "Must not be sent with {}: it is the same field."
            errors = {name: serializers.ErrorDetail(sentence.format(self.aliases[name]), "twice") for name in twins}
            raise serializers.ValidationError(errors)


@cache
def blank(form: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """The form without a body. Its fields are built once: for a large form, that takes as long as validation."""
    empty = form()
    len(empty.fields)  # builds them
    return empty


def body_of(request: Request, form: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    """The validated body. Raises ValidationError."""
    filled = copy(blank(form))
    filled.initial_data = request.data
    filled.is_valid(raise_exception=True)
    return dict(filled.validated_data)


def body_about_task(request: Request, form: type[serializers.Serializer[Any]], pk: int) -> dict[str, Any]:
    """The validated body. For a task that is not visible, raises NotFound instead of errors in the body."""
    try:
        return body_of(request, form)
    except (APIException, Refusal):
        visible_task(pk, to=person_of(request))
        raise


class Words(serializers.CharField):
    """Text only: a number is not converted to text. A text that is far too long is refused before anything reads it."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if self.max_length and len(data) > FAR_TOO_LONG * self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return str(super().to_internal_value(data))


class Text(Words):
    """Text without NUL, lone surrogates or control characters."""

    def to_internal_value(self, data: Any) -> str:
        text: str = super().to_internal_value(data)
        if UNPRINTABLE.search(text):
            raise serializers.ValidationError(UNPRINTABLE_SENTENCE, code="unprintable")
        return text


class DocumentedText(Words):
    """Text whose rules the verb checks: the bounds here are for the OpenAPI document."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super(serializers.CharField, self).run_validation(data)

    def run_validators(self, value: Any) -> None:
        """The verb checks it."""


class DocumentedList(serializers.ListField):
    """A list whose length the verb checks. A list that is far too long is refused before any of it is read."""

    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list) and len(data) > MAX_LIST:
            raise serializers.ValidationError(f"Must have at most {self.max_length:,} entries.", code="max_length")
        read: list[Any] = super().to_internal_value(data)
        return read

    def run_validators(self, value: Any) -> None:
        """The verb checks it."""


class Password(Words):
    """Text that is taken unchanged, spaces included, and never shown."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            write_only=True,
            trim_whitespace=False,
            max_length=MAX_PASSWORD_LENGTH,
            style={"input_type": "password"},
            **kwargs,
        )

    def run_validators(self, value: Any) -> None:
        """The length is that of the password as it is compared."""
        super().run_validators(opaque(value[:MAX_TYPED]))


class ReadField(serializers.Field[Any, Any, Any, Any]):
    """A field whose value is read by `common.values`: `read` raises BadValue."""

    read: Callable[[Any], Any]

    def to_internal_value(self, data: Any) -> Any:
        try:
            return self.read(data)
        except BadValue as error:
            raise serializers.ValidationError(str(error), code=error.code) from error


class Day(ReadField, serializers.DateField):
    """A date between 1970 and 2999."""

    read = staticmethod(values.read_date)


@extend_schema_field(WALL_TIME)
class TimeOfDay(ReadField, serializers.TimeField):
    """A wall time. An offset is refused: the time zone is a field of its own."""

    read = staticmethod(values.read_time)


class InstantField(ReadField, serializers.DateTimeField):
    """A date and time between 1970 and 2999. Without an offset it stays without, for the task's zone to decide."""

    read = staticmethod(values.read_moment)


class AsRead(InstantField):
    """An instant that is only compared: an unreadable one counts as none."""

    def to_internal_value(self, data: Any) -> datetime | None:  # type: ignore[override]
        try:
            return values.read_datetime(data)
        except BadValue:
            return None


class Zone(ReadField, serializers.CharField):
    """An IANA time zone."""

    read = staticmethod(values.read_zone)


class Recurrence(ReadField, serializers.CharField):
    """A rule by which something repeats (RFC 5545 §3.3.10). Null and empty text mean: once."""

    read = staticmethod(values.read_rule)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_RULE_LENGTH, allow_blank=True, allow_null=True, **kwargs)


class Repeat(Recurrence):
    """A rule by which a reminder repeats, at least 15 minutes apart. Null and empty text mean: once."""

    read = staticmethod(read_repeat)


@extend_schema_field({"type": "string", "format": "duration"})
class DurationField(ReadField):
    """A duration as ISO 8601 writes it, from zero to a year."""

    read = staticmethod(partial(values.read_duration, longest=MAX_BEFORE_DUE))


class IdField(ReadField, serializers.IntegerField):
    read = staticmethod(values.read_id)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_ID, **kwargs)


class Flag(serializers.BooleanField):
    """true or false; text and numbers are refused."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            raise serializers.ValidationError("Must be true or false.", code="invalid")
        return data


class Choice(ReadField, serializers.ChoiceField):
    def read(self, value: Any) -> str:
        return values.read_choice(value, list(self.choices))
