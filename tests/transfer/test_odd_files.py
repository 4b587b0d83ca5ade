"""Files that are short, odd or wrongly typed are refused by the row, and never an error of ours."""

import io
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskbell.accounts.models import User
from taskbell.common.errors import Refusal
from taskbell.tasks.models import Task
from taskbell.transfer.columns import COLUMNS
from taskbell.transfer.formats import FileOptions, rows_of
from taskbell.transfer.importing import import_tasks
from tests.conftest import NOW
from tests.undoing import undone

ODD_TEXT = st.sampled_from(
    ["", "x", "\0", "\ud800", "9" * 30, "2027-03-31", "PT1H", "[{}]", "FREQ=DAILY", "0001-01-01"]
)
ODD = st.recursive(
    st.none() | st.booleans() | st.sampled_from([-1, 0, 7, 10**30, 1e300, 0.5]) | ODD_TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "at", "title"]), inner),
    max_leaves=4,
)
OF_VIKUNJA = (
    *("id", "title", "description", "done", "percent_done", "priority", "labels", "due_date", "assignees"),
    *("related_tasks", "reminders", "repeat_after", "repeat_mode", "done_at", "created"),
)
OF_TODOIST = ("TYPE", "CONTENT", "DESCRIPTION", "PRIORITY", "INDENT", "RESPONSIBLE", "DATE", "TIMEZONE")
OF_A_CALENDAR = (
    *("SUMMARY", "DUE", "DTSTART", "DURATION", "PRIORITY", "RRULE", "CATEGORIES", "COMPLETED", "UID", "RELATED-TO"),
    *("BEGIN", "END", "DUE;TZID=", "DTSTART;VALUE=DATE", "DUE;VALUE=PERIOD", "TRIGGER", "TRIGGER;RELATED=END"),
    *("RECURRENCE-ID", "EXDATE", "RDATE", "REPEAT", "ACTION", "STATUS", "PERCENT-COMPLETE", "CREATED", "SEQUENCE"),
    *("X-TASKBELL-REMINDER", "X-TASKBELL-RECURRENCE", "X-TASKBELL-ANCHOR-DATE", "X-TASKBELL-OCCURRENCE"),
    *("X-TASKBELL-TIMEZONE", "X-TASKBELL-DUE-TIME", "X-TASKBELL-SOURCE", "X-TASKBELL-SOURCE-ID", "X-TASKBELL-SERIES"),
)
CALENDAR_VALUES = (
    *(
        "VALARM",
        "VTODO",
        "VTIMEZONE",
        "STANDARD",
        "20270331",
        "20270331T090000",
        "-PT1H",
        "-1",
        "a,b",
        "DISPLAY",
        "UTC",
    ),
    *("COMPLETED", "FREQ=WEEKLY;BYDAY=MO;COUNT=3", '{"at": 1}', '{"before_due": "P1D"}', "99991231"),
)
CALENDAR_VALUE = ODD_TEXT | st.sampled_from(CALENDAR_VALUES)


def objects(names: tuple[str, ...]) -> Any:
    return st.dictionaries(st.sampled_from(names), ODD, max_size=4).map(lambda members: {"title": "Sow"} | members)


def cells(*first: str) -> Any:
    return st.lists(st.sampled_from([*first, "note", "1"]) | ODD_TEXT, max_size=9).map(",".join)


def as_table(header: tuple[str, ...], *first: str) -> Any:
    return st.lists(cells(*first), max_size=4).map(lambda rows: "\n".join([",".join(header), *rows]))


def as_calendar(lines: list[tuple[str, str]]) -> str:
    return "\n".join(["BEGIN:VTODO", *(f"{name}:{value}" for name, value in lines), "END:VTODO", ""])


FILES = {
    "csv": as_table(COLUMNS[:9]),
    "json": st.lists(objects(COLUMNS) | ODD, max_size=3).map(json.dumps),
    "todoist": as_table(OF_TODOIST, "task", "section"),
    "vikunja": st.lists(objects(OF_VIKUNJA) | ODD, max_size=3).map(lambda tasks: json.dumps([{"tasks": tasks}])),
    "ical": st.lists(st.tuples(st.sampled_from(OF_A_CALENDAR), CALENDAR_VALUE), max_size=7).map(as_calendar),
}


@pytest.mark.parametrize("format_", FILES)
def test_an_odd_file_is_taken_or_refused(bo: User, format_: str) -> None:
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(FILES[format_])
    def holds(text: str) -> None:
        file = io.BytesIO(text.encode(errors="surrogatepass"))
        with undone():
            try:
                report = import_tasks(rows_of(format_, file, FileOptions(NOW, "UTC")), by=bo, now=NOW)
            except Refusal:
                assert not Task.objects.exists()
            else:
                assert Task.objects.count() == report.created

    holds()
