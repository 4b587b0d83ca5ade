"""Tasks of Taskwarrior, as `task export` writes them: https://taskwarrior.org/docs/design/task/."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import IO, Any

from django.utils.translation import gettext_noop

from taskbell.transfer.foreign import (
    LENIENT,
    MAX_ROWS,
    Program,
    Read,
    comment_of,
    deleted_there,
    iso,
    project_of,
    rule_of,
    too_many_tasks,
)
from taskbell.transfer.reading import Notice, Row, json_values

STAGES = {"pending": "PENDING", "waiting": "PENDING", "recurring": "PENDING", "completed": "COMPLETED"}
PRIORITIES = {"": "MEDIUM", "H": "HIGH", "M": "MEDIUM", "L": "LOW"}
CARRIED = (
    *("uuid", "description", "status", "due", "entry", "end", "start", "project", "priority", "depends", "recur"),
    *("annotations", "tags"),
)
BOOKKEEPING = ("id", "urgency", "modified", "mask", "imask", "rtype", "parent", "last", "template")
WARRIOR = Program(
    "taskwarrior",
    gettext_noop("Must be a task as Taskwarrior exports it."),
    (*CARRIED, *BOOKKEEPING),
    key="uuid",
    lenient=LENIENT | {"priority"},
)
RULES = {
    "daily": "FREQ=DAILY",
    "day": "FREQ=DAILY",
    "weekdays": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    "weekly": "FREQ=WEEKLY",
    "sennight": "FREQ=WEEKLY",
    "biweekly": "FREQ=WEEKLY;INTERVAL=2",
    "fortnight": "FREQ=WEEKLY;INTERVAL=2",
    "monthly": "FREQ=MONTHLY",
    "bimonthly": "FREQ=MONTHLY;INTERVAL=2",
    "quarterly": "FREQ=MONTHLY;INTERVAL=3",
    "semiannual": "FREQ=MONTHLY;INTERVAL=6",
    "annual": "FREQ=YEARLY",
    "yearly": "FREQ=YEARLY",
    "biannual": "FREQ=YEARLY;INTERVAL=2",
    "biyearly": "FREQ=YEARLY;INTERVAL=2",
}
PERIOD = re.compile(r"p?(\d*) ?(d|w|m|q|y|days?|wks?|weeks?|mo|mths?|months?|qtrs?|quarters?|yrs?|years?)")
# In a month that lacks the day, Taskwarrior takes the last one.
SKIP = "BACKWARD"
UNITS = {"d": ("DAILY", 1), "w": ("WEEKLY", 1), "m": ("MONTHLY", 1), "q": ("MONTHLY", 3), "y": ("YEARLY", 1)}


def taskwarrior_rows(stream: IO[bytes]) -> Iterator[Row | Notice]:
    """All tasks except deleted ones. Of a recurring task, the last pending occurrence has the rule."""
    tasks: list[tuple[int, Any]] = []
    for line, task in json_values(stream):
        tasks.append((line, task))
        if len(tasks) > MAX_ROWS:
            raise too_many_tasks(line)
    last = _last_occurrences(tasks)
    for line, task in tasks:
        if isinstance(task, dict) and task.get("status") == "deleted":
            yield deleted_there(line, "status", task)
        elif not isinstance(task, dict) or not (task.get("status") == "recurring" and str(task.get("uuid")) in last):
            yield WARRIOR.row(line, task, _read, last)


def _last_occurrences(tasks: list[tuple[int, Any]]) -> dict[str, str]:
    """The pending occurrence with the highest number, by the recurring task that it comes from."""
    found: dict[str, tuple[float, str]] = {}
    for _line, task in tasks:
        if isinstance(task, dict) and task.get("parent") and task.get("status") in ("pending", "waiting"):
            number = task.get("imask")
            place = (float(number) if isinstance(number, int | float) else 0.0, str(task.get("uuid")))
            parent = str(task["parent"])
            found[parent] = max(found.get(parent, place), place)
    return {parent: uuid for parent, (_, uuid) in found.items()}


def _read(task: dict[str, Any], last: dict[str, str]) -> Read:
    repeats = task.get("status") == "recurring" or last.get(str(task.get("parent"))) == task["uuid"]
    needs = task.get("depends") or []
    status, due = task["status"], _instant(task.get("due"))
    cells = {
        "title": task["description"],
        "stage": "IN_PROGRESS" if task.get("start") and status == "pending" else STAGES[status],
        "priority": PRIORITIES.get(task.get("priority") or "", task.get("priority")),
        "project": project_of(task.get("project")),
        "labels": task.get("tags"),
        "due_at": iso(due),
        "all_day": "at midnight",
        "recurrence": rule_of(_rule(task["recur"]), due, skip=SKIP) if repeats and task.get("recur") else None,
        "pre_tasks": needs.split(",") if isinstance(needs, str) else needs,
        "completed_at": iso(_instant(task.get("end"))) if status == "completed" else None,
        "comments": [_comment(one) for one in task.get("annotations") or []],
        "created_at": iso(_instant(task.get("entry"))),
    }
    return cells, {}


def _comment(annotation: dict[str, Any]) -> dict[str, Any]:
    return comment_of(annotation.get("description"), iso(_instant(annotation.get("entry"))))


def _instant(text: str | None) -> datetime | None:
    """An instant such as 20270331T090000Z."""
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) if text else None


def _rule(recur: str) -> str:
    """The rule. A period that no rule has stays as it is, so that it becomes a notice."""
    name = recur.strip().lower()
    period = PERIOD.fullmatch(name)
    if name in RULES or not period:
        return RULES.get(name, recur)
    freq, unit = UNITS[period[2][0]]
    return f"FREQ={freq};INTERVAL={int(period[1] or 1) * unit}"
