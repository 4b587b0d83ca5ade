"""Invitations: a signed link that lets one person in, with the role that was chosen for them."""

from datetime import datetime, timedelta

from django.core import signing

from taskbell.accounts.models import Invite, User
from taskbell.accounts.policy import INVITES, Capability
from taskbell.accounts.validation import check_email
from taskbell.common.errors import Conflict, NotAllowed, NotFound, invalid

LIFETIME = timedelta(days=7)
SALT = "taskbell.accounts.invites"


def make_invite(email: str, role: str, *, by: User, now: datetime) -> Invite:
    """An invitation by somebody who may give away this role. Raises NotAllowed, Invalid, Conflict."""
    if not by.can(Capability.INVITE) or role not in INVITES[by.role]:
        raise NotAllowed("Your role does not let you invite people as this.")
    address = check_email(email)
    if User.objects.filter(email=address).exists():
        raise Conflict("There is already an account with this e-mail address.")
    return Invite.objects.create(email=address, role=role, invited_by=by, created_at=now, expires_at=now + LIFETIME)


def invites_seen_by(person: User) -> "list[Invite]":
    """The invitations that are still open: one's own, and for those who manage people all of them."""
    if not person.can(Capability.INVITE):
        raise NotAllowed("Your role does not let you invite people.")
    open_invites = Invite.objects.filter(accepted_at=None)
    mine = open_invites if person.can(Capability.MANAGE_PEOPLE) else open_invites.filter(invited_by=person)
    return list(mine)


def withdraw_invite(pk: int, *, by: User) -> None:
    """Makes the link useless. Raises NotAllowed, NotFound."""
    if pk not in {invite.pk for invite in invites_seen_by(by)}:
        raise NotFound
    Invite.objects.filter(pk=pk, accepted_at=None).delete()


def token_of(invite_id: int) -> str:
    """The word in the link."""
    return signing.Signer(salt=SALT).sign(str(invite_id))


def invite_of(token: str, *, now: datetime) -> Invite | None:
    """The invitation that the word still opens."""
    try:
        pk = int(signing.Signer(salt=SALT).unsign(token))
    except (signing.BadSignature, ValueError):
        return None
    return Invite.objects.filter(pk=pk, accepted_at=None, expires_at__gt=now).first()


def accept_invite(token: str, *, email: str, now: datetime) -> str:
    """Uses the invitation up and returns its role; it works once. Raises Invalid."""
    invite = invite_of(token, now=now)
    if invite is None or not Invite.objects.filter(pk=invite.pk, accepted_at=None).update(accepted_at=now):
        raise invalid("invite", "invalid", "This invitation is not valid any more. Ask for a new one.")
    if invite.email != email:
        raise invalid("email", "not_invited", "The invitation is for another e-mail address.")
    return invite.role
