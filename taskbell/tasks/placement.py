"""Which projects tasks may be put into, and whom they may be assigned to there."""

from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts.models import User
from taskbell.common.errors import FieldError, NotAllowed
from taskbell.common.values import MAX_ID
from taskbell.projects.audience import sees_everything
from taskbell.projects.policy import may_edit_tasks
from taskbell.projects.queries import Standing, lock_members, lock_standings
from taskbell.tasks.models import Task
from taskbell.tasks.policy import Archived

NOT_A_MEMBER = gettext_noop("This person is not a member of the project '{}'. Add them to the project first.")


@dataclass(frozen=True)
class Placement:
    """The projects that tasks are put into, and the people they can be assigned to, locked by `lock_placement`."""

    by: User
    standings: dict[int, Standing]
    active: Collection[int]
    members: Collection[tuple[int, int]]

    @property
    def inbox(self) -> int:
        """The Inbox of the person who acts."""
        return next(standing.id for standing in self.standings.values() if standing.inbox_of == self.by.pk)

    def errors_of(
        self, changing: Mapping[str, Any], known: Container[str], project: int = 0
    ) -> Iterator[FieldError | None]:
        """What is wrong with the project and the assignee that a task of this project gets, besides the known errors.

        Raises NotAllowed, Archived.
        """
        if "project_id" in changing and "project_id" not in known:
            project = changing["project_id"]
            yield self._error_of_project(project)
        if changing.get("assigned_to_id") is not None and "assigned_to_id" not in known:
            yield self._error_of_assignee(changing["assigned_to_id"], project)

    def _error_of_project(self, project: int) -> FieldError | None:
        standing = self.standings.get(project)
        if standing is None or not (standing.role or sees_everything(self.by)):
            return FieldError("project", "does_not_exist", _("There is no project with this id."))
        if not may_edit_tasks(self.by, standing.role):
            raise NotAllowed(
                _("You can only read the project '%(name)s'. Ask an owner to make you an editor.")
                % {"name": standing.name}
            )
        if standing.is_archived:
            raise Archived(
                _("Can't put a task into the project '%(name)s', because it is archived.") % {"name": standing.name}
            )
        return None

    def _error_of_assignee(self, person: int, project: int) -> FieldError | None:
        if person not in self.active:
            return FieldError("assigned_to", "does_not_exist", _("There is no active person with this id."))
        standing = self.standings.get(project)
        if standing is None or standing.inbox_of or (project, person) in self.members:
            return None
        return FieldError("assigned_to", "not_a_member", _(NOT_A_MEMBER).format(standing.name))


def lock_placement(projects: Iterable[object], active: Collection[int], *, by: User) -> Placement:
    """These projects, the Inbox of the person who acts, and which of the active people are members of which.

    None of it changes until the transaction ends.
    """
    known = {pk for pk in projects if isinstance(pk, int) and 0 < pk <= MAX_ID}
    standings = lock_standings(by, known)
    shared = [standing.id for standing in standings.values() if standing.inbox_of is None]
    return Placement(by, standings, active, lock_members(shared, active))


def errors_of_place(
    changing: Mapping[str, Any], known: Container[str], task: Task, active: Collection[int], *, by: User
) -> Iterable[FieldError | None]:
    """The same for the new project or assignee of an existing task."""
    if changing.keys().isdisjoint({"project_id", "assigned_to_id"}):
        return ()
    placement = lock_placement([task.project_id, changing.get("project_id")], active, by=by)
    return placement.errors_of(changing, known, task.project_id)
