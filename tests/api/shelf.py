"""Tasks as plain values, and by them what every list of tasks must say: the truth the API is held against."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from operator import ge, gt, le, lt
from typing import Any
from unicodedata import combining, normalize

from django.core.cache import cache

from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.reminders.models import Reminder
from taskbell.tasks.kinds import Priority
from taskbell.tasks.models import Category, Prerequisite, Task
from taskbell.tasks.search_text import keep_search_text

BEGIN = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
OPEN = ("PENDING", "IN_PROGRESS")
STATUSES = ("PENDING", "IN_PROGRESS", "COMPLETED", "ARCHIVED", "OVERDUE")
PRIORITIES = ("LOW", "MEDIUM", "HIGH", "URGENT")


@dataclass
class Slip:
    """A task, said in values. People and categories are places in their lists; prerequisites, of earlier slips."""

    title: str = "ant"
    description: str = ""
    stage: str = "PENDING"
    priority: str = "MEDIUM"
    late: bool = False
    due: date | None = None
    due_time: time | None = time(9)
    zone: str = "UTC"
    category: int | None = None
    creator: int = 0
    assignee: int | None = None
    needs: frozenset[int] = frozenset()
    reminders: list[tuple[datetime | None, int | None]] = field(default_factory=list)
    created: datetime = BEGIN
    updated: datetime = BEGIN
    completed: datetime | None = None
    deleted: bool = False
    pk: int = 0

    @property
    def status(self) -> str:
        """What everybody reads."""
        return "OVERDUE" if self.late and self.stage in OPEN else self.stage


@dataclass
class Shelf:
    """Slips that have become rows, and those who look at them."""

    people: Sequence[User]
    categories: Sequence[Category]
    slips: list[Slip] = field(default_factory=list)

    def put(self, slips: Sequence[Slip]) -> None:
        """Makes rows of them; what stood there before is gone."""
        Task.objects.all().delete()
        self.slips = []
        self.add(slips)

    def add(self, slips: Sequence[Slip]) -> None:
        """Makes rows of these as well, behind the back of the history, by which answers are kept."""
        cache.clear()
        rows = Task.objects.bulk_create([self._row(slip) for slip in slips])
        for slip, row in zip(slips, rows, strict=True):
            slip.pk = row.pk
            keep_search_text(row)
        self.slips += slips
        Prerequisite.objects.bulk_create(
            Prerequisite(task_id=slip.pk, needs_id=self.slips[place].pk) for slip in slips for place in slip.needs
        )
        Reminder.objects.bulk_create(
            Reminder(
                task_id=slip.pk,
                created_by=self.people[0],
                recipient=None if person is None else self.people[person],
                at=moment or BEGIN,
                next_at=moment,
            )
            for slip in slips
            for moment, person in slip.reminders
        )

    def _row(self, slip: Slip) -> Task:
        row = Task(
            title=slip.title,
            description=slip.description,
            stage=slip.stage,
            priority=Priority[slip.priority],
            is_overdue=slip.late,
            due_date=slip.due,
            due_time=slip.due_time if slip.due else None,
            timezone=slip.zone,
            category=None if slip.category is None else self.categories[slip.category],
            created_by=self.people[slip.creator],
            project=self.people[slip.creator].inbox,
            assigned_to=None if slip.assignee is None else self.people[slip.assignee],
            created_at=slip.created,
            updated_at=slip.updated,
            completed_at=slip.completed,
            deleted_at=BEGIN if slip.deleted else None,
        )
        row.due_at = row.compute_due_at()
        return row

    def expected(self, query: Mapping[str, str], *, by: User) -> list[int]:
        """The ids that the list must show, in order."""
        seen = [slip for slip in self.slips if self._is_visible(slip, by) and self._fits(slip, query, by)]
        return [slip.pk for slip in self._in_order(seen, query.get("ordering", "-id"), by)]

    def _is_visible(self, slip: Slip, by: User) -> bool:
        everything = by.role in (Role.ADMIN, Role.MANAGER)
        return not slip.deleted and (everything or by.pk in (self._creator(slip), self._assignee(slip)))

    def _fits(self, slip: Slip, query: Mapping[str, str], by: User) -> bool:
        facts = self._facts(slip, by)
        return all(facts[name](text) for name, text in query.items() if name != "ordering")

    def _facts(self, slip: Slip, by: User) -> dict[str, Callable[[str], bool]]:
        category = None if slip.category is None else self.categories[slip.category].pk
        due = slip.due.isoformat() if slip.due else None
        return {
            "priority": lambda text: slip.priority in text.split(","),
            "status": lambda text: slip.status in text.split(","),
            "stage": lambda text: slip.stage in text.split(","),
            "due_date": lambda text: due == text,
            "due_date_gte": lambda text: due is not None and due >= text,
            "due_date_gt": lambda text: due is not None and due > text,
            "due_date_lte": lambda text: due is not None and due <= text,
            "due_date_lt": lambda text: due is not None and due < text,
            "has_due": lambda text: (due is not None) is (text == "true"),
            **self._ranges("due_at", self._due_at(slip)),
            **self._ranges("remind_at", self._value(slip, "remind_at", by)),
            **self._ranges("created_at", slip.created),
            **self._ranges("completed_at", slip.completed),
            "category": lambda text: ("none" if category is None else str(category)) in text.split(","),
            "assigned_to": lambda text: self._is_person(self._assignee(slip), text, by),
            "created_by": lambda text: self._is_person(self._creator(slip), text, by),
            "blocked": lambda text: self._is_blocked(slip) is (text == "true"),
            "completed": lambda text: (slip.stage == "COMPLETED") is (text == "true"),
            "updated_since": lambda text: slip.updated >= _instant(text),
            "q": lambda text: all(_plain(word) in _plain(f"{slip.title} {slip.description}") for word in text.split()),
        }

    def _ranges(self, name: str, value: datetime | None) -> dict[str, Callable[[str], bool]]:
        compare = {"gte": ge, "gt": gt, "lte": le, "lt": lt}

        def fits(end: str) -> Callable[[str], bool]:
            return lambda text: value is not None and compare[end](value, _instant(text))

        return {f"{name}_{end}": fits(end) for end in compare}

    def _due_at(self, slip: Slip) -> datetime | None:
        return Task(due_date=slip.due, due_time=slip.due and slip.due_time, timezone=slip.zone).compute_due_at()

    def _creator(self, slip: Slip) -> int:
        return self.people[slip.creator].pk

    def _assignee(self, slip: Slip) -> int | None:
        return None if slip.assignee is None else self.people[slip.assignee].pk

    def _is_person(self, person: int | None, text: str, by: User) -> bool:
        known = {"none": None, "me": by.pk}
        return person in [known[word] if word in known else int(word) for word in text.split(",")]

    def _is_blocked(self, slip: Slip) -> bool:
        needed = [self.slips[place] for place in slip.needs]
        return any(other.stage in OPEN and not other.deleted for other in needed)

    def _in_order(self, slips: list[Slip], ordering: str, by: User) -> list[Slip]:
        words = ordering.split(",")
        slips = sorted(slips, key=lambda slip: slip.pk, reverse=words[-1].startswith("-"))
        for word in reversed(words):
            name, descending = word.removeprefix("-"), word.startswith("-")
            valued = [(self._value(slip, name, by), slip) for slip in slips]
            with_value = [(value, slip) for value, slip in valued if value is not None]
            with_value.sort(key=lambda pair: pair[0], reverse=descending)
            slips = [slip for _, slip in with_value] + [slip for value, slip in valued if value is None]
        return slips

    def _value(self, slip: Slip, name: str, by: User) -> Any:
        match name:
            case "id":
                return slip.pk
            case "title":
                return slip.title
            case "priority":
                return PRIORITIES.index(slip.priority)
            case "status":
                return STATUSES.index(slip.status)
            case "due_date" | "due_at":
                return slip.due and (self._due_at(slip), slip.due)
            case "remind_at":
                mine = [at for at, person in slip.reminders if person is None or self.people[person] == by]
                return min((at for at in mine if at is not None), default=None)
            case "created_at":
                return slip.created
            case _:
                return slip.updated


def _plain(text: str) -> str:
    """Without accents and case, as far as the tests' own words need it."""
    return "".join(char for char in normalize("NFD", text.casefold()) if not combining(char))


def _instant(text: str) -> datetime:
    """Of people whose zone is UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def later(**delta: float) -> datetime:
    """So much after the beginning."""
    return BEGIN + timedelta(**delta)
