"""Roles, and who may manage whom."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability, Role
from taskbell.activity.actions import record
from taskbell.activity.models import Subject, SubjectType
from taskbell.common.errors import Conflict, NotAllowed, NotFound
from taskbell.common.locks import one_at_a_time
from taskbell.people.notifications import notify_owner


def check_may_manage(person: User, *, by: User) -> None:
    """Raises NotAllowed unless `by` is the person or manages people."""
    if by.pk != person.pk and not by.can(Capability.MANAGE_PEOPLE):
        raise NotAllowed(_("Only admins may see and change other people's accounts."))


def active_person(pk: int) -> User:
    """The person, with their profile. Raises NotFound."""
    person = User.objects.filter(pk=pk, is_active=True).select_related("profile").first()
    if person is None:
        raise NotFound
    return person


def check_may_give(person: User, role: str, *, by: User) -> None:
    """Raises NotAllowed unless the person has the role already or `by` manages people."""
    if person.role != role and not by.can(Capability.MANAGE_PEOPLE):
        raise NotAllowed(_("Only admins may change roles."))


@transaction.atomic
def change_role(person: User, role: str, *, by: User, now: datetime) -> None:
    """Gives the person another role. Raises NotAllowed, or Conflict for the last ADMIN."""
    check_may_give(person, role, by=by)
    if person.role == role:
        return
    keep_an_admin(without=person)
    User.objects.filter(pk=person.pk).update(role=role)
    subject = Subject(SubjectType.PERSON, person.pk)
    record(subject, "updated", by=by, at=now, field="role", old=person.role, new=role)
    person.role = role
    notify_owner(person, "role", by=by, new=person.role.capitalize(), now=now)


def keep_an_admin(*, without: User) -> None:
    """Raises Conflict if `without` is the last ADMIN. Takes a lock, so that the last two can't both leave."""
    one_at_a_time("admins")
    others = User.objects.filter(role=Role.ADMIN, is_active=True).exclude(pk=without.pk)
    still_admin = User.objects.filter(pk=without.pk, role=Role.ADMIN, is_active=True).exists()
    if still_admin and not others.exists():
        raise Conflict(_("This is the last admin. Make someone else an admin first."))
