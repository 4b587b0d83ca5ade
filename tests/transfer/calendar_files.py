"""Writes small calendars and imports them."""

import io
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.tasks.models import Task
from taskbell.transfer.formats import READERS
from taskbell.transfer.importing import ImportRefused, ImportResult, Options, import_tasks
from tests.conftest import NOW

MARCH_31 = "DUE;TZID=Europe/Berlin:20270331T090000"


def todo(*lines: str, uid: str = "sow", title: str = "Sow") -> list[str]:
    return ["BEGIN:VTODO", f"UID:{uid}", f"SUMMARY:{title}", *lines, "END:VTODO"]


def bring(by: User, *lines: str, end: str = "\r\n", **options: Any) -> ImportResult:
    text = end.join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""])
    return import_tasks(READERS["ical"](io.BytesIO(text.encode())), Options(**options), by=by, now=NOW)


def brought(by: User, *lines: str) -> tuple[Task, list[str]]:
    """The one task, and the messages of its notices."""
    result = bring(by, *todo(*lines))
    return Task.objects.get(), [notice.message for notice in result.notices]


def refused(by: User, *lines: str) -> tuple[str, str]:
    with pytest.raises(ImportRefused) as error:
        bring(by, *lines)
    first = next(iter(error.value.result.errors))
    return first.field, first.message
