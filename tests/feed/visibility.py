"""A small model of who may see what, and a world of people who act through the API beside it."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse

from taskbell.accounts import tokens
from taskbell.accounts.actions import Client, open_session
from taskbell.accounts.policy import Role
from taskbell.activity.queries import current_checkpoint
from taskbell.common.clock import utc_now
from taskbell.projects.audience import access_of
from tests.conftest import Program, make_person
from tests.feed.hearing import heard_by

ROLES = {"mia": Role.MANAGER, "bo": Role.MEMBER, "cy": Role.MEMBER}
WORDS = ["apple", "birch", "cedar"]
OWNERS = {"Garden": "bo", "House": "cy"}  # of projects, at first


@dataclass
class Known:
    """What the model knows of one task."""

    creator: str
    word: str
    assignee: str | None = None
    project: str = ""  # an Inbox by its person, or a project
    needs: set[int] = field(default_factory=set)
    stage: str = "PENDING"
    deleted: bool = False
    comments: int = 0


class Model:
    """Every task that was ever made, by number, and what follows from the contract."""

    def __init__(self) -> None:
        self.tasks: dict[int, Known] = {}
        self.comments: dict[str, set[int]] = {name: set() for name in ROLES}  # those that each person has heard of
        self.members = {name: {name: "OWNER"} for name in ROLES} | {
            project: {by: "OWNER"} for project, by in OWNERS.items()
        }

    def concerns(self, name: str, pk: int) -> bool:
        """True for those who have to do with the task, also while it is in the trash."""
        task = self.tasks[pk]
        return name in ("mia", task.assignee, *self.members[task.project])

    def sees(self, name: str, pk: int) -> bool:
        """True for those who may know of the task now."""
        return self.concerns(name, pk) and not self.tasks[pk].deleted

    def visible(self, name: str) -> set[int]:
        """The tasks a person sees."""
        return {pk for pk in self.tasks if self.sees(name, pk)}

    def may_edit(self, name: str, pk: int) -> bool:
        """True for the manager, and for those who may edit the project of the task."""
        return self.may_edit_in(name, self.tasks[pk].project)

    def may_edit_in(self, name: str, project: str) -> bool:
        """The same for all tasks of a project."""
        return name == "mia" or self.members[project].get(name) in ("OWNER", "EDITOR")

    def may_work_on(self, name: str, pk: int) -> bool:
        """The same, and for its assignee."""
        return self.may_edit(name, pk) or name == self.tasks[pk].assignee

    def may_manage(self, name: str, project: str) -> bool:
        """True for its owners, and the manager."""
        return name == "mia" or self.members[project].get(name) == "OWNER"

    def fits(self, name: str | None, project: str) -> bool:
        """Whether tasks of the project can be assigned to this person."""
        return name is None or project in ROLES or name in self.members[project]

    def is_last_owner(self, name: str, project: str) -> bool:
        """True if the project would be left without an owner."""
        owners = {member for member, role in self.members[project].items() if role == "OWNER"}
        return owners == {name}

    def is_blocked(self, pk: int) -> bool:
        """True while some prerequisite is open, visible or not."""
        needed = [self.tasks[need] for need in self.tasks[pk].needs]
        return any(need.stage in ("PENDING", "IN_PROGRESS") and not need.deleted for need in needed)

    def would_circle(self, pk: int, needs: set[int]) -> bool:
        """True where the task could be reached from what it would wait for."""
        seen, ahead = set(), set(needs)
        while ahead:
            here = ahead.pop()
            seen.add(here)
            ahead |= self.tasks[here].needs - seen
        return pk in seen


class Copy:
    """The tasks that a person knows from following the history, by the socket or by sync, from the beginning."""

    def __init__(self) -> None:
        self.tasks: dict[int, str] = {}
        self.comments: set[int] = set()

    def take(self, event: dict[str, Any]) -> None:
        """Brings the copy up to date, as a client does."""
        match event:
            case {"event": "comment.created", "comment_id": pk}:
                self.comments.add(pk)
            case {"event": "task.deleted", "task_id": pk}:
                self.tasks.pop(pk, None)
            case {"event": "task.updated", "task": task}:
                self.tasks[task["id"]] = task["title"]
            case {"event": _, "task_id": pk, "title": title}:
                self.tasks[pk] = title


class People:
    """Mia, who manages, Bo and Cy, each with a program that speaks for them and two that follow."""

    def __init__(self) -> None:
        people = {name: make_person(name, role) for name, role in ROLES.items()}
        self.people, self.position = people, current_checkpoint().position
        self.by_socket = {name: Copy() for name in people}
        self.by_sync = {name: Copy() for name in people}
        self.cursors = dict.fromkeys(people, "")
        self.numbers = {name: person.pk for name, person in people.items()}
        self.programs = {
            name: Program(tokens.pair_for(open_session(person, client=Client(), now=utc_now())).access)
            for name, person in people.items()
        }
        self.projects = {name: person.inbox.pk for name, person in people.items()}
        for project, by in OWNERS.items():
            self.projects[project] = self.ask(by, "POST", "projects/", {"name": project}).json()["id"]
            people[by].refresh_from_db()
        self.access = {name: access_of(person) for name, person in people.items()}

    def follow(self) -> None:
        """Everybody's socket and sync bring what is new."""
        position = current_checkpoint().position
        for name, person in self.people.items():
            person.refresh_from_db()
            if has_changed := access_of(person) != self.access[name]:
                self.access[name] = access_of(person)
                self.by_socket[name].tasks = {row["id"]: row["title"] for row in self.results(name, "tasks/")}
            for event in heard_by(person, self.position):
                self.by_socket[name].take(event)
            more = True
            while more:
                answer = self.ask(name, "GET", f"changes/?since={self.cursors[name]}").json()
                assert answer["resync"] is has_changed
                if has_changed:
                    self.cursors[name], has_changed, self.by_sync[name].tasks = "", False, {}
                    continue
                self.cursors[name], more = answer["cursor"], answer["more"]
                for event in answer["changes"]:
                    self.by_sync[name].take(event)
        self.position = position

    def number(self, name: str | None) -> int | None:
        """The person's number, or nobody's."""
        return None if name is None else self.numbers[name]

    def ask(self, name: str, method: str, path: str, body: Any = None) -> HttpResponse:
        """The answer that this person gets."""
        return self.programs[name](method, f"/api/{path}", body)

    def results(self, name: str, path: str) -> list[dict[str, Any]]:
        """The rows of a list as this person gets it."""
        rows: list[dict[str, Any]] = self.ask(name, "GET", path).json()["results"]
        return rows
