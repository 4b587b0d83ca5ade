"""Writes the tasks of the staged rows, with everything that belongs to them, by a few statements."""

from datetime import datetime

from django.utils.translation import gettext as _

from taskbell.accounts.models import User
from taskbell.activity.actions import record_from
from taskbell.common.errors import Conflict
from taskbell.common.loading import insert_from, json_array, json_object, json_value
from taskbell.common.sql import execute, fetch
from taskbell.reminders.models import Reminder
from taskbell.tasks.assignees import lock_assignees
from taskbell.tasks.kinds import OPEN_STAGES, OVERDUE, Priority
from taskbell.tasks.models import Prerequisite, SearchText, Task
from taskbell.transfer.checking import REMINDER_FIELDS, Checker
from taskbell.transfer.staged_comments import insert_comments
from taskbell.transfer.staged_labels import insert_labels
from taskbell.transfer.staged_projects import lock_placement
from taskbell.transfer.staging import HAS_ONE_WRITER, IS_NEW, LINKED, PROJECT_OF, give_ids, last_id, load_categories

LOCKED_AT_ONCE = 1000  # people
# Columns that a task has as the staged row has them.
COPIED = (
    *("title", "title_sort", "description", "stage", "priority"),
    *("due_date", "due_time", "timezone", "due_at", "is_overdue"),
    *("recurrence", "recurrence_from", "occurrence", "anchor_date", "planned_date", "planned_time"),
    *("assigned_to_id", "created_by_id", "completed_at", "created_at", "source", "source_id"),
)
WITH_ALL = f"""
staged_task task LEFT JOIN staged_category category ON category.number = task.category
LEFT JOIN staged_project project ON project.number = task.project
LEFT JOIN (SELECT series, MIN(id) AS first FROM staged_task task WHERE series IS NOT NULL AND {IS_NEW} GROUP BY series)
begun ON begun.series = task.series
"""  # noqa: S608 - names of our own
INBOX = "(SELECT id FROM projects_project WHERE inbox_of_id = task.created_by_id)"
PRIORITY_NAMES = " ".join(f"WHEN {one.value} THEN '{one.name}'" for one in Priority)
# What history says about a new task, as `history.snapshot` does for a task that somebody creates by hand.
SNAPSHOT = {
    **{name: f"task.{name}" for name in ("title", "description", "stage", "due_date", "due_time", "timezone")},
    "status": f"CASE WHEN task.is_overdue THEN '{OVERDUE}' ELSE task.stage END",
    "priority": f"CASE task.priority {PRIORITY_NAMES} END",
    "project": "task.project_id",
    "category": "task.category_id",
    "assigned_to": "task.assigned_to_id",
    "recurrence": "NULLIF(task.recurrence, '')",
    "recurrence_from": "task.recurrence_from",
}


def write(checker: Checker, *, known_too: bool) -> None:
    """Creates tasks from good rows without a task, with all that belongs to them, and their history. Raises Conflict.

    It creates the categories of these rows; with `known_too`, those of rows that have a task as well. Their projects
    and labels are there already.
    """
    if _without_assignees_who_left(IS_NEW):
        raise Conflict(_("Can't import this file now, because one of its assignees has just left. Try again."))
    if not lock_placement(checker.by, IS_NEW):
        raise Conflict(_("Can't import this file now, because one of its projects has just changed. Try again."))
    load_categories(checker.categories, "NOT task.is_bad" if known_too else IS_NEW, by=checker.by, now=checker.now)
    if HAS_ONE_WRITER:  # no id is taken meanwhile
        give_ids(last_id())
    _write(IS_NEW, by=checker.by, now=checker.now)


def write_turns(checker: Checker, after: int, upto: int) -> None:
    """The same for the rows of these turns, which have ids. Tasks of people who have left are assigned to nobody."""
    turns = f"task.turn > {after} AND task.turn <= {upto}"
    new = f"{IS_NEW} AND {turns}"
    _without_assignees_who_left(new)
    lock_placement(checker.by, new)
    load_categories(checker.categories, new, by=checker.by, now=checker.now)
    # Found by their numbers: joined, SQLite would read all links and reminders for each batch.
    among = "AND {}.number IN " + f"(SELECT number FROM staged_task task WHERE {turns})"  # noqa: S608 - numbers
    _write(new, among, by=checker.by, now=checker.now)


def _without_assignees_who_left(new: str) -> set[int]:
    """Nobody who is assigned an open task leaves before it is written. Those who have left lose theirs."""
    marks = ", ".join(["%s"] * len(OPEN_STAGES))
    query = f"SELECT DISTINCT assigned_to_id FROM staged_task task WHERE {new} AND stage IN ({marks})"  # noqa: S608
    left = set[int]()
    assignees = sorted(pk for (pk,) in fetch(query, list(OPEN_STAGES)) if pk is not None)
    for begin in range(0, len(assignees), LOCKED_AT_ONCE):
        some = set(assignees[begin : begin + LOCKED_AT_ONCE])
        left |= some - lock_assignees(some)
    if left:
        theirs = f"assigned_to_id IN ({', '.join(map(str, left))}) AND stage IN ({marks})"
        execute(f"UPDATE staged_task SET assigned_to_id = NULL WHERE {theirs}", list(OPEN_STAGES))  # noqa: S608 - ours
    return left


def _write(new: str, among: str = "", *, by: User, now: datetime) -> None:
    """Writes the new rows with their history. `among` limits links and reminders."""
    own = "CASE WHEN task.recurrence <> '' THEN task.id END"
    values = {name: f"task.{name}" for name in ("id", *COPIED)} | {
        "project_id": f"COALESCE(project.id, {INBOX})",
        "category_id": "category.id",
        "series": f"COALESCE(begun.first, {own})",
    }
    insert_from(Task, values, f"{WITH_ALL} WHERE {new} ORDER BY task.id", given={"updated_at": now})
    text = {"task_id": "task.id", "text": "task.search_text"}
    insert_from(SearchText, text, f"staged_task task WHERE {new} ORDER BY task.id", given={})
    created = f"SELECT id FROM staged_task task WHERE {new}"  # noqa: S608 - names of our own
    source = f"tasks_task task WHERE task.id IN ({created}) ORDER BY task.id"
    values = {"task_id": "task.id", "project_id": "task.project_id", "new_value": json_object(SNAPSHOT)}
    record_from(source, values, "created", by=by, at=now)

    source = f"{LINKED} WHERE {new} {among.format('link')}"
    insert_from(Prerequisite, {"task_id": "task.id", "needs_id": "needed.id"}, source, given={})
    ordered = f"(SELECT task.id, needed.id AS needs FROM {source} ORDER BY task.id, needed.id) link"  # noqa: S608
    values = {"task_id": "link.id", "old_value": json_value("'[]'"), "new_value": json_array("link.needs")}
    values |= {"project_id": PROJECT_OF.format("link.id")}
    record_from(f"{ordered} GROUP BY link.id", values, "updated", by=by, at=now, field="pre_tasks")

    values = {name: f"reminder.{name}" for name in REMINDER_FIELDS} | {"task_id": "task.id"}
    reminders = "staged_reminder reminder JOIN staged_task task ON task.number = reminder.number"
    insert_from(Reminder, values, f"{reminders} WHERE {new} {among.format('reminder')}", given={"created_by_id": by.pk})
    shared = f"staged_task task WHERE task.words IS NOT NULL AND {new}"
    values = {"task_id": "task.id", "old_value": json_value("'[]'"), "new_value": json_value("task.words")}
    values |= {"project_id": PROJECT_OF.format("task.id")}
    record_from(shared, values, "updated", by=by, at=now, field="reminders")
    insert_labels(new, among, by=by, now=now)
    insert_comments(new, among, by=by, now=now)
