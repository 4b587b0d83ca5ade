"""Microsoft To Do has no export of its own; this reads the answers of Microsoft Graph that programs save.

Lists and tasks are as https://learn.microsoft.com/graph/api/resources/todotask describes them: one page of tasks, or
lists that have their `tasks`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import IO, Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from taskbell.common.clock import time_zones
from taskbell.common.values import BadValue
from taskbell.transfer.foreign import MAX_FILE_CHARACTERS, Program, Read, iso, project_of, rule_of, with_checklists
from taskbell.transfer.html_text import as_markdown
from taskbell.transfer.reading import Row, Unreadable, json_values

STAGES = {
    "notStarted": "PENDING",
    "inProgress": "IN_PROGRESS",
    "completed": "COMPLETED",
    "waitingOnOthers": "PENDING",
    "deferred": "PENDING",
}
PRIORITIES = {"low": "LOW", "normal": "MEDIUM", "high": "HIGH"}
FREQUENCIES = {"daily": "DAILY", "weekly": "WEEKLY", "Monthly": "MONTHLY", "Yearly": "YEARLY"}
# In a month that lacks the day, Microsoft takes the last one (DayOfMonth of AbsoluteMonthlyRecurrence).
SKIP = "BACKWARD"
PLACES = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
CARRIED = (
    *("id", "title", "body", "status", "importance", "isReminderOn", "reminderDateTime", "dueDateTime"),
    *("completedDateTime", "createdDateTime", "recurrence", "checklistItems", "categories"),
)
BOOKKEEPING = ("lastModifiedDateTime", "bodyLastModifiedDateTime", "parentList", "@odata.etag")
MICROSOFT = Program(
    "microsoft-todo",
    gettext_noop("Must be a task as Microsoft Graph returns it."),
    (*CARRIED, *BOOKKEEPING),
    column="value",
    text="body",
)
WITH_TASKS = ("value", "lists", "tasks")
MAX_DEPTH = 6  # of lists within lists


def microsoft_rows(stream: IO[bytes]) -> Iterator[Row]:
    """The tasks of all lists. A list is a project, the items of a checklist are part of the description."""
    for line, value in json_values(stream, longest=MAX_FILE_CHARACTERS):
        for of_list, task in _tasks(line, value, {}, 0):
            yield MICROSOFT.row(line, task, _read, of_list)


def _tasks(line: int, found: Any, of_list: dict[str, Any], depth: int) -> Iterator[tuple[dict[str, Any], Any]]:
    """Each task with its list, wherever lists keep them."""
    if isinstance(found, list) and depth < MAX_DEPTH:
        for one in found:
            yield from _tasks(line, one, of_list, depth + 1)
    elif isinstance(found, dict) and "title" in found:
        yield of_list, found
    elif isinstance(found, dict):
        about = found["list"] if isinstance(found.get("list"), dict) else found  # beside its tasks, or around them
        for key in WITH_TASKS:
            yield from _tasks(line, found.get(key) or [], about if about.get("displayName") else of_list, depth + 1)
    else:
        raise Unreadable(line, _("Must be tasks or lists as Microsoft Graph returns them."))


def _read(task: dict[str, Any], of_list: dict[str, Any]) -> Read:
    body = task.get("body") or {}
    checklist = [(one.get("displayName") or "", bool(one.get("isChecked"))) for one in task.get("checklistItems") or []]
    reminder = _moment(task.get("reminderDateTime")) if task.get("isReminderOn") else None
    completed, due = _moment(task.get("completedDateTime")), _moment(task.get("dueDateTime"))
    cells = {
        "title": task["title"],
        "description": with_checklists(_text(body), [("", checklist)] if checklist else []),
        "stage": STAGES[task.get("status") or "notStarted"],
        "priority": PRIORITIES[task.get("importance") or "normal"],
        "project": _project(of_list),
        "labels": task.get("categories"),
        **_due(due),
        "recurrence": rule_of(_rule(task["recurrence"]), due, skip=SKIP) if task.get("recurrence") else None,
        "reminders": [{"at": reminder.isoformat()}] if reminder else [],
        "completed_at": iso(completed),
        "created_at": task.get("createdDateTime"),
    }
    status = task.get("status")
    return cells, {"status": status if status in ("waitingOnOthers", "deferred") else ""}


def _project(of_list: dict[str, Any]) -> dict[str, Any] | None:
    if of_list.get("wellknownListName") == "defaultList":
        return None
    return project_of(of_list.get("displayName"), of_list.get("id"))


def _text(body: dict[str, Any]) -> str:
    content = body.get("content") or ""
    return as_markdown(content) if str(body.get("contentType")).lower() == "html" else content


def _moment(value: dict[str, str] | None) -> datetime | None:
    """A dateTimeTimeZone: a local time in a zone of Windows or of IANA."""
    if not value:
        return None
    name = value.get("timeZone") or "UTC"
    zone = WINDOWS_TO_OLSON.get(name, name)
    if zone not in time_zones():
        raise BadValue(_("There is no time zone named %(name)s.") % {"name": name[:100]}, "unknown_zone")
    return datetime.fromisoformat(value["dateTime"][:26]).replace(tzinfo=ZoneInfo(zone))


def _due(due: datetime | None) -> dict[str, Any]:
    """A day: the one that it is at midnight; otherwise the one that it is where the importer is."""
    if due is None:
        return {}
    if due.time() == time():
        return {"due_date": due.date().isoformat()}
    return {"due_at": due.astimezone(UTC).isoformat(), "all_day": "always"}


def _rule(recurrence: dict[str, Any]) -> str:
    """The rule of a patternedRecurrence."""
    pattern, ends = recurrence["pattern"], recurrence.get("range") or {}
    kind = pattern["type"]
    days = [day[:2].upper() for day in pattern.get("daysOfWeek") or []]
    parts = {
        "FREQ": FREQUENCIES[kind.removeprefix("absolute").removeprefix("relative")],
        "INTERVAL": int(pattern.get("interval") or 1),
    }
    if kind.endswith("Yearly") and pattern.get("month"):
        parts["BYMONTH"] = int(pattern["month"])
    if kind.startswith("absolute") and pattern.get("dayOfMonth"):
        parts["BYMONTHDAY"] = int(pattern["dayOfMonth"])
    if days and kind != "daily":
        parts["BYDAY"] = ",".join(days)
    if days and kind.startswith("relative"):
        parts["BYSETPOS"] = PLACES[pattern.get("index") or "first"]
    if days and kind == "weekly" and pattern.get("firstDayOfWeek"):
        parts["WKST"] = pattern["firstDayOfWeek"][:2].upper()
    if ends.get("type") == "endDate":
        parts["UNTIL"] = ends["endDate"].replace("-", "")
    if ends.get("type") == "numbered":
        parts["COUNT"] = int(ends["numberOfOccurrences"])
    return ";".join(f"{name}={value}" for name, value in parts.items())
