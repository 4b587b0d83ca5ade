"""Creates the projects that are in a file but not here, with their members."""

from collections.abc import Iterable, Mapping
from itertools import chain

from taskbell.accounts.models import User
from taskbell.common.loading import load_rows
from taskbell.common.sql import execute, fetch
from taskbell.common.text import folded
from taskbell.projects.models import Project, ProjectRole
from taskbell.sharing.members import join_many
from taskbell.sharing.projects import change_project, create_project
from taskbell.transfer.checking import Checker

PEOPLE_AT_ONCE = 500
MISSING = (
    "SELECT DISTINCT project.number FROM staged_task task JOIN staged_project project ON project.number = task.project"
    " WHERE project.id IS NULL AND {} ORDER BY project.number"
)
OF_PROJECT = "SELECT person_id, role FROM staged_member WHERE project = %s AND person_id <> %s"


def load_members(named: Mapping[int, Iterable[tuple[str, str]]], by: User) -> None:
    """Loads the members of each new project by its number: active people, by their usernames, and the importer.

    Not by their addresses: an import would tell which addresses have an account.
    """
    names = {folded(name) for name, _ in chain.from_iterable(named.values())}
    people: dict[str, int] = {}
    wanted = sorted(names)
    for begin in range(0, len(wanted), PEOPLE_AT_ONCE):
        found = User.objects.filter(username_key__in=wanted[begin : begin + PEOPLE_AT_ONCE], is_active=True)
        people |= dict(found.values_list("username_key", "pk"))
    roles = {
        (number, person): role
        for number, members in named.items()
        for name, role in members
        if (person := people.get(folded(name))) is not None
    }
    owned = ((number, by.pk, ProjectRole.OWNER.value) for number in named)
    rows = chain(owned, ((*pair, role) for pair, role in roles.items() if pair[1] != by.pk))
    load_rows("staged_member", ("project", "person_id", "role"), rows)


def count_missing(wanted: str) -> int:
    """How many projects have to be created for these rows."""
    return len(fetch(MISSING.format(wanted)))


def create_missing(checker: Checker, wanted: str) -> None:
    """Creates the projects of these rows that nobody has, with the importer as their owner. Raises QuotaReached."""
    by, now, missing = checker.by, checker.now, [number for (number,) in fetch(MISSING.format(wanted))]
    if not missing:
        return
    marks = ", ".join(map(str, missing))
    ids = [pk for (pk,) in fetch(f"SELECT DISTINCT person_id FROM staged_member WHERE project IN ({marks})")]  # noqa: S608
    # All of them before any project, in their order.
    locked = User.objects.select_for_update(no_key=True).filter(pk__in=ids, is_active=True).order_by("pk").in_bulk()
    for number in missing:
        row = checker.projects.rows[number]
        fields = {name: value for name, value in row.details.items() if name != "archived"}
        project = create_project({"name": row.name, **fields}, by=by, now=now)
        roles = {pk: role for pk, role in fetch(OF_PROJECT, [number, by.pk]) if pk in locked}
        join_many(project, roles, by=by, now=now)
        execute("UPDATE staged_project SET id = %s WHERE number = %s", [project.pk, number])


def archive_created(checker: Checker) -> None:
    """Archives the projects that this import has created, if they are archived in the file."""
    archived = [number for number, row in enumerate(checker.projects.rows) if row.details.get("archived")]
    if not archived:
        return
    marks = ", ".join(map(str, archived))
    ids = [pk for (pk,) in fetch(f"SELECT id FROM staged_project WHERE number IN ({marks})")]  # noqa: S608 - numbers
    # After a kill, another worker only knows by this moment which projects the import has created.
    created = Project.objects.filter(pk__in=ids, created_by=checker.by, created_at=checker.now, archived_at=None)
    for project in created:
        change_project(project.pk, {"archived": True}, by=checker.by, now=checker.now)
