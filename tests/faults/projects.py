"""Projects in a storm: people comment; before reminders are due, somebody is removed, tasks move, one is archived."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from tests.faults.checks import Notice, Promise
from tests.faults.people import Person

TASKS = 10  # in each project


@dataclass
class Team:
    """The first person shares a garden, in which everybody works, a shed, an attic and a yard, but no loft.

    `notices` are those that must be there at the end. `cancelled` are the emails that need not be sent, by task and
    person: of somebody who was removed or lost the tasks, and of a project that was archived.
    """

    people: Sequence[Person]
    projects: dict[str, int] = field(default_factory=dict)
    tasks: dict[str, list[Promise]] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    cancelled: set[tuple[int | None, int]] = field(default_factory=set)

    def meet(self) -> None:
        """In fair weather: the projects and their members."""
        for name in ("garden", "shed", "attic", "yard", "loft"):
            self.projects[name] = self.owner.insist("POST", "projects/", {"name": name}, key=name)["id"]
            for member in self.people[1:] if name != "loft" else ():
                members = f"projects/{self.projects[name]}/members/"
                self.owner.insist("POST", members, {"person": member.pk}, key=f"{name} {member.pk}")
                self.notices.append(Notice(None, member.pk, "project_shared"))
        for person in self.people:
            person.project = self.projects["garden"]

    def plan(self, due: datetime) -> None:
        """In fair weather: tasks to comment on, and reminders due at this second that are for fewer people later."""
        leaver = self.leaver.pk
        for name, assignee in (("garden", None), ("shed", leaver), ("attic", None), ("yard", leaver)):
            patch = {"project": self.projects[name], "assigned_to": assignee, "remind_at": due.isoformat()}
            patches = [patch | {"title": f"In the {name}: {number}"} for number in range(TASKS)]
            created = self.owner.create(patches, key=f"plan {name}")["created"]
            people = frozenset({self.owner.pk} if name != "attic" else ())
            self.tasks[name] = [Promise(task["id"], task["title"], due, people) for task in created]
        self.cancelled = {(promise.task, leaver) for name in ("shed", "yard") for promise in self.tasks[name]}
        self.cancelled |= {(None, leaver)}

    def act(self, window: float, random: Random) -> list[Promise]:
        """In the storm: moves tasks, removes a member, archives a project; then people comment and mention others."""
        _, shed, attic, _, loft = self.projects.values()
        moves = [{"id": promise.task, "project": loft} for promise in self.tasks["yard"]]
        self.owner.insist("POST", "tasks/bulk/", {"update": moves}, key="move")
        self.owner.insist("DELETE", f"projects/{shed}/members/{self.leaver.pk}/", gone=True)
        self.owner.insist("PATCH", f"projects/{attic}/", {"archived": True})
        done = datetime.now(UTC)
        for promise in self.tasks["garden"]:
            author, mentioned = random.sample(self.people[1:], 2)
            path, body = f"tasks/{promise.task}/comments/", {"body": f"Can you help, @{mentioned.name}?"}
            author.insist("POST", path, body, key=f"comment {promise.task}")
            self.notices += [Notice(promise.task, mentioned.pk, "mentioned")]
            self.notices += [Notice(promise.task, self.owner.pk, "commented")]
            time.sleep(random.uniform(0, window / TASKS))
        promises = [promise for made in self.tasks.values() for promise in made]
        assert all(done < promise.due_at for promise in promises), (
            "The storm was too strong to change projects in time."
        )
        return promises

    @property
    def owner(self) -> Person:
        return self.people[0]

    @property
    def leaver(self) -> Person:
        return self.people[-1]


def due_after(window: float) -> datetime:
    """When the reminders of projects are due: late, so that what is changed in the storm is done by then."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2 * window + 5)
