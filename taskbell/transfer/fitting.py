"""Makes values of other programs fit, where their readers allow it; everything that changes becomes a notice."""

import json
from collections.abc import Callable
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from taskbell.common.errors import FieldError
from taskbell.common.text import is_invisible, printable
from taskbell.common.values import in_bounds
from taskbell.common.wording import grouped
from taskbell.tasks.validation import MAX_TITLE
from taskbell.transfer.columns import ALWAYS, AT_MIDNIGHT
from taskbell.transfer.reading import Notice, Row

MAX_SHOWN, MAX_DEPTH_SHOWN = 200, 4  # characters of a value, and objects within it
NAMES, LINKS = ("name", "title", "displayName", "description", "text", "id", "uuid"), ("url", "webUrl", "link")
UNTITLED = "Untitled"
Note = Callable[[str], None]  # adds a notice


def fit_title(row: Row, notices: list[Notice]) -> dict[str, Any]:
    """The cells with a title that a task can have. The description begins with the whole of a longer one."""
    title = row.cells.get("title")
    if "title" not in row.lenient or not isinstance(title, str | None):
        return row.cells
    line = in_one_line(title or "")
    if lost := len(title or "") - len(printable(title or "")):
        notices.append(
            Notice(
                row.line,
                "title",
                _("Characters that can't be read are left out of the title: %(lost)s.") % {"lost": grouped(lost)},
            )
        )
    if is_invisible(line):
        notices.append(
            Notice(
                row.line,
                "title",
                _("The task has no title. It is imported as %(untitled)s.") % {"untitled": f"{UNTITLED!r}"},
            )
        )
        return row.cells | {"title": UNTITLED}
    if len(line) <= MAX_TITLE:
        return row.cells | {"title": line}
    notices.append(
        Notice(
            row.line,
            "title",
            _("Longer than %(most)s characters. All of it is in the description.") % {"most": MAX_TITLE},
        )
    )
    whole = "\n\n".join(text for text in (title, row.cells.get("description")) if text)
    return row.cells | {"title": f"{line[: MAX_TITLE - 1]}…", "description": whole}


def in_one_line(text: str) -> str:
    """The text without line breaks and characters that can't be read."""
    return " ".join(printable(text).split())


def give_up(errors: list[FieldError], row: Row, notices: list[Notice]) -> bool:
    """Turns the errors into notices, if all of them are in lenient columns."""
    if not all(error.field in row.lenient for error in errors):
        return False
    for error in errors:
        message = _("Can't be imported: %(field)s. %(message)s") % {
            "field": shown(row.cells.get(error.field)),
            "message": error.message,
        }
        notices.append(Notice(row.line, error.field, message))
    return True


def shown(value: Any, depth: int = 0) -> str:
    """The value for people, shortened: of an object, what names it."""
    if isinstance(value, dict | list) and depth == MAX_DEPTH_SHOWN:
        return "…"
    if isinstance(value, dict):
        found = [next((value[name] for name in names if value.get(name)), None) for names in (NAMES, LINKS)]
        parts = [shown(part, depth + 1) for part in found if part is not None]
        value = " ".join(parts) or ", ".join(f"{key} {shown(inner, depth + 1)}" for key, inner in value.items())
    elif isinstance(value, list):
        value = ", ".join(shown(one, depth + 1) for one in value[:MAX_SHOWN])
    text = " ".join(value.split()) if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"


def in_zone(due_at: datetime, zone: str, all_day: str | None) -> dict[str, Any]:
    """Date, time and zone of an instant, as people in the zone read it."""
    wall = due_at.astimezone(ZoneInfo(zone))
    found = {"due_date": in_bounds(wall.date()), "timezone": zone}
    is_date = all_day == ALWAYS or (all_day == AT_MIDNIGHT and wall.time() == time())
    return found if is_date else found | {"due_time": wall.time()}
