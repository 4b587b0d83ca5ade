"""Dates of Todoist: days, words such as "every day", deadlines and durations."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from taskbell.common.clock import time_zones, wall_time
from taskbell.common.date_words import When, read_when
from taskbell.common.recurrence import from_other_program
from taskbell.common.values import BadValue
from taskbell.common.written_dates import has_offset, read_written_date
from taskbell.transfer.reading import Notice


def due_cells(line: int, cells: dict[str, str], now: datetime, zone: str) -> tuple[dict[str, Any], list[Notice]]:
    """The cells of a task that say when it is due, and what else the row says about time.

    Words count from `now` in the task's zone, or in the importer's if there is none.
    """
    notices, now = [], wall_time(now, cells["TIMEZONE"] if cells["TIMEZONE"] in time_zones() else zone)
    due = _read(cells["DATE"], cells["DATE_LANG"], now)
    deadline = _read(cells["DEADLINE"], cells["DEADLINE_LANG"], now)
    if not due:
        due = deadline
    elif deadline and deadline != due:
        message = _("The deadline %(deadline)s can't be imported, because the task also has a date.") % {
            "deadline": cells["DEADLINE"]
        }
        notices.append(Notice(line, "due_date", message))
    if cells["DURATION"]:
        lasts = f"{cells['DURATION']} {cells['DURATION_UNIT']}".strip()
        notices.append(Notice(line, "DURATION", _("The duration can't be imported: %(lasts)s.") % {"lasts": lasts}))
    return due, notices


def _read(text: str, language: str, now: datetime) -> dict[str, Any]:
    if not text:
        return {}
    if has_offset(text):
        return {"due_at": text}
    try:
        when = _when(text, language, now)
        rule = from_other_program(when.rule, when.day) if when.rule else None
    except BadValue as error:
        return {"due_date": error}
    return {
        "due_date": when.day.isoformat(),
        "due_time": when.at and when.at.isoformat(),
        "recurrence": rule,
        "recurrence_from": "completion" if when.from_completion else None,
    }


def _when(text: str, language: str, now: datetime) -> When:
    """Raises BadValue for words that can't be read."""
    if not language or language.lower().startswith("en"):
        return read_when(text, now)
    try:
        found = read_written_date(text)
    except BadValue as error:
        if error.code == "ambiguous":
            raise
        raise BadValue(
            _("%(error)s Words in the language %(language)s can't be read.")
            % {"error": error, "language": f"{language[:20]!r}"}
        ) from error
    return When(found.day, found.at)
