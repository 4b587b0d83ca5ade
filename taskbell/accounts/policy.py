"""Roles grant capabilities. Code checks the capability, never the role."""

from enum import StrEnum, auto

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    """A person's role in this installation. Everyone has exactly one."""

    ADMIN = "ADMIN", _("Admin")
    MANAGER = "MANAGER", _("Manager")
    MEMBER = "MEMBER", _("Member")
    INTERN = "INTERN", _("Intern")


ROLES = Role.values


class Capability(StrEnum):
    """A permission beyond those on one's own tasks."""

    SEE_EVERYTHING = auto()
    EDIT_EVERYTHING = auto()
    CREATE_TASKS = auto()
    CREATE_CATEGORIES = auto()
    CHANGE_CATEGORIES = auto()
    INVITE = auto()
    MANAGE_PEOPLE = auto()


CAPABILITIES: dict[str, frozenset[Capability]] = {
    Role.ADMIN: frozenset(Capability),
    Role.MANAGER: frozenset(Capability) - {Capability.MANAGE_PEOPLE},
    Role.MEMBER: frozenset({Capability.CREATE_TASKS, Capability.CREATE_CATEGORIES}),
    Role.INTERN: frozenset(),
}


# The roles that each role may invite people with.
INVITES: dict[str, frozenset[str]] = {
    Role.ADMIN: frozenset(Role),
    Role.MANAGER: frozenset({Role.MEMBER, Role.INTERN}),
    Role.MEMBER: frozenset(),
    Role.INTERN: frozenset(),
}
