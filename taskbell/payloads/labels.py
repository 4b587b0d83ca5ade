"""Labels as JSON."""

from datetime import datetime
from typing import Annotated, TypedDict

from taskbell.payloads import payload_of
from taskbell.tasks.label_models import Label


class LabelOut(TypedDict):
    """A label, which everybody shares."""

    id: int
    name: Annotated[str, {"maxLength": 50}]
    created_by: int
    created_at: datetime


def label_as_json(label: Label) -> LabelOut:
    """The label."""
    return payload_of(LabelOut, label, created_by=label.created_by_id)
