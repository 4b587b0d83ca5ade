"""Sample people and tasks, for trying things out. The email addresses are at example.org, so no one gets email."""

import random
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from rich.console import Console
from rich.progress import track

from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.activity.actions import Entry, record_entries
from taskbell.common.clock import utc_now
from taskbell.common.text import folded
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import schedule
from taskbell.runtime.preparation import migrate_database
from taskbell.tasks.history import snapshot
from taskbell.tasks.kinds import Priority, Stage
from taskbell.tasks.models import Category, Prerequisite, Task
from taskbell.tasks.search_text import keep_search_text

PEOPLE = [
    ("ada", "Ada", "Okafor", Role.ADMIN),
    ("mia", "Mia", "Lindqvist", Role.MANAGER),
    ("bo", "Bo", "Tanaka", Role.MEMBER),
    ("cy", "Cy", "Moreau", Role.MEMBER),
    ("dana", "Dana", "Petrov", Role.MEMBER),
    ("eli", "Eli", "Haddad", Role.MEMBER),
    ("fay", "Fay", "Nguyen", Role.MEMBER),
    ("ivo", "Ivo", "Santos", Role.INTERN),
]
CATEGORIES = ["Garden", "Office", "Website", "Finance", "Events", "Support"]
VERBS = ["Order", "Check", "Repair", "Plan", "Write down", "Send", "Review", "Clean", "Renew", "Call about"]
THINGS = [
    *("the seedlings", "the greenhouse roof", "last month's invoices", "the summer party", "the newsletter"),
    *("the backup plan", "the printer contract", "the landing page", "the photo archive", "the delivery from Lyon"),
    *("the price list", "the meeting room", "the tax papers", "the watering timer", "the job posting"),
]
STAGES = [Stage.PENDING] * 5 + [Stage.IN_PROGRESS] * 3 + [Stage.COMPLETED] * 4 + [Stage.ARCHIVED]
CHUNK_ROWS = 1000


def fill(tasks: int) -> None:
    """Adds the sample people, if missing, and `tasks` tasks; prints how to sign in."""
    console, chance, now = Console(), random.Random(), utc_now()  # noqa: S311 - sample data
    migrate_database()
    password = secrets.token_urlsafe(12)
    people = _people(password)
    categories = _categories(people[0], now)
    sizes = [CHUNK_ROWS] * (tasks // CHUNK_ROWS) + [tasks % CHUNK_ROWS] * bool(tasks % CHUNK_ROWS)
    for size in track(sizes, description=f"{tasks} tasks", console=console):
        _add_tasks(size, people, categories, chance=chance, now=now)
    console.print(f"\n  {len(people)} people: {', '.join(person.username for person in people)}.")
    console.print(f"  They all have the password  [bold]{password}[/bold]\n")


@transaction.atomic
def _people(password: str) -> list[User]:
    people = []
    for username, first, last, role in PEOPLE:
        email = f"{username}@example.org"
        person = User.objects.filter(email=email).first() or User.objects.create_person(
            username=username, email=email, password=password, first_name=first, last_name=last, role=role
        )
        person.set_password(password)
        person.save(update_fields=["password"])
        people.append(person)
    return people


@transaction.atomic
def _categories(by: User, now: datetime) -> list[Category]:
    rows = [Category(name=name, key=folded(name), created_by=by, created_at=now) for name in CATEGORIES]
    Category.objects.bulk_create(rows, ignore_conflicts=True)
    return list(Category.objects.filter(key__in=[row.key for row in rows]))


@transaction.atomic
def _add_tasks(
    size: int, people: Sequence[User], categories: Sequence[Category], *, chance: random.Random, now: datetime
) -> None:
    tasks = Task.objects.bulk_create(_task(people, categories, chance=chance, now=now) for _ in range(size))
    for task in tasks:
        keep_search_text(task)
    record_entries(Entry(task, "created", task.created_by, task.created_at, new=snapshot(task)) for task in tasks)
    still_open = [task for task in tasks if task.is_open]
    pairs = zip(still_open[::7], still_open[1::7], strict=False)
    Prerequisite.objects.bulk_create(Prerequisite(task=task, needs=needs) for task, needs in pairs)
    Reminder.objects.bulk_create(_reminders(still_open[::5], now=now))


def _reminders(tasks: Sequence[Task], *, now: datetime) -> Iterator[Reminder]:
    for task in tasks:
        if task.due_at is not None and (at := task.due_at - timedelta(hours=24)) > now:
            reminder = Reminder(task=task, created_by=task.created_by, at=at)
            schedule(reminder, task, now=now)
            yield reminder


def _task(people: Sequence[User], categories: Sequence[Category], *, chance: random.Random, now: datetime) -> Task:
    creator = chance.choice([person for person in people if person.role != Role.INTERN])
    created_at = now - timedelta(days=chance.uniform(0, 90))
    stage = chance.choice(STAGES)
    due_on = (now + timedelta(days=chance.randint(1, 45))).date() if chance.random() < 0.7 else None
    task = Task(
        title=f"{chance.choice(VERBS)} {chance.choice(THINGS)}",
        stage=stage,
        priority=chance.choices(Priority.values, weights=[3, 5, 3, 1])[0],
        category=chance.choice([*categories, None]),
        due_date=due_on,
        timezone=creator.profile.timezone,
        assigned_to=chance.choice([*people, None]),
        created_by=creator,
        project=creator.inbox,
        created_at=created_at,
        updated_at=created_at,
        completed_at=created_at + timedelta(days=chance.uniform(0, 10)) if stage == Stage.COMPLETED else None,
    )
    task.due_at = task.compute_due_at()
    return task
