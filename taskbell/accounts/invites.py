"""Invitations: a signed link that lets one person in, with the role that was chosen for them."""

from datetime import datetime, timedelta

from django.core import signing
from django.db.models import QuerySet

from taskbell.accounts.models import Invite, User
from taskbell.accounts.policy import INVITES, Capability
from taskbell.accounts.validation import check_email
from taskbell.common.errors import Conflict, NotAllowed, NotFound, invalid

LIFETIME = timedelta(days=7)
SALT = "taskbell.accounts.invites"


def make_invite(email: str, role: str, *, by: User, now: datetime) -> Invite:
    """An invitation by somebody who may give away this role. Raises NotAllowed, Invalid, Conflict."""
    if not _may_invite(by, role):
        raise NotAllowed("Your role does not let you invite people as this.")
    address = check_email(email)
    if User.objects.filter(email=address).exists():
        raise Conflict("There is already an account with this e-mail address.")
    return Invite.objects.create(email=address, role=role, invited_by=by, created_at=now, expires_at=now + LIFETIME)


def invites_seen_by(person: User, *, now: datetime) -> list[Invite]:
    """The invitations that still let somebody in: one's own, and for those who manage people all of them."""
    return [invite for invite in _within_reach(person).select_related("invited_by") if _counts(invite, now=now)]


def withdraw_invite(pk: int, *, by: User) -> None:
    """Makes the link useless. Raises NotAllowed, NotFound."""
    if not _within_reach(by).filter(pk=pk).delete()[0]:
        raise NotFound


def _within_reach(person: User) -> QuerySet[Invite]:
    """The invitations nobody has accepted that the person may withdraw. Raises NotAllowed."""
    if not person.can(Capability.INVITE):
        raise NotAllowed("Your role does not let you invite people.")
    waiting = Invite.objects.filter(accepted_at=None)
    return waiting if person.can(Capability.MANAGE_PEOPLE) else waiting.filter(invited_by=person)


def _may_invite(person: User, role: str) -> bool:
    return person.can(Capability.INVITE) and role in INVITES[person.role]


def _counts(invite: Invite, *, now: datetime) -> bool:
    """True until it expires, while whoever has sent it may still give away this role."""
    return invite.expires_at > now and _may_invite(invite.invited_by, invite.role)


def token_of(invite_id: int) -> str:
    """The word in the link."""
    return signing.Signer(salt=SALT).sign(str(invite_id))


def invite_of(token: str, *, now: datetime) -> Invite | None:
    """The invitation that the word still opens."""
    try:
        pk = int(signing.Signer(salt=SALT).unsign(token))
    except (signing.BadSignature, ValueError):
        return None
    invite = Invite.objects.filter(pk=pk, accepted_at=None).select_related("invited_by").first()
    return invite if invite is not None and _counts(invite, now=now) else None


def accept_invite(token: str, *, email: str, now: datetime) -> str:
    """Uses the invitation up and returns its role; it works once. Raises Invalid."""
    invite = invite_of(token, now=now)
    if invite is None or not Invite.objects.filter(pk=invite.pk, accepted_at=None).update(accepted_at=now):
        raise invalid("invite", "invalid", "This invitation is not valid any more. Ask for a new one.")
    if invite.email != email:
        raise invalid("email", "not_invited", "The invitation is for another e-mail address.")
    return invite.role
