"""Creating and changing projects. Each verb checks its own rules."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from taskbell.accounts.models import User
from taskbell.activity.actions import record
from taskbell.activity.models import Subject, SubjectType
from taskbell.common.errors import refuse
from taskbell.common.values import read_boolean, read_choice, read_fields, read_line, read_text
from taskbell.projects.models import MAX_DESCRIPTION, MAX_NAME, Colour, Membership, Project, ProjectRole
from taskbell.projects.policy import check_is_shared, check_may_create_project, check_may_manage
from taskbell.sharing.locks import lock_project
from taskbell.sharing.members import bump_access
from taskbell.tasks.quotas import check_room_for
from taskbell.tasks.versions import Versions, check_version

RULES: Mapping[str, Callable[[Any], Any]] = {
    "name": partial(read_line, most=MAX_NAME),
    "description": partial(read_text, most=MAX_DESCRIPTION),
    "colour": partial(read_choice, choices=Colour.values),
    "archived": read_boolean,
}


@transaction.atomic
def create_project(fields: Mapping[str, Any], *, by: User, now: datetime) -> Project:
    """A new project with this person as its owner. Raises NotAllowed, Invalid, QuotaReached."""
    check_may_create_project(by)
    check_room_for("projects", by)
    values = _read({"name": ""} | dict(fields))
    archived_at = now if values.pop("archived", False) else None
    project = Project.objects.create(created_by=by, created_at=now, updated_at=now, archived_at=archived_at, **values)
    Membership.objects.create(project=project, person=by, role=ProjectRole.OWNER, added_at=now)
    bump_access([by.pk])
    project.viewer_role = ProjectRole.OWNER
    record_project(project, "created", by=by, at=now, new=_shown(project))
    return project


@transaction.atomic
def change_project(
    pk: int, changes: Mapping[str, Any], *, version: Versions = None, by: User, now: datetime
) -> Project:
    """Changes these fields; a value that the project already has is no change.

    Raises NotFound, NotAllowed, StaleVersion, Invalid, or Conflict for an Inbox.
    """
    project = lock_project(pk, by=by, exclusive="archived" in changes)
    check_may_manage(by, project)
    check_version(project.version, version, of="project")
    before = _shown(project)
    values = {name: value for name, value in _read(changes).items() if value != before[name]}
    if not values:
        return project
    check_is_shared(project)
    if "archived" in values:
        project.archived_at = now if values["archived"] else None
    for name in values.keys() - {"archived"}:
        setattr(project, name, values[name])
    write(project, now)
    for name, value in values.items():
        record_project(project, "updated", by=by, at=now, field=name, old=before[name], new=value)
    return project


def write(project: Project, now: datetime) -> None:
    """Saves a new version."""
    project.updated_at = now
    project.version += 1
    project.save(force_update=True)


def record_project(project: Project, action: str, *, by: User | None, at: datetime, **values: Any) -> None:
    """Writes an entry about the project."""
    record(Subject(SubjectType.PROJECT, project.pk), action, by=by, at=at, project_id=project.pk, **values)


def _read(fields: Mapping[str, Any]) -> dict[str, Any]:
    found, errors = read_fields(fields, RULES)
    refuse(errors.values())
    return found


def _shown(project: Project) -> dict[str, Any]:
    """The fields that people can change, as the history shows them."""
    return {
        "name": project.name,
        "description": project.description,
        "colour": project.colour,
        "archived": project.archived_at is not None,
    }
