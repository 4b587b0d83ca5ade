"""Projects of Vikunja: `data.json` of its export of a user's data."""

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import IO, Any

from taskbell.common.text import printable
from taskbell.transfer.reading import Row, json_values

MAX_PROJECT_CHARACTERS = 64 * 1024 * 1024
NEVER = "0001-01-01"
PRIORITIES = {0: "MEDIUM", 1: "LOW", 2: "MEDIUM", 3: "HIGH", 4: "URGENT", 5: "URGENT"}
BLOCKED_BY = ("subtask", "blocked")
DAY = 24 * 3600
EVERY_MONTH, FROM_NOW = 1, 2  # its repeat modes
BREAK, TAG = re.compile(r"<br\s*/?>|</p>|</li>"), re.compile(r"<[^>]+>")


def vikunja_rows(stream: IO[bytes]) -> Iterator[Row]:
    """The tasks of every project. The category is the first label, or else the project.

    The whole file is one line, so errors name the task.
    """
    for line, project in json_values(stream, longest=MAX_PROJECT_CHARACTERS):
        if not isinstance(project, dict) or not isinstance(project.get("tasks") or [], list):
            yield Row.wrong(line, "tasks", "invalid", "Must be a project as Vikunja exports it.")
            continue
        for task in project.get("tasks") or []:
            called = _called(task)
            try:
                yield Row(line, _cells(task, project), called=called)
            except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
                yield Row.wrong(line, "tasks", "invalid", "Must be a task as Vikunja exports it.", called=called)


def _called(task: Any) -> str:
    """The id and the title, if it has them."""
    if not isinstance(task, dict):
        return f"Task {task!r:.100}"
    return printable(f"Task {task.get('id')!r:.20} ({task.get('title', 'no title')!s:.100})")


def _cells(task: dict[str, Any], project: dict[str, Any]) -> dict[str, Any]:
    due, related = _moment(task.get("due_date")), task.get("related_tasks") or {}
    labels, assignees = task.get("labels") or [], task.get("assignees") or []
    stage = "COMPLETED" if task.get("done") else "IN_PROGRESS" if task.get("percent_done") else "PENDING"
    return {
        "id": task["id"],
        "title": task["title"],
        "description": _plain(task.get("description") or ""),
        "stage": stage,
        "priority": PRIORITIES.get(task.get("priority") or 0, task.get("priority")),
        "category": labels[0]["title"] if labels else project.get("title"),
        "due_date": due and due.date().isoformat(),
        "due_time": due and due.time().isoformat(),
        "timezone": "UTC" if due else None,
        "assigned_to": assignees[0]["username"] if assignees else None,
        "pre_tasks": [other["id"] for kind in BLOCKED_BY for other in related.get(kind) or []],
        "reminders": [found for reminder in task.get("reminders") or [] if (found := _reminder(reminder))],
        **_repeats(task),
        "completed_at": _text(_moment(task.get("done_at"))) if task.get("done") else None,
        "created_at": _text(_moment(task.get("created"))),
    }


def _moment(text: Any) -> datetime | None:
    if not text or text.startswith(NEVER):
        return None
    return datetime.fromisoformat(text).astimezone(UTC)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _plain(text: str) -> str:
    """The text of a description, which Vikunja stores as HTML."""
    return html.unescape(TAG.sub("", BREAK.sub("\n", text))).strip() if "<" in text else text


def _reminder(reminder: dict[str, Any]) -> dict[str, Any] | None:
    period = reminder.get("relative_period") or 0
    if reminder.get("relative_to") == "due_date" and period <= 0:
        return {"before_due": f"PT{-period}S"}
    moment = _moment(reminder.get("reminder"))
    return None if moment is None else {"at": moment.isoformat()}


def _repeats(task: dict[str, Any]) -> dict[str, Any]:
    """The rule. One that repeats more often than daily stays as words, so that the column refuses it."""
    seconds, mode = task.get("repeat_after") or 0, task.get("repeat_mode") or 0
    basis = "completion" if mode == FROM_NOW else None
    if mode == EVERY_MONTH:
        return {"recurrence": "FREQ=MONTHLY"}
    if not seconds:
        return {}
    days, rest = divmod(seconds, DAY)
    rule = f"every {timedelta(seconds=seconds)}" if rest else f"FREQ=DAILY;INTERVAL={days}"
    return {"recurrence": rule, "recurrence_from": basis}
