"""The projects that a file names, and which of ours they are."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from django.db.models import Q
from django.utils.translation import gettext as _

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.common.errors import invalid
from taskbell.common.text import folded
from taskbell.common.wording import grouped
from taskbell.projects.models import EDITORS, Membership, Project
from taskbell.transfer.project_cells import ProjectRow

MAX_PROJECTS = 10_000  # of one file: their names are kept in memory
CHUNK_ROWS = 2000


class FileProjects:
    """The projects of a file by number, in the order in which it names them."""

    def __init__(self) -> None:
        self.rows: list[ProjectRow] = []
        self._numbers: dict[tuple[str, str], int] = {}

    def number_of(self, row: ProjectRow) -> int:
        """The number of the project. Its first description in the file counts. Raises Invalid for too many projects."""
        number = self._numbers.setdefault((folded(row.name), row.id), len(self.rows))
        if number < len(self.rows):
            if (row.details or row.members) and not (self.rows[number].details or self.rows[number].members):
                self.rows[number] = row
        elif number == MAX_PROJECTS:
            raise invalid(
                "project",
                "too_many",
                _("A file can name at most %(most)s projects.") % {"most": grouped(MAX_PROJECTS)},
            )
        else:
            self.rows.append(row)
        return number


class Match(NamedTuple):
    """A project of ours that a file means; `is_exact` if the file has its id in this installation."""

    id: int
    name: str
    is_archived: bool
    is_exact: bool


def matches(rows: Sequence[ProjectRow], installation: str, *, by: User) -> dict[int, Match]:
    """The projects of ours, by the number in the file: those of the same name that the person may edit.

    The file's id decides, if this installation exported it. Otherwise the person's own projects come before others, the
    archived ones last, and older before newer ones. Two projects of the file are never the same project of ours.
    """
    known = {project.pk: project for project in _editable([row.name for row in rows], by)}
    taken: dict[int, Match] = {}
    for number, row in enumerate(rows):
        project = known.get(_own_id(row.id, installation))
        if project is not None and folded(project.name) == folded(row.name):
            taken[number] = _match(project, is_exact=True)
            del known[project.pk]
    by_name = defaultdict[str, list[Project]](list)
    for project in sorted(known.values(), key=lambda one: (one.archived_at is not None, not one.viewer_role, one.pk)):
        by_name[folded(project.name)].append(project)
    for number, row in enumerate(rows):
        if number not in taken and (same := by_name[folded(row.name)]):
            taken[number] = _match(same.pop(0), is_exact=False)
    return taken


def _editable(names: Sequence[str], by: User) -> Iterator[Project]:
    """The shared projects with such names whose tasks the person may edit, with the person's role."""
    mine = Q(pk__in=Membership.objects.filter(person=by, role__in=EDITORS).values("project"))
    editable = Q() if by.can(Capability.EDIT_EVERYTHING) else mine
    keys = {folded(name) for name in names}
    found = Project.objects.in_use().with_role(by).filter(editable, inbox_of=None).order_by()
    for project in found.only("name", "archived_at").iterator(CHUNK_ROWS):
        if folded(project.name) in keys:
            yield project


def _own_id(text: str, installation: str) -> int:
    key, _, pk = text.rpartition(":")
    return int(pk) if key == installation and pk.isascii() and pk.isdigit() and len(pk) < 19 else 0


def _match(project: Project, *, is_exact: bool) -> Match:
    return Match(project.pk, project.name, project.archived_at is not None, is_exact)
