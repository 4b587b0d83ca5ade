"""Joining a project by email: the link in the email makes the owner of the address a member.

An account that has the address is not added at once: the list of members would tell whose address it is. For the same
reason, invitations to addresses with and without an account look the same, and stay until they are accepted, withdrawn
or expired. The history names no address: all members can read it, and it can't be removed.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts.invites import INVITE_LIFETIME, id_in
from taskbell.accounts.models import User
from taskbell.common.errors import NotFound, invalid
from taskbell.projects.models import Membership, Project, ProjectInvite
from taskbell.projects.policy import may_manage
from taskbell.sharing.locks import lock_managed, lock_person
from taskbell.sharing.members import join
from taskbell.sharing.notifications import SALT
from taskbell.sharing.projects import record_project

INVITER_ROLE = "inviter_role"
NO_LONGER_VALID = gettext_noop("This invitation is no longer valid. Ask for a new one.")


def make_project_invite(project: Project, email: str, role: str, *, by: User, now: datetime) -> ProjectInvite:
    """An invitation to the project, not emailed yet; it replaces an earlier one. Call it with the project locked."""
    ProjectInvite.objects.filter(Q(project=project, email=email) | Q(invited_by=by, expires_at__lte=now)).delete()
    expires_at = now + INVITE_LIFETIME
    record_project(project, "invited", by=by, at=now, field="role", new=role)
    return ProjectInvite.objects.create(
        project=project, email=email, role=role, invited_by=by, created_at=now, expires_at=expires_at
    )


def project_invite_of(token: str, *, now: datetime) -> ProjectInvite | None:
    """The valid invitation that a token belongs to, if any."""
    return next(iter(_valid(_invites().filter(pk=id_in(token, salt=SALT)), now=now)), None)


def invites_to(project: Project, *, now: datetime) -> list[ProjectInvite]:
    """The valid invitations to the project, oldest first."""
    return _valid(_invites().filter(project=project).order_by("pk"), now=now)


def _invites() -> QuerySet[ProjectInvite]:
    """Invitations with the project, and with the inviter and their role in it."""
    role = Membership.objects.filter(project=OuterRef("project"), person=OuterRef("invited_by")).values("role")
    return ProjectInvite.objects.select_related("project", "invited_by").annotate(**{INVITER_ROLE: Subquery(role)})


def _valid(invites: QuerySet[ProjectInvite], *, now: datetime) -> list[ProjectInvite]:
    """Those that have not expired, and whose inviter may still manage the members of the project."""
    waiting = invites.filter(expires_at__gt=now, project__deleted_at=None)
    return [invite for invite in waiting if may_manage(invite.invited_by, invite.inviter_role)]


@transaction.atomic
def withdraw_project_invite(pk: int, invite_id: int, *, by: User, now: datetime) -> None:
    """Deletes the invitation, so that its link stops working. Raises NotFound, NotAllowed, Conflict."""
    project = lock_managed(pk, by=by)
    if not withdraw_invites(ProjectInvite.objects.filter(pk=invite_id, project=project), by=by, now=now):
        raise NotFound


def withdraw_invites(invites: QuerySet[ProjectInvite], *, by: User, now: datetime) -> int:
    """Deletes these invitations. Returns how many there were."""
    withdrawn = list(invites.select_related("project").select_for_update(of=("self",)))
    ProjectInvite.objects.filter(pk__in=[invite.pk for invite in withdrawn]).delete()
    for invite in withdrawn:
        record_project(invite.project, "uninvited", by=by, at=now, field="role", old=invite.role)
    return len(withdrawn)


@transaction.atomic
def join_by_link(token: str, *, now: datetime) -> Membership:
    """Makes the owner of the address a member; works once. Raises Invalid, Conflict."""
    invite = project_invite_of(token, now=now)
    person = User.objects.filter(email=invite.email, is_active=True).first() if invite else None
    if invite is None or person is None:
        raise invalid("token", "invalid", _(NO_LONGER_VALID))
    return _accept(invite, person, now=now)


@transaction.atomic
def join_invited(person: User, *, now: datetime) -> None:
    """Makes a person who has registered by an invitation a member of the projects that they were invited to."""
    for invite in _valid(_invites().filter(email=person.email), now=now):
        _accept(invite, person, now=now)


def _accept(invite: ProjectInvite, person: User, *, now: datetime) -> Membership:
    is_active = lock_person(person.pk) is not None
    list(Project.objects.select_for_update(no_key=True).filter(pk=invite.project_id).values_list("pk"))
    if not is_active or not ProjectInvite.objects.filter(pk=invite.pk).delete()[0]:
        raise invalid("token", "invalid", _(NO_LONGER_VALID))
    return join(invite.project, person, invite.role, by=person, now=now)
