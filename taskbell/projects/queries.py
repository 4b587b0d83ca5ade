"""The roles of people in projects, locked for verbs that write there."""

from collections.abc import Collection
from typing import NamedTuple

from taskbell.accounts.models import User
from taskbell.common.sql import fetch, locking, marks

STANDINGS = """
SELECT project.id, name, inbox_of_id, archived_at IS NOT NULL, role
FROM projects_project AS project
LEFT JOIN projects_membership AS membership ON project_id = project.id AND person_id = %s
WHERE deleted_at IS NULL AND (inbox_of_id = %s OR project.id IN ({marks})) ORDER BY project.id
"""
MEMBERS = (
    "SELECT project_id, person_id FROM projects_membership WHERE project_id IN ({}) AND person_id IN ({}) ORDER BY id"
)


class Standing(NamedTuple):
    """A project and a person's role in it; no `role` if they don't belong to it."""

    id: int
    name: str
    inbox_of: int | None
    is_archived: bool
    role: str | None


def lock_standings(person: User, projects: Collection[int]) -> dict[int, Standing]:
    """The person's standing in these projects and in their own Inbox, by project id, without those in the trash.

    None of the projects is archived or deleted until the transaction ends.
    """
    ids = sorted(projects) or [0]
    rows = fetch(STANDINGS.format(marks=marks(ids)) + locking("KEY SHARE OF project"), [person.pk, person.pk, *ids])
    return {row[0]: Standing(*row) for row in rows}


def lock_members(projects: Collection[int], people: Collection[int]) -> set[tuple[int, int]]:
    """Pairs of these projects and people that are memberships. None of them ends until the transaction does."""
    if not projects or not people:
        return set()
    some, others = sorted(projects), sorted(people)
    return set(fetch(MEMBERS.format(marks(some), marks(others)) + locking("KEY SHARE"), [*some, *others]))
