"""The columns of a task from the lines of a to-do."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from taskbell.common.errors import invalid
from taskbell.common.values import BadValue
from taskbell.tasks.kinds import PRIORITY_NAMES
from taskbell.transfer.ical_alarms import reminders_of
from taskbell.transfer.ical_own import add_own
from taskbell.transfer.ical_related import related_cells
from taskbell.transfer.ical_repeats import Override, Repetition, planned_cells
from taskbell.transfer.ical_times import Moment, day_of, due_cells, iso, shown, span_of
from taskbell.transfer.ical_todo import Todo

STAGES = {"NEEDS-ACTION": "PENDING", "IN-PROCESS": "IN_PROGRESS", "COMPLETED": "COMPLETED", "CANCELLED": "ARCHIVED"}
PRIORITIES = ("MEDIUM", "URGENT", "HIGH", "HIGH", "HIGH", "MEDIUM", "LOW", "LOW", "LOW", "LOW")
OF_A_RULE = ("recurrence", "anchor_date")
OF_THE_SERIES = ("title", "category", "labels", "project", "timezone")
OF_AN_OCCURRENCE = ("STATUS", "PERCENT-COMPLETE", "COMPLETED")


def cells_of(todo: Todo, found: Repetition, own: Mapping[str, str]) -> dict[str, Any]:
    """The columns, except id and prerequisites. Raises Invalid; what can't be imported is noted."""
    if found.current is not None:
        _take_over(todo, found.current, found.due)
        by_rule = found.due
        _start, found.due = _dates_of(found.current.todo, found.due)
        found.cells |= planned_cells(by_rule, found.due)
    if found.start is not None and found.start != found.due:
        todo.note(
            "DTSTART",
            _("DTSTART isn't imported: %(start)s. Tasks have a due date only.") % {"start": shown(found.start)},
        )
    title = _text(todo, "SUMMARY")
    cells = {
        "title": title,
        "description": _text(todo, "DESCRIPTION"),
        **_stage(todo, is_over=found.is_over),
        "priority": _priority(todo),
        **related_cells(todo),
        **due_cells(found.due),
        **found.cells,
        "reminders": reminders_of(todo, found.start, found.due, title),
        "created_at": _moment(todo.take_moment("CREATED")),
    }
    add_own(cells, own)
    return cells


def history_of(found: Repetition, cells: Mapping[str, Any], series: int) -> Iterator[tuple[Todo, dict[str, Any]]]:
    """The completed occurrences before the current one, with the columns of each. Raises Invalid.

    What an occurrence doesn't say is as in the task, whose columns are the `cells`.
    """
    for number, by_rule, one in found.history:
        start, due = _dates_of(one.todo, by_rule)
        rule = {name: cells[name] for name in OF_A_RULE} | {"series": series, "occurrence": number}
        own = cells_of(one.todo, Repetition(start, due, rule), {})
        said = {name: value for name, value in own.items() if value not in ("", None)}
        of_series = {name: cells.get(name) for name in OF_THE_SERIES}
        yield one.todo, {**of_series, **said, **planned_cells(by_rule, due)}


def dates_of(todo: Todo, *, must_be_right: bool) -> tuple[Moment | None, Moment | None]:
    """Start and due date. DTSTART with DURATION gives the due date as well."""
    due = todo.take_moment("DUE", must_be_right=True)
    span = todo.component.take_one("DURATION") if due is None else None
    start = todo.take_moment("DTSTART", must_be_right=must_be_right or span is not None)
    if span is None:
        return start, due
    if start is None:
        todo.note(
            "DURATION",
            _("DURATION isn't imported, because the to-do has no DTSTART: %(shown)s") % {"shown": span.shown},
        )
        return start, due
    try:
        later, _text = span_of(span.value)
    except BadValue as error:
        raise invalid("due_date", error.code, _("DURATION can't be read. %(error)s") % {"error": error}) from error
    end = later.after(start)
    return start, end if isinstance(start, datetime) else end.date()


def _dates_of(todo: Todo, otherwise: Moment | None) -> tuple[Moment | None, Moment | None]:
    start, due = dates_of(todo, must_be_right=False)
    return start, due or start or otherwise


def _take_over(todo: Todo, current: Override, day: Moment | None) -> None:
    """The state of the current occurrence is that of the task."""
    state = current.todo.component.take(*OF_AN_OCCURRENCE)
    if state:
        todo.component.take(*OF_AN_OCCURRENCE)
        todo.component.properties += state
    if day is not None:
        current.note_differences(todo, day_of(day))


def _text(todo: Todo, name: str) -> str:
    one = todo.component.take_one(name)
    return one.text if one else ""


def _priority(todo: Todo) -> str:
    one = todo.component.take_one("PRIORITY")
    if one is None:
        return PRIORITIES[0]
    text = one.text.upper()
    if text in PRIORITY_NAMES:
        return text
    if len(text) != 1 or text not in "0123456789":
        raise invalid(
            "priority", "invalid", _("PRIORITY must be a number from 0 to 9, not %(shown)s.") % {"shown": one.shown}
        )
    return PRIORITIES[int(text)]


def _stage(todo: Todo, *, is_over: bool) -> dict[str, Any]:
    """Stage and completion: from STATUS or, without it, from COMPLETED and PERCENT-COMPLETE."""
    status, percent = todo.component.take_one("STATUS"), _percent(todo)
    completed = todo.take_moment("COMPLETED")
    stage = STAGES.get(status.text.upper()) if status else None
    if status and stage is None:
        todo.note("stage", _("STATUS isn't imported: %(shown)s") % {"shown": status.shown})
    if stage is None:
        stage = "COMPLETED" if completed or percent == 100 else "PENDING"
    elif stage != "COMPLETED" and (completed or percent == 100):
        said = "COMPLETED" if completed else "PERCENT-COMPLETE"
        todo.note(
            "stage",
            _("%(said)s isn't imported, because STATUS is %(value)s.")
            % {"said": said, "value": status and status.shown},
        )
    if stage == "PENDING" and percent and percent < 100:
        stage = "IN_PROGRESS"
    if percent and percent < 100:
        todo.note(
            "stage",
            _("PERCENT-COMPLETE isn't imported: %(percent)s %%. The task is %(stage)s.")
            % {"percent": percent, "stage": stage},
        )
    if is_over and stage != "ARCHIVED":
        stage = "COMPLETED"
    if stage != "COMPLETED":
        return {"stage": stage}
    return {"stage": stage, "completed_at": _moment(completed or todo.take_moment("LAST-MODIFIED"))}


def _percent(todo: Todo) -> int | None:
    one = todo.component.take_one("PERCENT-COMPLETE")
    if one is None:
        return None
    text = one.text
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 100):
        todo.note("stage", _("PERCENT-COMPLETE isn't imported: %(shown)s") % {"shown": one.shown})
        return None
    return int(text)


def _moment(moment: Moment | None) -> str | None:
    return None if moment is None else iso(moment)
