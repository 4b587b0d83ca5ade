"""Inviting people: an email with a link that lets one person in, with the role chosen for them."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts import throttle
from taskbell.accounts.invites import INVITE_LIFETIME, invite_of, is_valid, may_invite
from taskbell.accounts.models import Invite, User
from taskbell.accounts.policy import Capability
from taskbell.accounts.validation import EMAIL_TAKEN, check_email
from taskbell.activity.actions import record
from taskbell.activity.models import Subject, SubjectType
from taskbell.common.errors import Conflict, NotAllowed, NotFound, invalid
from taskbell.common.locks import one_at_a_time
from taskbell.common.wording import grouped
from taskbell.people.notifications import mail_account_exists, mail_invite
from taskbell.projects.models import ProjectInvite
from taskbell.sharing.joining import withdraw_invites

OPEN_INVITATION = gettext_noop(
    "Can't invite this address, because it has an open invitation. Withdraw that first, or wait until it expires."
)


@transaction.atomic
def invite(email: str, role: str, *, by: User, now: datetime) -> Invite:
    """Emails a link that lets one person in, with this role. Raises NotAllowed, Invalid, Conflict, TooMany."""
    made = make_invite(email, role, by=by, now=now)
    throttle.count(*throttle.invitation(made.email, by=by.pk), now=now)
    if User.objects.filter(email=made.email).exists():
        mail_account_exists(made.email, now=now)
    else:
        mail_invite(made, by=by, now=now)
    return made


@transaction.atomic
def make_invite(email: str, role: str, *, by: User, now: datetime) -> Invite:
    """An invitation, not emailed yet. Raises NotAllowed, Invalid, Conflict.

    Only those who see addresses learn that one is taken; for the others, its owner gets another email.
    """
    if not may_invite(by, role):
        raise NotAllowed(_("Your role does not allow you to invite people with this role."))
    address = check_email(email)
    if by.can(Capability.MANAGE_PEOPLE) and User.objects.filter(email=address).exists():
        raise Conflict(_(EMAIL_TAKEN))
    one_at_a_time(f"invite {address}")  # so that two invitations can't be sent at once
    if has_open_invitation(address, now=now):
        raise Conflict(_(OPEN_INVITATION))
    waiting = Invite.objects.filter(invited_by=by, accepted_at=None, expires_at__gt=now)
    most = settings.TASKBELL_QUOTAS["invitations"]
    if not by.can(Capability.MANAGE_PEOPLE) and waiting.count() >= most:
        raise Conflict(
            _("Can't invite more people, because %(most)s of your invitations are open. Withdraw some first.")
            % {"most": grouped(most)}
        )
    made = Invite.objects.create(
        email=address, role=role, invited_by=by, created_at=now, expires_at=now + INVITE_LIFETIME
    )
    subject = Subject(SubjectType.INVITATION, made.pk)
    record(subject, "created", by=by, at=now, new={"email": address, "role": role})
    return made


def has_open_invitation(address: str, *, now: datetime) -> bool:
    """True while an invitation to the address is valid."""
    to_them = Invite.objects.filter(email=address, accepted_at=None).select_related("invited_by")
    return any(is_valid(invite, now=now) for invite in to_them)


def invites_seen_by(person: User, *, now: datetime) -> list[Invite]:
    """The valid invitations the person may withdraw: their own, or all if they manage people."""
    return [invite for invite in _within_reach(person).select_related("invited_by") if is_valid(invite, now=now)]


@transaction.atomic
def withdraw_invite(pk: int, *, by: User, now: datetime) -> None:
    """Deletes the invitation, so that its link stops working. Raises NotAllowed, NotFound."""
    invite = _within_reach(by).filter(pk=pk).first()
    if invite is None:
        raise NotFound
    of_projects = ProjectInvite.objects.filter(email=invite.email, invited_by=invite.invited_by_id)
    withdraw_invites(of_projects, by=by, now=now)
    invite.delete()
    record(Subject(SubjectType.INVITATION, pk), "withdrawn", by=by, at=now)


def _within_reach(person: User) -> QuerySet[Invite]:
    """The unaccepted invitations the person may withdraw. Raises NotAllowed."""
    if not person.can(Capability.INVITE):
        raise NotAllowed(_("Your role does not allow you to invite people."))
    waiting = Invite.objects.filter(accepted_at=None)
    return waiting if person.can(Capability.MANAGE_PEOPLE) else waiting.filter(invited_by=person)


def accept_invite(token: str, *, email: str, now: datetime) -> Invite:
    """Marks the invitation as accepted, which works once. Raises Invalid."""
    invite = invite_of(token, now=now)
    if invite is None or not Invite.objects.filter(pk=invite.pk, accepted_at=None).update(accepted_at=now):
        raise invalid("invite", "invalid", _("This invitation is no longer valid. Ask for a new one."))
    if invite.email != email:
        raise invalid("email", "not_invited", _("This invitation is for another email address."))
    return invite
