"""What members may do in a project. People who may edit everything need no membership."""

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.projects.models import EDITORS


def may_edit_tasks(person: User, role: str | None) -> bool:
    """True for people who may change every task of a project in which they have this role."""
    return person.can(Capability.EDIT_EVERYTHING) or (role in EDITORS and person.can(Capability.CREATE_TASKS))
