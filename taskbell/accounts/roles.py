"""Who looks after people: roles, and people who leave."""

from datetime import datetime
from typing import Any

from django.db import transaction

from taskbell.accounts.actions import end_sessions, set_password
from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability, Role
from taskbell.accounts.profile import update_profile
from taskbell.common.errors import Conflict, NotAllowed, NotFound
from taskbell.common.locks import one_at_a_time


def check_may_manage(person: User, *, by: User) -> None:
    """Raises NotAllowed unless it is oneself or one manages people."""
    if by.pk != person.pk and not by.can(Capability.MANAGE_PEOPLE):
        raise NotAllowed("Only admins may see and change other people's accounts.")


def active_person(pk: int) -> User:
    """The person with profile. Raises NotFound."""
    person = User.objects.filter(pk=pk, is_active=True).select_related("profile").first()
    if person is None:
        raise NotFound
    return person


@transaction.atomic
def change_role(person: User, role: str, *, by: User) -> None:
    """Gives the person another role. Raises NotAllowed, or Conflict for the last ADMIN."""
    if person.role == role:
        return
    if not by.can(Capability.MANAGE_PEOPLE):
        raise NotAllowed("Only admins may change roles.")
    keep_an_admin(without=person)
    User.objects.filter(pk=person.pk).update(role=role)
    person.role = role


@transaction.atomic
def update_person(person: User, changes: dict[str, Any], *, by: User, now: datetime) -> User:
    """Changes names, address, password and role; a new password ends the sessions but the one that asks.

    Raises NotAllowed, Invalid, Conflict.
    """
    check_may_manage(person, by=by)
    rest = dict(changes)
    role, password = rest.pop("role", person.role), rest.pop("password", None)
    change_role(person, role, by=by)
    if password is not None:
        keep = by.session if by.pk == person.pk else None
        set_password(person, password, field="password", keep=keep, now=now)
    return update_profile(person, now=now, **rest)


@transaction.atomic
def leave(person: User, *, by: User, now: datetime) -> None:
    """Ends the account: its sessions end with it. Raises NotAllowed, or Conflict for the last ADMIN."""
    check_may_manage(person, by=by)
    keep_an_admin(without=person)
    User.objects.filter(pk=person.pk).update(is_active=False)
    person.is_active = False
    end_sessions(person, now=now, because="account deactivated")


def keep_an_admin(*, without: User) -> None:
    """Raises Conflict where nobody would be left to look after people; two who leave at once cannot both."""
    one_at_a_time("admins")
    others = User.objects.filter(role=Role.ADMIN, is_active=True).exclude(pk=without.pk)
    still_admin = User.objects.filter(pk=without.pk, role=Role.ADMIN, is_active=True).exists()
    if still_admin and not others.exists():
        raise Conflict("This is the last admin. Make somebody else admin first.")
