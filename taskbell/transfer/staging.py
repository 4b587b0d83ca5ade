"""Keeps the rows of a file until all of them are checked, in temporary tables that only this connection sees."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from django.db import connection

from taskbell.accounts.models import User
from taskbell.activity.actions import record_from
from taskbell.common.errors import Conflict
from taskbell.common.loading import insert_from, json_array, json_object, json_value, load_rows, temporary_table
from taskbell.common.sql import execute, fetch
from taskbell.common.text import folded, printable
from taskbell.reminders.models import Reminder
from taskbell.tasks.assignees import lock_assignees
from taskbell.tasks.categories import create_category
from taskbell.tasks.kinds import OPEN_STAGES, OVERDUE, Priority
from taskbell.tasks.models import Category, Prerequisite, SearchText, Task
from taskbell.transfer.checking import REMINDER_FIELDS, Checked
from taskbell.transfer.reading import Notice

HAS_ONE_WRITER = connection.vendor == "sqlite"
LOCKED_AT_ONCE = 1000  # people
# Columns that a task has as the staged row has them.
COPIED = (
    *("title", "title_sort", "description", "stage", "priority"),
    *("due_date", "due_time", "timezone", "due_at", "is_overdue"),
    *("recurrence", "recurrence_from", "occurrence", "anchor_date", "planned_date", "planned_time"),
    *("assigned_to_id", "created_by_id", "completed_at", "created_at", "source", "source_id"),
)
TASK_TABLE = {
    "number": "id",
    "line": "id",
    "file_id": "id",
    "is_bad": "is_overdue",
    **{name: name for name in ("title", "description", "stage", "priority")},
    "category": "category_id",
    **{name: name for name in ("due_date", "due_time", "timezone", "due_at", "is_overdue")},
    **{name: name for name in ("recurrence", "recurrence_from", "series", "occurrence", "anchor_date")},
    **{name: name for name in ("planned_date", "planned_time")},
    **{name: name for name in ("assigned_to_id", "created_by_id", "completed_at", "created_at")},
    "words": "description",
    "called": "description",
    "title_sort": "title_sort",
    "search_text": "description",
    **{name: name for name in ("source", "source_id")},
    "own_id": "id",
    "cells": "description",
    "is_known": "is_overdue",
    "id": "id",
    "turn": "id",
}
TASK_COLUMNS = tuple(TASK_TABLE)[:-3]  # the database finds known tasks, and gives ids and turns to the others
LINK_TABLE = {"number": "task_id", "needs": "needs_id", "named": "NULL"}
LINK_COLUMNS = tuple(LINK_TABLE)
REMINDER_COLUMNS = ("number", *REMINDER_FIELDS)
ERROR_TABLE = {"number": "id", "line": "id", **dict.fromkeys(("field", "code", "message"), "description")}
ERROR_COLUMNS = tuple(ERROR_TABLE)
NOTICE_TABLE = {"number": "id", "line": "id", **dict.fromkeys(("field", "message"), "description")}
NOTICE_COLUMNS = tuple(NOTICE_TABLE)
IS_NEW = "NOT task.is_bad AND task.is_known IS NULL"
LINKED = (
    "staged_link link JOIN staged_task task ON task.number = link.number"
    " JOIN staged_task needed ON needed.file_id = link.needs"
)
WITH_ALL = f"""
staged_task task LEFT JOIN staged_category category ON category.number = task.category
LEFT JOIN (SELECT series, MIN(id) AS first FROM staged_task task WHERE series IS NOT NULL AND {IS_NEW} GROUP BY series)
begun ON begun.series = task.series
"""  # noqa: S608 - names of our own
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


PROJECT_OF = "(SELECT project_id FROM tasks_task WHERE id = {})"


@contextmanager
def staged() -> Iterator[None]:
    """Creates the tables for the block."""
    reminder = {name: name for name in REMINDER_COLUMNS} | {"number": "id"}
    with (
        temporary_table("staged_task", TASK_TABLE, like=Task),
        temporary_table("staged_link", LINK_TABLE, like=Prerequisite),
        temporary_table("staged_reminder", reminder, like=Reminder),
        temporary_table("staged_error", ERROR_TABLE, like=Task),
        temporary_table("staged_notice", NOTICE_TABLE, like=Task),
        temporary_table("staged_category", {"number": "id", "id": "id"}, like=Category),
    ):
        if connection.vendor == "postgresql":
            # Ids of rows that are refused later stay unused.
            sequence = "nextval(pg_get_serial_sequence('tasks_task', 'id'))"
            execute(f"ALTER TABLE staged_task ALTER COLUMN id SET DEFAULT {sequence}")
        yield


def load(batch: list[Checked]) -> None:
    """Loads checked rows into the tables."""
    load_rows("staged_task", TASK_COLUMNS, (row.task for row in batch))
    links = [(row.task[0], needs, named and printable(named)) for row in batch for needs, named in row.needs]
    reminders = [reminder for row in batch for reminder in row.reminders]
    errors = [
        (row.task[0], error.line, printable(error.field), error.code, printable(error.message))
        for row in batch
        for error in row.errors
    ]
    if errors:
        load_rows("staged_error", ERROR_COLUMNS, errors)
    if links:
        load_rows("staged_link", LINK_COLUMNS, links)
    if reminders:
        load_rows("staged_reminder", REMINDER_COLUMNS, reminders)
    load_notices((row.task[0], notice) for row in batch for notice in row.notices)


def load_notices(notices: Iterable[tuple[int, Notice]]) -> None:
    """Loads notices, each with the number of its row; those about the whole file have 0."""
    rows = [(number, one.line, printable(one.field), printable(one.message)) for number, one in notices]
    if rows:
        load_rows("staged_notice", NOTICE_COLUMNS, rows)


def index() -> None:
    """Indexes the full tables."""
    for table, column in (("task", "file_id"), ("task", "number"), ("link", "number"), ("reminder", "number")):
        execute(f"CREATE INDEX staged_{table}_by_{column} ON staged_{table} ({column})")
        execute(f"ANALYZE staged_{table}")


def write(categories: dict[str, int], *, known_too: bool, by: User, now: datetime) -> None:
    """Creates tasks from good rows without a task, with links, reminders and history. Raises Conflict.

    It creates the categories of these rows; with `known_too`, those of rows that have a task as well.
    """
    if _without_assignees_who_left(IS_NEW):
        raise Conflict("Can't import this file now, because one of its assignees has just left. Try again.")
    load_categories(categories, "NOT task.is_bad" if known_too else IS_NEW, by=by, now=now)
    if HAS_ONE_WRITER:  # no id is taken meanwhile
        give_ids(_last_id())
    _write(IS_NEW, by=by, now=now)


def write_turns(categories: dict[str, int], after: int, upto: int, *, by: User, now: datetime) -> None:
    """The same for the rows of these turns, which have ids. Tasks of people who have left are for nobody."""
    turns = f"task.turn > {after} AND task.turn <= {upto}"
    new = f"{IS_NEW} AND {turns}"
    _without_assignees_who_left(new)
    load_categories(categories, new, by=by, now=now)
    # Found by their numbers: joined, SQLite would read all links and reminders for each batch.
    _write(new, "AND {}.number IN " + f"(SELECT number FROM staged_task task WHERE {turns})", by=by, now=now)  # noqa: S608


def load_categories(categories: dict[str, int], condition: str, *, by: User, now: datetime) -> None:
    """Loads the ids of the categories of the rows for which the condition holds. Missing ones are created."""
    used = set(fetch(f"SELECT DISTINCT category FROM staged_task task WHERE {condition}"))  # noqa: S608 - ours
    numbers = {name: number for name, number in categories.items() if (number,) in used}
    known = _categories(numbers, by=by, now=now)
    execute("DELETE FROM staged_category")
    load_rows("staged_category", ("number", "id"), [(number, known[folded(name)]) for name, number in numbers.items()])
    execute("ANALYZE staged_category")


def _last_id() -> int:
    return int(fetch("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'tasks_task'")[0][0])


def give_ids(first: int) -> None:
    """Gives the new rows the ids after this one."""
    execute(f"UPDATE staged_task SET id = number + {first} WHERE is_known IS NULL")  # noqa: S608 - a number


def reserve_ids(rows: int) -> int:
    """The id below those that nobody else will take."""
    first = _last_id()
    execute(
        "INSERT INTO sqlite_sequence (name, seq) SELECT 'tasks_task', 0 WHERE NOT EXISTS"
        " (SELECT 1 FROM sqlite_sequence WHERE name = 'tasks_task')"
    )
    execute(f"UPDATE sqlite_sequence SET seq = {first + rows} WHERE name = 'tasks_task'")  # noqa: S608 - a number
    return first


def give_turns(ordered: Iterable[int] | None) -> None:
    """Gives each row its turn: its number, or its place among these numbers."""
    execute("CREATE INDEX staged_task_by_turn ON staged_task (turn)")
    execute("CREATE INDEX staged_task_by_series ON staged_task (series) WHERE series IS NOT NULL")
    if ordered is None:
        execute("UPDATE staged_task SET turn = number")
        return
    with temporary_table("staged_turn", {"number": "id", "turn": "id"}, like=Task):
        load_rows("staged_turn", ("number", "turn"), ((number, turn) for turn, number in enumerate(ordered, start=1)))
        execute(
            "UPDATE staged_task SET turn = given.turn FROM staged_turn given WHERE given.number = staged_task.number"
        )


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


def _categories(names: Iterable[str], *, by: User, now: datetime) -> dict[str, int]:
    """The ids of the categories by key. Missing ones are created."""
    keys: dict[str, str] = {}
    for name in names:
        keys.setdefault(folded(name), name)
    present = set(Category.objects.filter(key__in=keys).values_list("key", flat=True))
    for key in keys.keys() - present:
        with suppress(Conflict):  # somebody else has created it meanwhile
            create_category(keys[key], by=by, now=now)
    return dict(Category.objects.filter(key__in=keys).values_list("key", "pk"))


def _write(new: str, among: str = "", *, by: User, now: datetime) -> None:
    """Writes the new rows with their history. `among` limits links and reminders."""
    own = "CASE WHEN task.recurrence <> '' THEN task.id END"
    values = {name: f"task.{name}" for name in ("id", *COPIED)} | {
        "project_id": "(SELECT id FROM projects_project WHERE inbox_of_id = task.created_by_id)",
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
