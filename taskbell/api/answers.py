"""Responses in the OpenAPI document, described by the types of their payloads."""

from collections.abc import Mapping
from datetime import date, datetime, time
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

WALL_TIME = {"type": "string", "pattern": r"^\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?$", "example": "09:30"}


@extend_schema_field(WALL_TIME)
class WallTime(serializers.CharField):
    """A time without an offset, which JSON Schema's own format requires."""


URL = Annotated[str | None, {"format": "uri"}]
COUNT = NotRequired[Annotated[int, "Not with `cursor`."]]
FIELDS: Mapping[Any, type[serializers.Field[Any, Any, Any, Any]]] = {
    Any: serializers.JSONField,
    bool: serializers.BooleanField,
    date: serializers.DateField,
    datetime: serializers.DateTimeField,
    float: serializers.FloatField,
    int: serializers.IntegerField,
    str: serializers.CharField,
    time: WallTime,
    UUID: serializers.UUIDField,
}
FORMATS = {"email": serializers.EmailField, "uri": serializers.URLField}


def document_of(answer: Any) -> Any:
    """The serializer of a response that is a payload or a list of payloads; anything else unchanged."""
    if get_origin(answer) is list:
        return serializer_of(get_args(answer)[0])(many=True)
    return serializer_of(answer) if is_typeddict(answer) else answer


@cache
def serializer_of(payload: Any) -> type[serializers.Serializer[Any]]:
    """A serializer with the payload's members. It only documents: the payload's own function builds responses."""
    return _serializer(payload.__name__, get_type_hints(payload, include_extras=True), payload.__doc__)


@cache
def page_of(payload: Any, **more: Any) -> type[serializers.Serializer[Any]]:
    """A serializer of a page of payloads, with `more` members beside the results."""
    hints = {"count": COUNT, "next": URL, "previous": URL, **more, "results": list[payload]}
    return _serializer(payload.__name__.removesuffix("Out") + "Page", hints, None)


def _serializer(name: str, hints: Mapping[str, Any], doc: str | None) -> type[serializers.Serializer[Any]]:
    fields = {member: _field(hint) for member, hint in hints.items()}
    return type(name, (serializers.Serializer,), {**fields, "__doc__": doc})


def _field(hint: Any, **options: Any) -> serializers.Field[Any, Any, Any, Any]:
    """The field of a member with this type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is NotRequired:
        return _field(*arguments, required=False, **options)
    if origin is Annotated:
        return _field(arguments[0], **options, **_options(hint.__metadata__))
    if origin in (Union, UnionType) and NoneType in arguments:
        (hint,) = set(arguments) - {NoneType}
        return _field(hint, allow_null=True, **options)
    if origin is list and is_typeddict(arguments[0]):
        return serializer_of(arguments[0])(many=True, **options)
    if origin is list:
        return serializers.ListField(child=_field(arguments[0]), **options)
    if origin is dict:
        return serializers.DictField(child=_field(arguments[1]), **options)
    if is_typeddict(hint):
        return serializer_of(hint)(**options)
    if "choices" in options:
        return serializers.ChoiceField(**options)
    return FORMATS.get(options.pop("format", ""), FIELDS[hint])(**options)


def _options(metadata: tuple[Any, ...]) -> dict[str, Any]:
    """The options of a field from a member's annotations: texts describe it, mappings have JSON Schema keywords."""
    names = {"enum": "choices", "maxLength": "max_length", "format": "format"}
    options: dict[str, Any] = {}
    for said in metadata:
        options |= {"help_text": said} if isinstance(said, str) else {names[key]: said[key] for key in said}
    return options
