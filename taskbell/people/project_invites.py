"""Adding somebody to a project by their email address."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts import throttle
from taskbell.accounts.invites import may_invite
from taskbell.accounts.models import Invite, User
from taskbell.accounts.policy import Capability, Role
from taskbell.accounts.validation import check_email
from taskbell.common.errors import Conflict
from taskbell.common.values import read_field
from taskbell.common.wording import grouped
from taskbell.people.invitations import has_open_invitation, make_invite
from taskbell.people.notifications import mail_invite
from taskbell.projects.models import Membership, ProjectInvite
from taskbell.projects.policy import check_may_manage
from taskbell.sharing.joining import make_project_invite
from taskbell.sharing.locks import lock_managed, visible_project
from taskbell.sharing.members import add_member, read_role
from taskbell.sharing.notifications import mail_project_invite

TOO_MANY = gettext_noop(
    "Can't invite more people to projects, because {} of your invitations are open. Withdraw some first."
)


@transaction.atomic
def add_by_email(pk: int, email: str, role: str, *, by: User, now: datetime) -> Membership | None:
    """Emails a link by which the owner of the address joins the project. Returns None.

    An address without an account gets a link to create one if `by` may invite people, and otherwise no email. The
    outcome never tells which it was (decision 0047). Only people who see addresses add the owner of an account at once;
    they get the membership. Raises NotFound, NotAllowed, Invalid, Conflict, TooMany.
    """
    check_may_manage(by, visible_project(pk, to=by))
    address, role = check_email(email), read_field("role", read_role, role)
    person = User.objects.filter(email=address).first()
    if person and person.is_active and by.can(Capability.MANAGE_PEOPLE):
        return add_member(pk, person.pk, role, by=by, now=now)
    throttle.count(*throttle.invitation(address, by=by.pk), now=now)
    _check_quota(by, now=now)
    project = lock_managed(pk, by=by)
    made = make_project_invite(project, address, role, by=by, now=now)
    account = _invite(address, by=by, now=now)
    if person is None:
        if account is not None:
            mail_invite(account, project=project.name, by=by, now=now)
    elif person.is_active and not Membership.objects.filter(project=project, person=person).exists():
        mail_project_invite(made, by=by, now=now)
    return None


def _invite(address: str, *, by: User, now: datetime) -> Invite | None:
    """An invitation to Taskbell, which leads to the project too; None if one is open, or the person may not invite.

    Also for an address that has an account: in the list of their invitations, managers see no difference.
    """
    if not may_invite(by, Role.MEMBER) or has_open_invitation(address, now=now):
        return None
    return make_invite(address, Role.MEMBER, by=by, now=now)


def _check_quota(by: User, *, now: datetime) -> None:
    most, waiting = settings.TASKBELL_QUOTAS["invitations"], ProjectInvite.objects.filter(invited_by=by)
    if not by.can(Capability.MANAGE_PEOPLE) and waiting.filter(expires_at__gt=now).count() >= most:
        raise Conflict(_(TOO_MANY).format(grouped(most)))
