"""What members may do in a project. People who may edit everything need no membership."""

from django.db.models import Q
from django.utils.translation import gettext as _

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.common.errors import Conflict, NotAllowed
from taskbell.projects.models import EDITORS, Project, ProjectRole


def may_edit_tasks(person: User, role: str | None) -> bool:
    """True for people who may change every task of a project in which they have this role."""
    return person.can(Capability.EDIT_EVERYTHING) or (role in EDITORS and person.can(Capability.CREATE_TASKS))


def may_manage(person: User, role: str | None) -> bool:
    """True for people who may change, archive and delete a project with this role, and manage its members."""
    return person.can(Capability.EDIT_EVERYTHING) or (role == ProjectRole.OWNER and person.can(Capability.CREATE_TASKS))


def managed_by(person: User) -> Q:
    """The condition that a project is one for which `may_manage` is true."""
    if person.can(Capability.EDIT_EVERYTHING):
        return Q()
    own = Q(memberships__person=person, memberships__role=ProjectRole.OWNER)
    return own if person.can(Capability.CREATE_TASKS) else Q(pk__in=[])


def check_may_create_project(person: User) -> None:
    """Raises NotAllowed for people who may only work on tasks assigned to them."""
    if not person.can(Capability.CREATE_TASKS):
        raise NotAllowed(_("Your role does not let you create projects."))


def check_may_manage(person: User, project: Project) -> None:
    """Raises NotAllowed unless the person may manage the project, which was found `with_role` of this person."""
    if not may_manage(person, project.viewer_role):
        raise NotAllowed(_("Only its owners can change this project and its members."))


def check_is_shared(project: Project) -> None:
    """Raises Conflict for an Inbox."""
    if project.inbox_of_id is not None:
        raise Conflict(
            _("Can't change an Inbox: it belongs to one person and stays as it is. Create a project instead.")
        )
