"""Google Tasks: `Tasks.json` of Google Takeout, with resources as https://developers.google.com/tasks/reference."""

from collections.abc import Iterator
from typing import IO, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.transfer.fitting import shown
from taskbell.transfer.foreign import INBOX, Program, Read, blocked_by_children, deleted_there, one_value, project_of
from taskbell.transfer.reading import Notice, Row, Unreadable

STAGES = {"needsAction": "PENDING", "completed": "COMPLETED"}
CARRIED = ("id", "title", "notes", "status", "due", "completed", "created", "parent", "scheduled_time")
BOOKKEEPING = ("kind", "etag", "updated", "selfLink", "webViewLink", "position", "hidden", "task_type")
MIDNIGHT = "T00:00:00"
LISTS = ("tasks#taskList", "tasks#tasks")  # the kinds of lists, which may be empty
DEFAULT = (*INBOX, "my tasks")
GOOGLE = Program(
    "google-tasks", gettext_noop("Must be a task as Google exports it."), known=(*CARRIED, *BOOKKEEPING), column="items"
)


def google_rows(stream: IO[bytes]) -> Iterator[Row | Notice]:
    """The tasks of all lists. A list is a project, and a task is blocked by its subtasks."""
    line, file = one_value(stream)
    if not isinstance(file, dict) or not isinstance(file.get("items") or [], list):
        raise Unreadable(line, _("Must be Tasks.json from Google Takeout."))
    rows, parents = list[Row](), dict[str, str]()
    for one, task in _tasks(file):
        if isinstance(task, dict) and task.get("deleted"):
            yield deleted_there(line, "deleted", task)
            continue
        row = GOOGLE.row(line, task, _read, one)
        rows.append(row)
        if row.error is None and task.get("parent"):
            parents[row.source_id] = shown(task["parent"])
    yield from blocked_by_children(rows, parents)


def _tasks(file: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Any]]:
    """Each task with its list. One list alone is also a file."""
    for one in file.get("items") or []:
        if isinstance(one, dict) and isinstance(one.get("items"), list):
            yield from ((one, task) for task in one["items"])
        elif not isinstance(one, dict) or one.get("kind") not in LISTS:
            yield file, one


def _read(task: dict[str, Any], of_list: dict[str, Any]) -> Read:
    due = task.get("due")
    times = [one["start"] for one in task.get("scheduled_time") or [] if one.get("current") and one.get("start")]
    times = [time for time in times if not (due and due[:10] == time[:10] and MIDNIGHT in time)]  # a day alone
    cells = {
        "title": task.get("title"),
        "description": task.get("notes"),
        "stage": STAGES[task.get("status") or "needsAction"],
        "project": project_of(of_list.get("title"), of_list.get("id"), inbox=DEFAULT),
        "due_date": due[:10] if due and not times else None,  # a date: "the time portion is discarded"
        "due_at": times[0] if times else None,
        "completed_at": task.get("completed"),
        "created_at": task.get("created"),
    }
    return cells, {}
