"""Categories and labels as JSON."""

from datetime import datetime
from typing import Annotated, TypedDict

from taskbell.payloads import payload_of
from taskbell.tasks.label_models import Label
from taskbell.tasks.models import Category


class CategoryOut(TypedDict):
    """A category, which everybody shares."""

    id: int
    name: Annotated[str, {"maxLength": 100}]
    created_by: int
    created_at: datetime


class LabelOut(TypedDict):
    """A label, which everybody shares."""

    id: int
    name: Annotated[str, {"maxLength": 50}]
    created_by: int
    created_at: datetime


def category_as_json(category: Category) -> CategoryOut:
    return payload_of(CategoryOut, category)


def label_as_json(label: Label) -> LabelOut:
    return payload_of(LabelOut, label)
