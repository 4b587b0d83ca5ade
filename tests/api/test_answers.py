"""Answers in the OpenAPI document follow from the types of their payloads."""

from datetime import datetime
from typing import Annotated, Any, NotRequired, TypedDict

from rest_framework import serializers

from taskbell.api.answers import document_of, page_of, serializer_of


class BeanOut(TypedDict):
    """A bean."""

    name: str


class PlantOut(TypedDict):
    """A plant."""

    id: int
    colour: Annotated[str, {"enum": ["red", "blue"]}, "Of the flower."]
    mail: Annotated[str, {"format": "email", "maxLength": 9}]
    sown_at: datetime | None
    anything: Any
    heights: dict[str, float]
    days: list[int]
    beans: list[BeanOut]
    first: NotRequired[Annotated[BeanOut | None, "If any."]]


def test_each_member_is_a_field() -> None:
    plant = serializer_of(PlantOut)
    assert (plant.__name__, plant.__doc__) == ("PlantOut", "A plant.")
    fields: dict[str, Any] = plant().fields
    assert list(fields) == list(PlantOut.__annotations__)
    assert [name for name, field in fields.items() if not field.required] == ["first"]
    assert [name for name, field in fields.items() if field.allow_null] == ["sown_at", "first"]
    assert (list(fields["colour"].choices), fields["colour"].help_text) == (["red", "blue"], "Of the flower.")
    assert isinstance(fields["mail"], serializers.EmailField)
    assert fields["mail"].max_length == 9
    assert isinstance(fields["heights"].child, serializers.FloatField)
    assert isinstance(fields["days"].child, serializers.IntegerField)
    assert list(fields["beans"].child.fields) == list(fields["first"].fields) == ["name"]
    assert fields["first"].help_text == "If any."


def test_a_page_has_the_name_of_its_payload() -> None:
    page = page_of(BeanOut, ripe=Annotated[int, "How many are ripe."])
    assert page.__name__ == "BeanPage"
    fields: dict[str, Any] = page().fields
    assert list(fields) == ["count", "next", "previous", "ripe", "results"]
    assert page_of(BeanOut, ripe=Annotated[int, "How many are ripe."]) is page


def test_lists_and_payloads_are_documented_and_anything_else_is_left_alone() -> None:
    assert document_of(BeanOut) is serializer_of(BeanOut)
    assert isinstance(document_of(list[BeanOut]), serializers.ListSerializer)
    assert document_of(None) is None
