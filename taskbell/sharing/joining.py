"""Joining a project by email: the link in the email makes the owner of the address a member.

An account that has the address is not added at once: the list of members would tell whose address it is.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from taskbell.accounts.invites import INVITE_LIFETIME, id_in
from taskbell.accounts.models import User
from taskbell.common.errors import invalid
from taskbell.projects.models import Membership, Project, ProjectInvite
from taskbell.projects.policy import may_manage
from taskbell.sharing.locks import lock_person
from taskbell.sharing.members import join
from taskbell.sharing.notifications import SALT

NO_LONGER_VALID = "This invitation is no longer valid. Ask for a new one."


def make_project_invite(project: Project, email: str, role: str, *, by: User, now: datetime) -> ProjectInvite:
    """An invitation to the project, not emailed yet; it replaces an earlier one. Call it with the project locked."""
    ProjectInvite.objects.filter(Q(project=project, email=email) | Q(invited_by=by, expires_at__lte=now)).delete()
    expires_at = now + INVITE_LIFETIME
    return ProjectInvite.objects.create(
        project=project, email=email, role=role, invited_by=by, created_at=now, expires_at=expires_at
    )


def project_invite_of(token: str, *, now: datetime) -> ProjectInvite | None:
    """The valid invitation that a token belongs to, if any."""
    invite = ProjectInvite.objects.filter(pk=id_in(token, salt=SALT)).select_related("project", "invited_by").first()
    return invite if invite is not None and _is_valid(invite, now=now) else None


def _is_valid(invite: ProjectInvite, *, now: datetime) -> bool:
    """True until it expires, while the inviter may still manage the members of the project."""
    inviter, project = invite.invited_by, invite.project
    role = Membership.objects.filter(project=project, person=inviter).values_list("role", flat=True).first()
    return invite.expires_at > now and project.deleted_at is None and may_manage(inviter, role)


@transaction.atomic
def join_by_link(token: str, *, now: datetime) -> Membership:
    """Makes the owner of the address a member; works once. Raises Invalid, Conflict."""
    invite = project_invite_of(token, now=now)
    person = User.objects.filter(email=invite.email, is_active=True).first() if invite else None
    if invite is None or person is None:
        raise invalid("token", "invalid", NO_LONGER_VALID)
    return _accept(invite, person, now=now)


@transaction.atomic
def join_invited(person: User, *, now: datetime) -> None:
    """Makes a person who has registered by an invitation a member of the projects that they were invited to."""
    for invite in ProjectInvite.objects.filter(email=person.email).select_related("project", "invited_by"):
        if _is_valid(invite, now=now):
            _accept(invite, person, now=now)


def _accept(invite: ProjectInvite, person: User, *, now: datetime) -> Membership:
    is_active = lock_person(person.pk) is not None
    list(Project.objects.select_for_update(no_key=True).filter(pk=invite.project_id).values_list("pk"))
    if not is_active or not ProjectInvite.objects.filter(pk=invite.pk).delete()[0]:
        raise invalid("token", "invalid", NO_LONGER_VALID)
    return join(invite.project, person, invite.role, by=person, now=now)
