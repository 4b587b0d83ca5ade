"""The signed link of an invitation, and when it is valid."""

from datetime import datetime, timedelta

from django.core import signing

from taskbell.accounts.models import Invite, User
from taskbell.accounts.policy import INVITES, Capability

INVITE_LIFETIME = timedelta(days=7)
SALT = "taskbell.accounts.invites"


def may_invite(person: User, role: str) -> bool:
    """True if the person may invite people with this role."""
    return person.can(Capability.INVITE) and role in INVITES[person.role]


def is_valid(invite: Invite, *, now: datetime) -> bool:
    """True until it expires, while the inviter may still invite people with this role."""
    return invite.expires_at > now and may_invite(invite.invited_by, invite.role)


def token_of(invite_id: int, *, salt: str = SALT) -> str:
    """The token in the link of an invitation; each kind of invitation has its salt."""
    return signing.Signer(salt=salt).sign(str(invite_id))


def id_in(token: str, *, salt: str = SALT) -> int:
    """The id of the invitation that a token belongs to; 0, which none has, if the token is not ours."""
    try:
        return int(signing.Signer(salt=salt).unsign(token))
    except (signing.BadSignature, ValueError):
        return 0


def invite_of(token: str, *, now: datetime) -> Invite | None:
    """The valid invitation that a token belongs to, if any."""
    invite = Invite.objects.filter(pk=id_in(token), accepted_at=None).select_related("invited_by").first()
    return invite if invite is not None and is_valid(invite, now=now) else None
