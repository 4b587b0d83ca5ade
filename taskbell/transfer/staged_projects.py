"""The projects of the staged rows: which are here already, who is a member, and where tasks may be put."""

from taskbell.accounts.models import User
from taskbell.common.loading import load_rows, temporary_table
from taskbell.common.sql import execute, fetch, locking
from taskbell.common.text import folded
from taskbell.projects.models import Project
from taskbell.projects.policy import may_edit_tasks
from taskbell.projects.queries import Standing, lock_standings
from taskbell.transfer import findings
from taskbell.transfer.checking import Checker
from taskbell.transfer.file_projects import Match, matches
from taskbell.transfer.project_members import load_members

OF_MEMBERS = (
    "SELECT member.id FROM projects_membership member JOIN staged_project project ON project.id = member.project_id"
    " WHERE EXISTS (SELECT 1 FROM staged_task task WHERE task.project = project.number"
    " AND task.assigned_to_id = member.person_id AND {}) ORDER BY member.id"
)
NOT_MEMBERS = (
    "SELECT task.number FROM staged_task task JOIN staged_project project ON project.number = task.project"
    " WHERE task.assigned_to_id IS NOT NULL AND {} AND NOT EXISTS (SELECT 1 FROM projects_membership member"
    " WHERE member.project_id = project.id AND member.person_id = task.assigned_to_id)"
)
STAYING = """
UPDATE staged_task SET project = NULL WHERE is_known AND EXISTS (
    SELECT 1 FROM tasks_task known JOIN staged_place place ON place.present = known.project_id
    WHERE known.id = staged_task.id AND place.project = staged_task.project
)
"""


def match(checker: Checker, *, is_update: bool, strict: bool) -> None:
    """Finds the projects that are here, and marks rows as bad whose project is archived. Call it after `mark_known`.

    Assignees who are no members of their project are left out.
    """
    rows = checker.projects.rows
    if not rows and not is_update:
        return
    found = matches(rows, checker.installation, by=checker.by)
    values = (
        (number, one and one.id, one.name if one else row.name, bool(one and one.is_archived))
        for number, row in enumerate(rows)
        for one in [found.get(number)]
    )
    load_rows("staged_project", ("number", "id", "name", "is_archived"), values)
    load_members({number: row.members for number, row in enumerate(rows) if number not in found}, checker.by)
    if is_update:
        _let_stay(checker, found)
    if not checker.is_resumed:
        findings.find(findings.INTO_ARCHIVED)
    (findings.find if strict else findings.notice)(findings.NOT_A_MEMBER)
    others = f"SELECT number FROM ({findings.NOT_A_MEMBER}) found"  # noqa: S608 - a query of our own
    execute(f"UPDATE staged_task SET assigned_to_id = NULL WHERE number IN ({others})")  # noqa: S608


def _let_stay(checker: Checker, found: dict[int, Match]) -> None:
    """A task that is in a project of this name stays there, unless the file means another one by its id."""
    pairs = fetch(
        "SELECT DISTINCT task.project, known.project_id FROM staged_task task JOIN tasks_task known"
        " ON known.id = task.id WHERE task.is_known AND task.project IS NOT NULL"
    )
    names = dict(Project.objects.filter(pk__in={present for _, present in pairs}).values_list("pk", "name"))
    staying = []
    for number, present in pairs:
        one = found.get(number)
        is_same = folded(names[present]) == folded(checker.projects.rows[number].name)
        if (one.id == present) if one and one.is_exact else is_same:
            staying.append((number, present))
    if staying:
        with temporary_table("staged_place", {"project": "id", "present": "id"}, like=Project):
            load_rows("staged_place", ("project", "present"), staying)
            execute(STAYING)


def lock_placement(by: User, new: str) -> bool:
    """Locks the projects of these rows, and who is a member. True if everything is as it was when they were checked.

    Otherwise, the tasks of projects that are archived, deleted or no longer the person's go to the Inbox, and those of
    people who are no longer members are assigned to nobody.
    """
    used = "SELECT DISTINCT project.number, project.id FROM staged_task task JOIN staged_project project"
    places = dict(fetch(f"{used} ON project.number = task.project WHERE {new}"))
    if not places:
        return True
    standings = lock_standings(by, {pk for pk in places.values() if pk is not None})
    lost = [number for number, pk in places.items() if not _may_put(by, standings.get(pk))]
    if lost:
        numbers = ", ".join(map(str, lost))
        execute(f"UPDATE staged_task SET project = NULL WHERE project IN ({numbers})")  # noqa: S608 - numbers
    fetch(OF_MEMBERS.format(new) + locking("KEY SHARE OF member"))
    left = execute(
        f"UPDATE staged_task SET assigned_to_id = NULL WHERE number IN ({NOT_MEMBERS.format(new)})"  # noqa: S608 - ours
    )
    return not lost and not left


def _may_put(by: User, standing: Standing | None) -> bool:
    return standing is not None and not standing.is_archived and may_edit_tasks(by, standing.role)
