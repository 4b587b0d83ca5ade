"""Somebody with a project, who shares it, archives it and moves tasks into it, and tells the oracle who sees what."""

from collections.abc import Callable
from itertools import count, cycle
from typing import Any

from tests.journeys.facts import INSIGHTS, LIST, NOT_THERE, PROJECTS, Fact, Oracle, becomes
from tests.journeys.wires import Person


class Sharer:
    """One project with a task in it, and a task that comes and goes between it and the Inbox."""

    def __init__(self, me: Person, colleague: Person, admin: str, oracle: Oracle) -> None:
        self.me, self.colleague, self.numbers = me, colleague, count(1)
        self.name, self.role, self.is_archived, self.is_moved = "Project 0", "", False, False
        self.roles = cycle(("EDITOR", "VIEWER", ""))
        self.inbox = self.api("GET", "projects/")["results"][0]["id"]
        self.project = self.api("POST", "projects/", name=self.name)["id"]
        self.shared = self.api("POST", "tasks/", title="shared", project=self.project)["id"]
        self.moving = self.api("POST", "tasks/", title="moving")["id"]
        mine, theirs = (me.name, admin), (colleague.name,)
        is_there = [(task, people) for task in (self.shared, self.moving) for people in (mine, theirs)]
        self.facts: list[Fact] = [
            *(oracle.is_there(task, people == mine, LIST, *people) for task, people in is_there),
            oracle.field(self.moving, "project", self.inbox, *mine),
            oracle.fact(self.name, PROJECTS, (me.name,), lambda rows: self.shown(rows, "name")),
            oracle.fact(NOT_THERE, PROJECTS, theirs, lambda rows: self.shown(rows, "name")),
            oracle.fact(NOT_THERE, PROJECTS, theirs, lambda rows: self.shown(rows, "role")),
            oracle.fact(1, INSIGHTS, mine, self.total),
            oracle.fact(0, INSIGHTS, theirs, self.total),
        ]

    def api(self, method: str, path: str, /, **body: Any) -> Any:
        return self.me.done(method, f"/api/{path}", body or None)

    @property
    def deeds(self) -> list[Callable[[], None]]:
        return [self.change_membership, self.archive, self.move, self.rename]

    def shown(self, rows: Any, field: str) -> Any:
        return rows[self.project][field] if self.project in rows else NOT_THERE

    def total(self, rows: Any) -> int:
        """What the report counts in the project."""
        return sum(row["total"] for row in rows[0]["tasks_by_project"] if row["id"] == self.project)

    def values(self) -> list[Any]:
        """What each of the facts is now."""
        is_theirs, total = bool(self.role) and not self.is_archived, 1 + self.is_moved
        return [
            not self.is_archived,
            is_theirs,
            not (self.is_moved and self.is_archived),
            is_theirs and self.is_moved,
            (NOT_THERE if self.is_archived else self.project) if self.is_moved else self.inbox,
            NOT_THERE if self.is_archived else self.name,
            self.name if is_theirs else NOT_THERE,
            self.role if is_theirs else NOT_THERE,
            0 if self.is_archived else total,
            total if is_theirs else 0,
        ]

    def ask(self, method: str, path: str, /, **body: Any) -> None:
        """The caller has set how it is then."""
        with becomes(*zip(self.facts, self.values(), strict=True)):
            self.api(method, path, **body)

    def change_membership(self) -> None:
        """The colleague joins, gets another role, and leaves."""
        before, self.role = self.role, next(self.roles)
        members = f"projects/{self.project}/members/"
        if not before:
            self.ask("POST", members, person=self.colleague.id, role=self.role)
        elif self.role:
            self.ask("PATCH", f"{members}{self.colleague.id}/", role=self.role)
        else:
            self.ask("DELETE", f"{members}{self.colleague.id}/")

    def archive(self) -> None:
        self.is_archived = not self.is_archived
        self.ask("PATCH", f"projects/{self.project}/", archived=self.is_archived)

    def move(self) -> None:
        if not self.is_archived:
            self.is_moved = not self.is_moved
            self.ask("PATCH", f"tasks/{self.moving}/", project=self.project if self.is_moved else self.inbox)

    def rename(self) -> None:
        self.name = f"Project {next(self.numbers)}"
        self.ask("PATCH", f"projects/{self.project}/", name=self.name)
