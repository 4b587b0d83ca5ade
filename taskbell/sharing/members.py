"""Who belongs to a project. Each verb checks its own rules."""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts.models import User
from taskbell.accounts.policy import Role
from taskbell.activity.actions import Entry, record_entries
from taskbell.activity.models import Subject, SubjectType
from taskbell.common.errors import Conflict, NotFound, invalid
from taskbell.common.locks import in_batches
from taskbell.common.values import read_choice, read_field
from taskbell.common.wording import grouped
from taskbell.projects.models import Membership, Project, ProjectRole
from taskbell.projects.policy import check_is_shared, check_may_manage
from taskbell.sharing.locks import lock_managed, lock_person, lock_project
from taskbell.sharing.notifications import notify_shared
from taskbell.tasks.assignees import unassign
from taskbell.tasks.models import Task, TaskQuerySet

MAX_MEMBERS = 1000  # of a project
TASKS_AT_ONCE = 500
read_role = partial(read_choice, choices=ProjectRole.values)
LAST_OWNER = gettext_noop(
    "Can't remove or change the last owner, because a project needs one. Make another member an owner first."
)
IS_MEMBER = gettext_noop("Can't add this person, because they are already a member. Change their role instead.")


@transaction.atomic
def add_member(pk: int, person_id: int, role: str, *, by: User, now: datetime) -> Membership:
    """Adds an active person and notifies them. Raises NotFound, NotAllowed, Invalid, Conflict."""
    person = lock_person(person_id)
    project = lock_managed(pk, by=by)
    role = read_field("role", read_role, role)
    if person is None:
        raise invalid("person", "does_not_exist", _("There is no active person with this id."))
    member = join(project, person, role, by=by, now=now)
    notify_shared([member], by=by, now=now)
    return member


def join(project: Project, person: User, role: str, *, by: User, now: datetime) -> Membership:
    """Makes the person a member of the project. Call it with both locked. Raises Conflict."""
    members = Membership.objects.filter(project=project)
    if members.filter(person=person).exists():
        raise Conflict(_(IS_MEMBER))
    if members.count() >= MAX_MEMBERS:
        raise Conflict(
            _("Can't add more people, because a project has at most %(members)s members.")
            % {"members": grouped(MAX_MEMBERS)}
        )
    member = Membership.objects.create(project=project, person=person, role=role, added_at=now)
    bump_access([person.pk])
    _record(member, "added", by=by, at=now, new=role)
    return member


def join_many(project: Project, roles: Mapping[int, str], *, by: User, now: datetime) -> None:
    """Makes active people members of a project that this transaction has created, and notifies them.

    `roles` are by person. Call it with these people locked.
    """
    new = [Membership(project=project, person_id=pk, role=role, added_at=now) for pk, role in roles.items()]
    members = Membership.objects.bulk_create(new)
    bump_access(roles)
    record_entries(_entry(member, "added", by=by, at=now, new=member.role) for member in members)
    notify_shared(members, by=by, now=now)


@transaction.atomic
def change_member(pk: int, person_id: int, role: str, *, by: User, now: datetime) -> Membership:
    """Gives the member another role. Raises NotFound, NotAllowed, Invalid, or Conflict for the last owner."""
    lock_person(person_id)
    project = lock_managed(pk, by=by)
    member = _find_member(project, person_id)
    role = read_field("role", read_role, role)
    if role != member.role:
        _keep_an_owner(member)
        _set_role(member, role, by=by, now=now)
    return member


def remove_member(pk: int, person_id: int, *, by: User, now: datetime) -> None:
    """Ends the membership of somebody, or one's own, and assigns the person's tasks there to nobody.

    Also finished tasks and those in the trash: their assignee would still see them. Very many are reassigned in batches
    first, so that others can write in between. Raises NotFound, NotAllowed, or Conflict for the last owner.
    """
    in_batches(lambda: _unassign_batch(pk, person_id, by=by, now=now))
    with transaction.atomic():
        member, tasks = _leaving(pk, person_id, by=by)
        unassign(list(tasks.all()), by=by, now=now)
        list(Membership.objects.select_for_update().filter(pk=member.pk))  # waits for those who assign tasks
        unassign(list(tasks.all()), by=by, now=now)
        _end(member, by=by, now=now)


@transaction.atomic
def _unassign_batch(pk: int, person_id: int, *, by: User, now: datetime) -> bool:
    """Reassigns a batch of the tasks, if there are many; True if it did."""
    _, tasks = _leaving(pk, person_id, by=by)
    some = list(tasks[: TASKS_AT_ONCE + 1])
    if len(some) <= TASKS_AT_ONCE:
        return False
    unassign(some, by=by, now=now)
    return True


def _leaving(pk: int, person_id: int, *, by: User) -> tuple[Membership, TaskQuerySet]:
    """The membership, if it may end, and the person's tasks in the project, which are locked when they are read."""
    lock_person(person_id)
    project = lock_project(pk, by=by)
    if person_id != by.pk:
        check_may_manage(by, project)
    member = _find_member(project, person_id)
    check_is_shared(project)
    _keep_an_owner(member)
    tasks = Task.objects.filter(project=project, assigned_to=person_id).order_by("pk")
    return member, tasks.select_for_update(no_key=True)


def end_memberships(person: User, *, by: User, now: datetime) -> None:
    """Ends the memberships of somebody who leaves; where they were the last owner, an ADMIN becomes one.

    Call it with the person deactivated. It locks the projects, so call it before locking tasks.
    """
    shared = Project.objects.filter(memberships__person=person, inbox_of=None).order_by("pk").values_list("pk")
    projects = Project.objects.select_for_update(no_key=True).filter(pk__in=shared).order_by("pk")
    for project in list(projects):
        member = _find_member(project, person.pk)
        if member.role == ProjectRole.OWNER and not _other_owners(member):
            _inherit(project, _heir(person, by=by), by=by, now=now)
        _end(member, by=by, now=now)


def bump_access(people: Collection[int]) -> None:
    """What these people can see changes: their cursors and cached answers are void."""
    User.objects.filter(pk__in=people).update(access_version=F("access_version") + 1)


def _heir(person: User, *, by: User) -> User:
    admins = User.objects.filter(role=Role.ADMIN, is_active=True).exclude(pk=person.pk).order_by("pk")
    return by if by.pk != person.pk else admins[0]  # the last ADMIN can't leave


def _inherit(project: Project, heir: User, *, by: User, now: datetime) -> None:
    member = Membership.objects.filter(project=project, person=heir).first()
    if member is None:
        join(project, heir, ProjectRole.OWNER, by=by, now=now)
    else:
        _set_role(member, ProjectRole.OWNER, by=by, now=now)


def _set_role(member: Membership, role: str, *, by: User, now: datetime) -> None:
    old, member.role = member.role, role
    member.save(update_fields=["role"])
    bump_access([member.person_id])
    _record(member, "updated", by=by, at=now, old=old, new=role)


def _end(member: Membership, *, by: User, now: datetime) -> None:
    Membership.objects.filter(pk=member.pk).delete()
    bump_access([member.person_id])
    _record(member, "removed", by=by, at=now, old=member.role)


def _find_member(project: Project, person_id: int) -> Membership:
    member = Membership.objects.filter(project=project, person=person_id).first()
    if member is None:
        raise NotFound
    return member


def _keep_an_owner(member: Membership) -> None:
    """Raises Conflict if this is the last owner. The lock on the project keeps two owners from leaving at once."""
    if member.role == ProjectRole.OWNER and not _other_owners(member):
        raise Conflict(_(LAST_OWNER))


def _other_owners(member: Membership) -> bool:
    owners = Membership.objects.filter(project=member.project_id, role=ProjectRole.OWNER, person__is_active=True)
    return owners.exclude(pk=member.pk).exists()


def _record(member: Membership, action: str, *, by: User, at: datetime, **values: Any) -> None:
    record_entries([_entry(member, action, by=by, at=at, **values)])


def _entry(
    member: Membership, action: str, *, by: User, at: datetime, old: str | None = None, new: str | None = None
) -> Entry:
    about = Subject(SubjectType.MEMBER, member.person_id)
    return Entry(None, action, by, at, "role", old, new, about=about, project_id=member.project_id)
