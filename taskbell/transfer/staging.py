"""Keeps the rows of a file until all of them are checked, in temporary tables that only this connection sees."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection

from taskbell.accounts.models import User
from taskbell.comments.models import Comment
from taskbell.common.errors import Conflict
from taskbell.common.loading import load_rows, temporary_table
from taskbell.common.sql import execute, fetch
from taskbell.common.text import folded, printable
from taskbell.projects.models import Membership, Project
from taskbell.reminders.models import Reminder
from taskbell.tasks.categories import create_category
from taskbell.tasks.label_models import TaskLabel
from taskbell.tasks.models import Category, Prerequisite, Task
from taskbell.tasks.quotas import QuotaReached
from taskbell.transfer.checking import REMINDER_FIELDS, Checked
from taskbell.transfer.comment_rows import COMMENT_COLUMNS
from taskbell.transfer.reading import Notice

HAS_ONE_WRITER = connection.vendor == "sqlite"
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
    "project": "id",
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
PROJECT_TABLE = {"number": "id", "id": "id", "name": "name", "is_archived": "archived_at IS NOT NULL"}
MEMBER_TABLE = {"project": "project_id", "person_id": "person_id", "role": "role"}
COMMENT_TABLE = {
    "number": "id",
    "place": "id",
    **{name: name for name in COMMENT_COLUMNS[2:-1]},
    "is_undated": "edited_at IS NULL",
}
IS_NEW = "NOT task.is_bad AND task.is_known IS NULL"
LINKED = (
    "staged_link link JOIN staged_task task ON task.number = link.number"
    " JOIN staged_task needed ON needed.file_id = link.needs"
)
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
        temporary_table("staged_project", PROJECT_TABLE, like=Project),
        temporary_table("staged_member", MEMBER_TABLE, like=Membership),
        temporary_table("staged_label", {"number": "task_id", "label": "label_id"}, like=TaskLabel),
        temporary_table("staged_label_id", {"number": "id", "id": "label_id", "place": "id"}, like=TaskLabel),
        temporary_table("staged_comment", COMMENT_TABLE, like=Comment),
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
    if labels := [(row.task[0], label) for row in batch for label in row.labels]:
        load_rows("staged_label", ("number", "label"), labels)
    if comments := [comment for row in batch for comment in row.comments]:
        load_rows("staged_comment", COMMENT_COLUMNS, comments)
    load_notices((row.task[0], notice) for row in batch for notice in row.notices)


def load_notices(notices: Iterable[tuple[int, Notice]]) -> None:
    """Loads notices, each with the number of its row; those about the whole file have 0."""
    rows = [(number, one.line, printable(one.field), printable(one.message)) for number, one in notices]
    if rows:
        load_rows("staged_notice", NOTICE_COLUMNS, rows)


def index() -> None:
    """Indexes the full tables."""
    numbered = ("task", "link", "reminder", "label", "comment")
    for table, column in (("task", "file_id"), *((table, "number") for table in numbered)):
        execute(f"CREATE INDEX staged_{table}_by_{column} ON staged_{table} ({column})")
        execute(f"ANALYZE staged_{table}")


def count_missing_categories(categories: dict[str, int], condition: str) -> int:
    """How many categories of these rows have to be created."""
    keys = set(map(folded, _used(categories, condition)))
    return len(keys) - Category.objects.filter(key__in=keys).count()


def _used(categories: dict[str, int], condition: str) -> dict[str, int]:
    used = set(fetch(f"SELECT DISTINCT category FROM staged_task task WHERE {condition}"))  # noqa: S608 - ours
    return {name: number for name, number in categories.items() if (number,) in used}


def load_categories(categories: dict[str, int], condition: str, *, by: User, now: datetime) -> None:
    """Loads the ids of the categories of the rows for which the condition holds. Missing ones are created."""
    numbers = _used(categories, condition)
    known = _categories(numbers, by=by, now=now)
    execute("DELETE FROM staged_category")
    load_rows("staged_category", ("number", "id"), [(number, known[folded(name)]) for name, number in numbers.items()])
    execute("ANALYZE staged_category")


def last_id() -> int:
    return int(fetch("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'tasks_task'")[0][0])


def give_ids(first: int) -> None:
    """Gives the new rows the ids after this one."""
    execute(f"UPDATE staged_task SET id = number + {first} WHERE is_known IS NULL")  # noqa: S608 - a number


def reserve_ids(rows: int) -> int:
    """The id below those that nobody else will take."""
    first = last_id()
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


def _categories(names: Iterable[str], *, by: User, now: datetime) -> dict[str, int]:
    """The ids of the categories by key. Missing ones are created."""
    keys: dict[str, str] = {}
    for name in names:
        keys.setdefault(folded(name), name)
    present = set(Category.objects.filter(key__in=keys).values_list("key", flat=True))
    for key in keys.keys() - present:
        try:
            create_category(keys[key], by=by, now=now)
        except QuotaReached:
            raise
        except Conflict:  # somebody else has created it meanwhile
            continue
    return dict(Category.objects.filter(key__in=keys).values_list("key", "pk"))
