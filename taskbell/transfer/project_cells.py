"""The project that a row names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts.names import MAX_ADDRESS
from taskbell.common.values import BadValue, read_line
from taskbell.common.wording import grouped
from taskbell.sharing.members import MAX_MEMBERS, read_role
from taskbell.sharing.projects import RULES
from taskbell.transfer.objects import Readers, read_members

MAX_FILE_ID = 255  # characters of a project's id in its file
PROJECT = gettext_noop("A project has the fields %(members)s.")
MEMBER = gettext_noop("A member has the fields %(members)s.")


@dataclass(frozen=True)
class ProjectRow:
    """A project as a row names it. `id` only tells two projects of one name apart; `members` are names with roles."""

    name: str
    id: str = ""
    details: Mapping[str, Any] = field(default_factory=dict, compare=False)
    members: tuple[tuple[str, str], ...] = field(default=(), compare=False)


def read_project(value: Any) -> ProjectRow:
    """A name, or an object. Raises BadValue."""
    if not isinstance(value, dict):
        return ProjectRow(RULES["name"](value))
    found = read_members(value, OF_A_PROJECT, PROJECT)
    if "name" not in found:
        raise BadValue(_("A project needs a name."), "required")
    name, pk, members = found.pop("name"), found.pop("id", ""), found.pop("members", ())
    return ProjectRow(name, pk, found, members)


def _read_file_id(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return read_line(value, most=MAX_FILE_ID)


def _read_people(value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, list) or len(value) > MAX_MEMBERS:
        raise BadValue(_("Must be a list of at most %(most)s members.") % {"most": grouped(MAX_MEMBERS)})
    found = [read_members(one, OF_A_MEMBER, MEMBER) for one in value]
    if any(len(one) < len(OF_A_MEMBER) for one in found):
        raise BadValue(_("A member needs a person and a role."), "required")
    return tuple((one["person"], one["role"]) for one in found)


OF_A_MEMBER: Readers = {"person": partial(read_line, most=MAX_ADDRESS), "role": read_role}
OF_A_PROJECT: Readers = {"id": _read_file_id, **RULES, "members": _read_people}
