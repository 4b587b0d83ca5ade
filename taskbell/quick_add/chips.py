"""The chips of what was read: one for each run of words about the same thing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from taskbell.quick_add.found import FoundPhrases
from taskbell.quick_add.lines import Span
from taskbell.quick_add.phrases import Found
from taskbell.quick_add.reading import DUE, REMINDER, REPEATS, Chip
from taskbell.quick_add.reminders import value_of, written


def chips_of(found: FoundPhrases, task: Mapping[str, Any], text: str) -> Iterator[Chip]:
    """A chip for each run of words of one kind."""
    last = found.end.value.last if found.end else None
    ends_early = _("Ends before it begins.") if last and last < task["due_date"] else ""
    reminder = value_of(task["reminder"]) if "reminder" in task else ""
    due = written(task.get("due_date"), task.get("due_time"))
    parts: list[tuple[str, str, str, Sequence[Found[Any] | None]]] = [
        (REMINDER, reminder, "", [found.reminder]),
        (REPEATS, task.get("recurrence", ""), ends_early, [found.repeat, found.end]),
        (DUE, due, found.day.value.note if found.day else "", [found.day, found.clock, found.part]),
    ]
    for kind, value, note, pieces in parts:
        for start, end in _runs([piece.span for piece in pieces if piece], text):
            yield Chip(kind, (start, end), text[start:end], value, note=note)


def _runs(spans: Iterable[Span], text: str) -> list[Span]:
    """The spans, joined where only space is between them."""
    runs: list[Span] = []
    for start, end in sorted(spans):
        if runs and text[runs[-1][1] : start].isspace():
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    return runs
