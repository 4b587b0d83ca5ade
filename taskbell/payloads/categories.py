"""Categories as JSON."""

from datetime import datetime
from typing import Annotated, TypedDict

from taskbell.payloads import payload_of
from taskbell.tasks.models import Category


class CategoryOut(TypedDict):
    """A category, which everybody shares."""

    id: int
    name: Annotated[str, {"maxLength": 100}]
    created_by: int
    created_at: datetime


def category_as_json(category: Category) -> CategoryOut:
    """The category."""
    return payload_of(CategoryOut, category, created_by=category.created_by_id)
