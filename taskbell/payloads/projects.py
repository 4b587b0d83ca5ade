"""Projects and their members as JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, TypedDict

from taskbell.payloads import payload_of
from taskbell.projects.models import MAX_NAME, Colour, Membership, Project, ProjectInvite, ProjectRole
from taskbell.tasks.counting import OpenCount, open_counts

ROLE = {"enum": ProjectRole.values}


class ProjectCounts(TypedDict):
    """How many tasks of a project are open, and how many of those are overdue."""

    open: int
    overdue: int


class ProjectOut(TypedDict):
    """A project."""

    id: int
    name: Annotated[str, {"maxLength": MAX_NAME}]
    description: str
    colour: Annotated[str, {"enum": Colour.values}]
    archived_at: datetime | None
    deleted_at: Annotated[datetime | None, "When it was put in the trash."]
    created_by: int
    created_at: datetime
    updated_at: datetime
    version: int
    role: Annotated[str | None, ROLE, "Yours. Null: you don't belong to it."]
    is_inbox: Annotated[bool, "True for the private list that each person has."]
    counts: ProjectCounts


class MemberOut(TypedDict):
    """A person who belongs to a project."""

    person: int
    username: str
    first_name: str
    last_name: str
    role: Annotated[str, ROLE]
    added_at: datetime


class ProjectInviteOut(TypedDict):
    """An invitation to a project that nobody has accepted yet."""

    id: int
    email: str
    role: Annotated[str, ROLE]
    invited_by: int
    created_at: datetime
    expires_at: datetime


def projects_as_json(projects: Sequence[Project]) -> list[ProjectOut]:
    """The projects, found `with_role`, with the counts of their tasks, in one query."""
    counts = open_counts([project.pk for project in projects])
    return [_project_as_json(project, counts[project.pk]) for project in projects]


def _project_as_json(project: Project, open_count: OpenCount) -> ProjectOut:
    is_inbox, counts = project.inbox_of_id is not None, open_count._asdict()
    return payload_of(ProjectOut, project, role=project.viewer_role, is_inbox=is_inbox, counts=counts)


def member_as_json(member: Membership) -> MemberOut:
    """The member, loaded with the person."""
    names = {name: getattr(member.person, name) for name in ("username", "first_name", "last_name")}
    return payload_of(MemberOut, member, **names)


def project_invite_as_json(invite: ProjectInvite) -> ProjectInviteOut:
    """The invitation. Only for people who may withdraw it."""
    return payload_of(ProjectInviteOut, invite)
