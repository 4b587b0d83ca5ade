"""What people and their tasks look like, row by row. The same numbers give the same rows."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from random import Random
from typing import Any, NamedTuple

from taskbell.accounts.policy import Role
from taskbell.common.clock import end_of_day
from taskbell.common.folding import sort_key
from taskbell.projects.models import EDITORS, ProjectRole
from taskbell.tasks.kinds import OPEN_STAGES, Priority, Stage

MANAGER, BUSY = 1, 2
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC")
VERBS = ("Order", "Check", "Write", "Repair", "Plan", "Send", "Water", "Clean", "Count", "Invite")
THINGS = ("the plants", "the invoice", "the report", "the workshop", "the guests", "the shelves", "the budget")
CATEGORIES = [f"Area {number}" for number in range(1, 41)]
STAGES = {Stage.PENDING: 35, Stage.IN_PROGRESS: 15, Stage.COMPLETED: 45, Stage.ARCHIVED: 5}
PRIORITIES = {Priority.LOW: 20, Priority.MEDIUM: 50, Priority.HIGH: 22, Priority.URGENT: 8}
COLUMNS = (
    *("id", "title", "title_sort", "description", "stage", "priority", "due_date", "timezone", "due_at", "is_overdue"),
    *("category", "assigned_to", "created_by", "completed_at", "created_at", "updated_at", "deleted_at", "version"),
    "project",  # the number of its team; None for the Inbox of its creator
)
REMINDER_COLUMNS = ("task", "created_by", "at", "next_at", "timezone", "state")
YEAR = 365 * 24 * 3600
end_of = lru_cache(maxsize=10_000)(end_of_day)


def person(number: int) -> dict[str, Any]:
    """The columns of a person: a manager, many members, and an intern in ten."""
    name = f"person{number}"
    role = Role.MANAGER if number == MANAGER else Role.INTERN if number % 10 == 0 else Role.MEMBER
    return {"username": name, "username_key": name, "email": f"{name}@example.org", "role": role}


class Team(NamedTuple):
    """The people of a shared project: its owner first."""

    number: int
    members: list[int]

    def roles(self) -> Iterator[tuple[int, ProjectRole]]:
        """Each member with a role: one owner, and a viewer among four."""
        for place, member in enumerate(self.members):
            yield member, ProjectRole.VIEWER if place % 4 == 3 else ProjectRole.EDITOR if place else ProjectRole.OWNER


def teams(people: int) -> list[Team]:
    """Half as many shared projects as there are people, of 2 to 40 members."""
    random = Random(21)  # noqa: S311 - to be the same every time
    sizes = (min(random.randint(2, 40), people) for _ in range(people // 2))
    return [Team(number, random.sample(range(1, people + 1), size)) for number, size in enumerate(sizes, start=1)]


def tasks(count: int, *, people: int, now: datetime, shared: Iterable[Team] = ()) -> Iterator[tuple[Any, ...]]:
    """Tasks of two years, the newest last; some people have many, most have few.

    Half of them are in the shared projects that their creators may edit, assigned to members.
    """
    random = Random(20)  # noqa: S311 - to be the same every time
    everybody = range(1, people + 1)
    shares = list(accumulate(_share(number) for number in everybody))
    edited: dict[int, list[Team]] = {number: [] for number in everybody}
    for team in shared:
        for member, role in team.roles():
            if role in EDITORS:
                edited[member].append(team)
    for number in range(1, count + 1):
        creator, assignee = random.choices(everybody, cum_weights=shares, k=2)
        team = random.choice(edited[creator]) if edited[creator] and random.random() < 0.5 else None
        created_at = now - timedelta(seconds=2 * YEAR * (1 - number / count))
        row = _task(number, random, creator, random.choice(team.members) if team else assignee, created_at, now)
        yield *row, team and team.number


def tasks_due_at(moment: datetime, count: int, *, people: int) -> Iterator[tuple[Any, ...]]:
    """Open tasks that all become overdue at the same moment."""
    for task in tasks(count, people=people, now=moment):
        row = dict(zip(COLUMNS, task, strict=True))
        due = {"due_date": moment.date() - timedelta(days=1), "timezone": "UTC", "due_at": moment, "is_overdue": False}
        state = {"stage": Stage.PENDING.value, "completed_at": None, "deleted_at": None}
        yield tuple((row | due | state).values())


def reminders(due: Iterable[tuple[int, int, Any]], *, now: datetime) -> Iterator[tuple[Any, ...]]:
    """A reminder at the due moment for every fifth of these tasks."""
    for task, creator, due_at in due:
        if task % 5 == 0:
            yield task, creator, due_at, due_at if due_at > now else None, "UTC", "armed" if due_at > now else "fired"


def prerequisites(count: int) -> Iterator[tuple[int, int]]:
    """Every tenth task waits for one of the fifty before it."""
    return ((number, number - 1 - number // 10 % 50) for number in range(60, count + 1, 10))


def _share(number: int) -> float:
    """How much work a person has, in comparison: of 1,000 people the busy one creates a twentieth of all tasks."""
    return 0.125 if number == BUSY else 1 / (number + 100)


def _task(number: int, random: Random, creator: int, assignee: int, created_at: datetime, now: datetime) -> Any:
    stage = random.choices(list(STAGES), weights=list(STAGES.values()))[0]
    priority = random.choices(list(PRIORITIES), weights=list(PRIORITIES.values()))[0]
    zone = random.choice(ZONES)
    due_date = created_at.date() + timedelta(days=random.randrange(120)) if random.random() < 0.7 else None
    due_at = end_of(due_date, zone) if due_date else None
    title = f"{random.choice(VERBS)} {random.choice(THINGS)} ({number})"
    return (
        number,
        title,
        sort_key(title),
        "As we said on the phone. " * random.randrange(6),
        stage.value,
        priority.value,
        due_date,
        zone,
        due_at,
        bool(due_at and due_at <= now and stage in OPEN_STAGES),
        random.randrange(1, len(CATEGORIES) + 1) if random.random() < 0.8 else None,
        assignee if random.random() < 0.85 else None,
        creator,
        created_at if stage == Stage.COMPLETED else None,
        created_at,
        created_at,
        now if random.random() < 0.01 else None,
        1,
    )
