"""The prerequisites of a task, and the tasks that it blocks: its neighbours, by one query."""

from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, Case, Exists, ExpressionWrapper, F, OuterRef, Q, When
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from taskbell.accounts.models import User
from taskbell.tasks.kinds import Stage
from taskbell.tasks.models import Prerequisite, Task
from taskbell.web.dates import Dates
from taskbell.web.task_facts import called

MAX_LINKS = 250  # read
MAX_AFTER = 12  # tasks that are shown behind this one
SHOWN = ("title", "stage", "due_date", "due_time", "due_at", "completed_at", "deleted_at", "assigned_to")


@dataclass(frozen=True)
class Node:
    """A task beside this one."""

    task: Task
    small: str
    holds: bool = False

    @property
    def state(self) -> str:
        """`ok` if it is finished; `open` if it blocks this one."""
        return "ok" if not self.task.is_open else "open" if self.holds else ""


@dataclass(frozen=True)
class Graph:
    """Needs → this → next. Tasks that the person can't see are only counted; `hidden_open` is whether those block."""

    needs: list[Node]
    after: list[Node]
    hidden_needs: int
    hidden_open: int
    hidden_after: int

    @property
    def open(self) -> list[Node]:
        """The tasks that block this one."""
        return [node for node in self.needs if node.task.is_open]

    @property
    def blockers(self) -> int:
        """How many tasks block this one, seen or not."""
        return len(self.open) + self.hidden_open

    @property
    def is_empty(self) -> bool:
        """True if the task is linked to no other."""
        return not (self.needs or self.after or self.hidden_needs or self.hidden_after)

    @property
    def ids(self) -> list[int]:
        """The tasks whose changes the page shows."""
        return [node.task.pk for node in (*self.needs, *self.after)]

    @property
    def after_shown(self) -> list[Node]:
        """As many as fit."""
        return self.after[:MAX_AFTER]

    @property
    def wires_in(self) -> str:
        """The lines from what is needed to this task, as an SVG path."""
        return _wires(max(1, len(self.needs) + bool(self.hidden_needs)))

    @property
    def wires_out(self) -> str:
        """The lines from this task to those behind it, drawn from right to left."""
        return _wires(max(1, len(self.after_shown) + bool(self.after_more)), mirrored=True)

    @property
    def mark(self) -> str:
        """Differs for other neighbours."""
        return " ".join(f"{pk}" for pk in self.ids)

    @property
    def after_more(self) -> int:
        """How many further tasks there are behind this one."""
        return len(self.after) - len(self.after_shown) + self.hidden_after


def graph_of(pk: int, person: User, dates: Dates) -> Graph:
    """The neighbours of the task, which the person sees."""
    seen: Any = Exists(Task.objects.visible_to(person).filter(pk=OuterRef("other")))
    links: Any = Prerequisite.objects.filter(Q(task=pk) | Q(needs=pk), task__deleted_at=None, needs__deleted_at=None)
    links = links.annotate(
        is_need=ExpressionWrapper(Q(task=pk), output_field=BooleanField()),
        other=Case(When(task=pk, then=F("needs_id")), default=F("task_id")),
    ).annotate(is_seen=seen)
    names = [f"{end}__{name}" for end in ("task", "needs") for name in SHOWN]
    people = [
        f"{end}__assigned_to__{name}" for end in ("task", "needs") for name in ("username", "first_name", "last_name")
    ]
    rows = list(
        links.select_related("task__assigned_to", "needs__assigned_to")
        .only("task_id", "needs_id", *names, *people)
        .order_by("-is_need", "other")[:MAX_LINKS]
    )
    needs = [link for link in rows if link.is_need]
    after = [link for link in rows if not link.is_need]
    return Graph(
        needs=[_node(link.needs, person, dates, holds=True) for link in needs if link.is_seen],
        after=[_node(link.task, person, dates) for link in after if link.is_seen],
        hidden_needs=sum(not link.is_seen for link in needs),
        hidden_open=sum(not link.is_seen and link.needs.is_open for link in needs),
        hidden_after=sum(not link.is_seen for link in after),
    )


def _wires(number: int, *, mirrored: bool = False) -> str:
    heights = [round((place + 0.5) / number * 100, 1) for place in range(number)]
    if mirrored:
        return "".join(f"M40 {y}C18 {y} 22 50 0 50" for y in heights)
    return "".join(f"M0 {y}C22 {y} 18 50 40 50" for y in heights)


def _node(task: Task, person: User, dates: Dates, *, holds: bool = False) -> Node:
    who = called(task.assigned_to, person) if task.assigned_to else ""
    if task.is_open:
        due = dates.in_sentence(dates.due(task))
        parts = [who, _("due %(when)s") % {"when": due} if due else ""]
        return Node(task, capfirst(", ".join(part for part in parts if part)) or _("Open"), holds)
    if task.stage == Stage.ARCHIVED:
        return Node(task, _("Archived"))
    day = task.completed_at and dates.day(task.completed_at.astimezone(dates.zone).date())
    return Node(task, _("Done %(day)s") % {"day": dates.in_sentence(day)} if day else _("Done"))
