"""Reads a line. The kinds are read in a fixed order, so that "every friday" is a rule before "friday" is a day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from taskbell.common.recurrence import join_rule
from taskbell.quick_add.chips import chips_of
from taskbell.quick_add.found import FoundPhrases, take_phrases
from taskbell.quick_add.known import Known, Thing
from taskbell.quick_add.lines import Line, Span
from taskbell.quick_add.marks import names_in, take_marks, take_priority, unique
from taskbell.quick_add.moments import Moment
from taskbell.quick_add.reading import (
    ASSIGNEE,
    BLOCKED_BY,
    CATEGORY,
    LABEL,
    PROJECT,
    TITLE,
    Chip,
    Note,
    Reading,
    TypedReminder,
)


def names_to_look_up(text: str, refused: Iterable[Span] = ()) -> dict[str, list[str]]:
    """What the line names, by kind. What of it is known is an argument of `read`."""
    return names_in(Line(text, refused))


def read(text: str, *, now: datetime, zone: str, known: Known | None = None, refused: Iterable[Span] = ()) -> Reading:
    """The task that the line describes. Words that overlap a refused span stay in the title. Never raises."""
    line, moment = Line(text, refused), Moment(now, zone)
    marked, notes = take_marks(line, known or Known())
    priority = take_priority(line)
    found = take_phrases(line, moment)
    task = _dates(found, moment) | _things(marked)
    if found.reminder:
        task["reminder"] = _reminder(found.reminder.value, task, moment)
    chips = [chip for chip, _thing in marked] + ([priority] if priority else []) + list(chips_of(found, task, text))
    if not line.title:
        notes.append(Note(TITLE, (0, len(text)), text, _("What needs to be done?")))
    return Reading(
        title=line.title,
        priority=priority.value if priority else None,
        chips=tuple(sorted(chips, key=lambda chip: chip.span)),
        notes=tuple(notes),
        **task,
    )


def _dates(found: FoundPhrases, moment: Moment) -> dict[str, Any]:
    """Due date, due time and rule. A rule without a day begins with its first, a time alone is the next such time."""
    at, day = found.due_time(), found.day.value.day if found.day else None
    if day is None and at is None and found.repeat is None:
        return {}
    first = day or moment.next_day(at)
    if found.repeat:
        first = found.repeat.value.first(first)
    if day == moment.today and at is not None and not found.clock and found.vague and not moment.is_ahead(day, at):
        at = None  # this evening has begun
    dates: dict[str, Any] = {"due_date": first, "due_time": at}
    if found.repeat:
        repeat, end = found.repeat.value, dict(found.end.value.parts) if found.end else {}
        dates["recurrence"] = join_rule(repeat.starting(first) | end)
        dates["from_completion"] = repeat.from_completion
    return dates


def _reminder(reminder: TypedReminder, task: Mapping[str, Any], moment: Moment) -> TypedReminder:
    """A time without a day is one on the day when the task is due, or else the next such time."""
    if reminder.at is None:
        return reminder
    return replace(reminder, day=task.get("due_date") or moment.next_day(reminder.at))


def _things(marked: Sequence[tuple[Chip, Thing]]) -> dict[str, Any]:
    by_kind: dict[str, list[Thing]] = {}
    for chip, thing in marked:
        by_kind.setdefault(chip.kind, []).append(thing)
    single = {kind: by_kind[kind][0] for kind in (CATEGORY, PROJECT, ASSIGNEE) if kind in by_kind}
    return single | {"labels": unique(by_kind.get(LABEL, [])), "blocked_by": unique(by_kind.get(BLOCKED_BY, []))}
