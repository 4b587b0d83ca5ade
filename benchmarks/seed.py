"""Many people and many tasks, believable in shape, as fast as the database takes them."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

from django.core.management.color import no_style
from django.db import connection, models, transaction
from rich.console import Console
from rich.progress import Progress

from benchmarks import shape
from taskbell.accounts.models import Profile, User
from taskbell.projects.models import Membership, Project
from taskbell.reminders.models import Reminder
from taskbell.tasks.models import Category, Prerequisite, SearchText, Task
from taskbell.tasks.search_text import search_text_of

CHUNK_ROWS = 10_000
Model = type[models.Model]
Field = Any
Row = Sequence[Any]


def seed(tasks: int, *, people: int, now: datetime) -> None:
    """Fills an empty database: `shape.MANAGER` sees all of it, `shape.BUSY` is a member with many tasks."""
    seed_people(people, now=now)
    seed_tasks(tasks, people=people, now=now)
    due = Task.objects.exclude(due_at=None).values_list("pk", "created_by", "due_at").iterator()
    load(Reminder, shape.REMINDER_COLUMNS, list(shape.reminders(due, now=now)))
    load(Prerequisite, ("task", "needs"), list(shape.prerequisites(tasks)))
    settle()


def seed_people(count: int, *, now: datetime) -> None:
    """People with profiles, numbered from 1, their shared projects, and the categories."""
    people = [User(id=number, **shape.person(number)) for number in range(1, count + 1)]
    User.objects.bulk_create(people)
    Profile.objects.bulk_create(Profile(user=person, timezone=shape.ZONES[0]) for person in people)
    Category.objects.bulk_create(
        Category(id=number, name=name, key=name.lower(), created_by_id=1, created_at=now)
        for number, name in enumerate(shape.CATEGORIES, start=1)
    )
    seed_projects(shape.teams(count), now=now)


def seed_projects(teams: Iterable[shape.Team], *, now: datetime) -> None:
    """A project for each team, in the order of their numbers, with its members."""
    moments = {"created_at": now, "updated_at": now}
    rows = [(team, Project(name=f"Project {team.number}", created_by_id=team.members[0], **moments)) for team in teams]
    Project.objects.bulk_create(project for _, project in rows)
    Membership.objects.bulk_create(
        Membership(project=project, person_id=member, role=role, added_at=now)
        for team, project in rows
        for member, role in team.roles()
    )


def seed_tasks(count: int, *, people: int, now: datetime) -> None:
    """Tasks, half of them in shared projects, and what the search finds them by."""
    load_tasks(shape.tasks(count, people=people, now=now, shared=shape.teams(people)), total=count)
    load_search_texts()


def load_search_texts() -> None:
    """What the search finds the tasks by."""
    texts = Task.objects.order_by("pk").values_list("pk", "title", "description").iterator(CHUNK_ROWS)
    load(SearchText, ("task", "text"), [(pk, search_text_of(*words)) for pk, *words in texts])


def load_tasks(rows: Iterable[Row], *, total: int | None = None) -> None:
    """Writes tasks as `shape.COLUMNS` has them, those without a team into the Inbox of their creator."""
    inboxes = dict(Project.objects.exclude(inbox_of=None).values_list("inbox_of", "pk"))
    shared = [0, *Project.objects.filter(inbox_of=None).order_by("pk").values_list("pk", flat=True)]
    creator = shape.COLUMNS.index("created_by")
    placed = ((*row, shared[team] if team else inboxes[row[creator]]) for *row, team in rows)
    load(Task, shape.COLUMNS, placed, total=total)


def load(model: Model, names: Sequence[str], rows: Iterable[Row], *, total: int | None = None) -> None:
    """Writes rows under the names of their fields, by COPY where there is one, and shows how far it is.

    Fields that are not named have their defaults.
    """
    others = [field for field in model._meta.concrete_fields if field.name not in {"id", *names}]
    defaults = tuple(_stored(field, field.get_default()) for field in others)
    fields = [*(model._meta.get_field(name) for name in names), *others]
    if isinstance(rows, list):
        total = len(rows)
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as progress, transaction.atomic():
        counted = progress.track(rows, total=total, description=str(model._meta.verbose_name_plural))
        write = _copy if connection.vendor == "postgresql" else _insert
        write(model._meta.db_table, fields, ((*row, *defaults) for row in counted))


def link_chain(length: int) -> None:
    """Task 1 waits for task 2, which waits for task 3, and so on."""
    load(Prerequisite, ("task", "needs"), [(number, number + 1) for number in range(1, length + 1)])


def settle() -> None:
    """Numbers go on after those that were given, and the planner knows the tables."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [User, Category, Task, Reminder, Prerequisite]):
            cursor.execute(statement)
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "PRAGMA optimize")


def _copy(table: str, fields: Sequence[Field], rows: Iterable[Row]) -> None:
    columns = ", ".join(field.column for field in fields)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _insert(table: str, fields: Sequence[Field], rows: Iterable[Row]) -> None:
    columns, marks = ", ".join(field.column for field in fields), ", ".join(["%s"] * len(fields))
    statement = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 - names of our own models
    stored = (tuple(map(_stored, fields, row)) for row in rows)
    with connection.cursor() as cursor:
        while batch := list(islice(stored, CHUNK_ROWS)):
            cursor.executemany(statement, batch)


def _stored(field: Field, value: Any) -> Any:
    """The value as the database takes it; most it takes as they are."""
    return field.get_db_prep_save(value, connection) if isinstance(value, date | time | timedelta) else value
