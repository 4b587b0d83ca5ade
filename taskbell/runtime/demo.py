"""Sample people, projects and tasks, for trying things out.

The email addresses are at example.org, so no one gets email.
"""

import random
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db import transaction
from rich.console import Console
from rich.progress import track

from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.activity.actions import Entry, record_entries
from taskbell.activity.models import Subject, SubjectType
from taskbell.comments.models import Comment
from taskbell.comments.rendering import render
from taskbell.common.clock import utc_now
from taskbell.common.text import folded
from taskbell.config.language import gettext as _
from taskbell.config.language import ngettext
from taskbell.projects.models import Colour, Project, ProjectRole
from taskbell.reminders.models import Reminder
from taskbell.reminders.schedule import schedule
from taskbell.runtime.demo_story import SampleStory, story_of
from taskbell.runtime.demo_titles import TITLES
from taskbell.runtime.preparation import migrate_database
from taskbell.sharing.members import join
from taskbell.sharing.projects import create_project
from taskbell.tasks.history import snapshot
from taskbell.tasks.kinds import Priority, Stage
from taskbell.tasks.label_models import Label, TaskLabel
from taskbell.tasks.labels import labels_of
from taskbell.tasks.models import Category, Prerequisite, Task
from taskbell.tasks.patch import TaskPatch
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
# By name: the colour, the category of its tasks, and the members: an owner, editors, and a viewer.
PROJECTS = {
    "Spring planting": (Colour.GREEN, "Garden", ("ada", "bo", "fay", "ivo")),
    "New website": (Colour.BLUE, "Website", ("mia", "cy", "eli", "bo")),
    "Summer party": (Colour.AMBER, "Events", ("fay", "ada", "bo", "dana")),
}
OF_NO_PROJECT = ("Office", "Finance", "Support")
LABELS = ["outside", "quick win", "urgent", "waiting for others"]
COMMENTS = [
    "Ordered on Monday. They need **two weeks**.",
    "Can this wait until next month?",
    "I have started with it:\n\n- asked for three offers\n- called the office",
    "Finished, as far as I can tell. Who checks it?",
    "The file is on the shared drive, in `2026/plans`.",
]
STAGES = [Stage.PENDING] * 5 + [Stage.IN_PROGRESS] * 3 + [Stage.COMPLETED] * 4 + [Stage.ARCHIVED]
DUE_IN_DAYS = [0, 0, 1, 1, 2, 3, 4, 5, 7, 9, 12, 16, 21, 28, 45]
DUE_TIMES = [None, None, None, time(9), time(11, 30), time(15), time(17)]
PAST = timedelta(days=92)  # since the first project
CHUNK_ROWS = 1000


@dataclass(frozen=True)
class Place:
    """A project, the categories of its tasks, who creates them there, and whom they are assigned to."""

    project: Project
    categories: Sequence[str]
    editors: Sequence[User]
    people: Sequence[User]


def fill(tasks: int) -> None:
    """Adds the sample people, if missing, and `tasks` tasks; prints how to sign in."""
    console, chance, now = Console(), random.Random(), utc_now()  # noqa: S311 - sample data
    migrate_database()
    password = secrets.token_urlsafe(12)
    yesterday, begun = now - timedelta(days=1), (now - PAST).replace(hour=8)
    with transaction.atomic():
        people = _people(password)
        categories = _categories(people[0], begun)
        labels = list(labels_of([TaskPatch(labels=LABELS)], by=people[0], now=begun).values())
        places = _places(people, begun)
    sizes = [CHUNK_ROWS] * (tasks // CHUNK_ROWS) + [tasks % CHUNK_ROWS] * bool(tasks % CHUNK_ROWS)
    said = ngettext("%(n)d task", "%(n)d tasks", tasks) % {"n": tasks}
    span = (yesterday - begun - timedelta(days=1)) / max(len(sizes), 1)
    for number, size in enumerate(track(sizes, description=said, console=console)):
        until = yesterday - span * (len(sizes) - 1 - number)
        stories = [_story(chance, until - span, until) for _ in range(size)]
        _add_tasks(stories, places, categories, labels, chance=chance, now=now)
    console.print(
        "\n  "
        + _("%(n)d people: %(names)s.") % {"n": len(people), "names": ", ".join(person.username for person in people)}
    )
    console.print(
        "  " + _("They all have the password  %(password)s") % {"password": f"[bold]{password}[/bold]"} + "\n"
    )


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


def _categories(by: User, now: datetime) -> list[Category]:
    rows = [Category(name=name, key=folded(name), created_by=by, created_at=now) for name in TITLES]
    Category.objects.bulk_create(rows, ignore_conflicts=True)
    return list(Category.objects.filter(key__in=[row.key for row in rows]))


def _places(people: Sequence[User], now: datetime) -> list[Place]:
    """Everybody's Inbox, for tasks that may be assigned to anybody, and the projects."""
    by_name = {person.username: person for person in people}
    places = [Place(person.inbox, OF_NO_PROJECT, [person], people) for person in people if person.role != Role.INTERN]
    for name, (colour, category, usernames) in PROJECTS.items():
        owner, *others = (by_name[username] for username in usernames)
        project = Project.objects.filter(name=name, created_by=owner).first()
        if project is None:
            project = create_project({"name": name, "colour": colour}, by=owner, now=now)
            for person in others:
                role = ProjectRole.VIEWER if person is others[-1] else ProjectRole.EDITOR
                join(project, person, role, by=owner, now=now)
        places += [Place(project, [category], [owner, *others[:-1]], [owner, *others])] * 3
    return places


def _story(chance: random.Random, since: datetime, until: datetime) -> tuple[Stage, SampleStory]:
    stage, comments = chance.choice(STAGES), chance.choice([0, 0, 0, 1, 2])
    return stage, story_of(stage, comments, chance=chance, since=since, until=until)


@transaction.atomic
def _add_tasks(
    stories: Sequence[tuple[Stage, SampleStory]],
    places: Sequence[Place],
    categories: Sequence[Category],
    labels: Sequence[Label],
    *,
    chance: random.Random,
    now: datetime,
) -> None:
    tasks = Task.objects.bulk_create(
        _task(stage, story, chance.choice(places), categories, chance=chance, now=now) for stage, story in stories
    )
    for task in tasks:
        keep_search_text(task)
    chosen = {task.pk: chance.sample(labels, chance.choice([0, 0, 0, 1, 1, 2])) for task in tasks}
    TaskLabel.objects.bulk_create(TaskLabel(task_id=pk, label=label) for pk, some in chosen.items() for label in some)
    entries: list[Entry] = []
    for task, (_stage, story) in zip(tasks, stories, strict=True):
        entries += _entries(task, story, [label.name for label in chosen[task.pk]])
    entries += _add_comments(tasks, [story.comments for _stage, story in stories], places, chance)
    record_entries(sorted(entries, key=lambda entry: entry.at))
    still_open = [task for task in tasks if task.is_open]
    pairs = zip(still_open[::7], still_open[1::7], strict=False)
    Prerequisite.objects.bulk_create(Prerequisite(task=task, needs=needs) for task, needs in pairs)
    Reminder.objects.bulk_create(_reminders(still_open[::5], now=now))


def _entries(task: Task, story: SampleStory, labels: Sequence[str]) -> Iterator[Entry]:
    """The task's own history."""
    fresh = {"stage": Stage.PENDING, "status": Stage.PENDING, "labels": sorted(labels)}
    yield Entry(task, "created", task.created_by, story.created, new=snapshot(task) | fresh)
    before = Stage.PENDING
    for stage, at in story.stages:
        yield Entry(task, "updated", task.assigned_to or task.created_by, at, "status", before, stage)
        before = stage


def _add_comments(
    tasks: Sequence[Task], moments: Sequence[Sequence[datetime]], places: Sequence[Place], chance: random.Random
) -> list[Entry]:
    """Comments by people who see the tasks, without an email."""
    editors = {place.project.pk: place.editors for place in places}
    comments = []
    for task, some in zip(tasks, moments, strict=True):
        authors = [*editors[task.project_id], *([task.assigned_to] if task.assigned_to else [])]
        for at, body in zip(some, chance.sample(COMMENTS, len(some)), strict=True):
            html = render(body).html
            comment = Comment(task=task, author=chance.choice(authors), body=body, html=html, created_at=at)
            comment.size = len(f"{body}{html}".encode())
            comments.append(comment)
    return [
        Entry(
            comment.task,
            "created",
            comment.author,
            comment.created_at,
            new={"author": comment.author_id},
            about=Subject(SubjectType.COMMENT, comment.pk),
        )
        for comment in Comment.objects.bulk_create(comments)
    ]


def _reminders(tasks: Sequence[Task], *, now: datetime) -> Iterator[Reminder]:
    for task in tasks:
        before = timedelta(hours=24 if task.due_time else 39)  # without a time: at nine, the day before
        if task.due_at is not None and (at := task.due_at - before) > now:
            reminder = Reminder(task=task, created_by=task.created_by, at=at)
            schedule(reminder, task, now=now)
            yield reminder


def _task(
    stage: Stage,
    story: SampleStory,
    place: Place,
    categories: Sequence[Category],
    *,
    chance: random.Random,
    now: datetime,
) -> Task:
    creator, name = chance.choice(place.editors), chance.choice(place.categories)
    due_on = (now + timedelta(days=chance.choice(DUE_IN_DAYS))).date() if chance.random() < 0.7 else None
    task = Task(
        title=chance.choice(TITLES[name]),
        stage=stage,
        priority=chance.choices(Priority.values, weights=[3, 5, 3, 1])[0],
        category=next(one for one in categories if one.key == folded(name)),
        due_date=due_on,
        due_time=chance.choice(DUE_TIMES) if due_on and due_on > now.date() else None,
        timezone=creator.profile.timezone,
        assigned_to=chance.choice([*place.people, None]),
        created_by=creator,
        project=place.project,
        created_at=story.created,
        updated_at=story.changed,
        completed_at=story.changed if stage == Stage.COMPLETED else None,
        version=1 + len(story.stages),
    )
    task.due_at = task.compute_due_at()
    return task
