"""What people do with projects at random, and what a client knows of them from events alone."""

from datetime import datetime
from random import Random
from typing import Any

from taskbell.accounts.models import User
from taskbell.projects.audience import is_visible_project
from taskbell.projects.models import Membership, Project, ProjectRole
from taskbell.sharing.deleting import delete_project, restore_project
from taskbell.sharing.members import add_member, change_member, remove_member
from taskbell.sharing.projects import change_project, create_project

MOST = 6  # shared projects, so that people often meet in the same one


def visible_projects(person: User) -> dict[int, Any]:
    """Every project that the person sees, with its members."""
    members = Membership.objects.filter(project__deleted_at=None).values_list("project", "person", "role")
    shown = Project.objects.filter(is_visible_project(person)).in_use()
    return {
        pk: (name, archived_at, {member: role for project, member, role in members if project == pk})
        for pk, name, archived_at in shown.values_list("pk", "name", "archived_at")
    }


class Sharing:
    """The steps, each by one person. What is refused has not happened."""

    def __init__(self, people: list[User], chance: Random) -> None:
        self.people, self.chance = people, chance
        self.steps = [(self.create, 2), (self.change_members, 4), (self.change, 3), (self.delete_or_restore, 3)]

    def some(self) -> int:
        """A project that is in use."""
        return self.chance.choice([0, *Project.objects.in_use().filter(inbox_of=None).values_list("pk", flat=True)])

    def target(self, by: User) -> int:
        """Where a task may go: mostly into a shared project."""
        return by.inbox.pk if self.chance.random() < 0.3 else self.some()

    def create(self, by: User, now: datetime) -> None:
        if Project.objects.in_use().filter(inbox_of=None).count() < MOST:
            project = create_project({"name": f"Project {self.chance.random()}"}, by=by, now=now)
            self._join(project.pk, by, now)

    def change_members(self, by: User, now: datetime) -> None:
        project = self.some()
        member = self.chance.choice([0, *Membership.objects.filter(project=project).values_list("person", flat=True)])
        match self.chance.randrange(4):
            case 0:
                remove_member(project, member, by=by, now=now)
            case 1:
                change_member(project, member, self._role(), by=by, now=now)
            case _:
                self._join(project, by, now)

    def change(self, by: User, now: datetime) -> None:
        """Renames a project, or archives it, or takes it out of the archive."""
        project = self.some()
        is_archived = Project.objects.filter(pk=project, archived_at__isnull=False).exists()
        chance = self.chance.random()
        fields = {"archived": not is_archived} if is_archived or chance < 0.4 else {"name": f"Project {chance}"}
        change_project(project, fields, by=by, now=now)

    def delete_or_restore(self, by: User, now: datetime) -> None:
        gone = list(Project.objects.exclude(deleted_at=None).order_by("-deleted_at").values_list("pk", flat=True)[:3])
        if gone and self.chance.random() < 0.7:
            restore_project(self.chance.choice(gone), by=by, now=now)
        else:
            delete_project(self.some(), move_to=self.chance.choice([None, self.some()]), by=by, now=now)

    def _join(self, project: int, by: User, now: datetime) -> None:
        add_member(project, self.chance.choice(self.people).pk, self._role(), by=by, now=now)

    def _role(self) -> str:
        return self.chance.choice(ProjectRole.values)
