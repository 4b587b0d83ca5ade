"""People, their sessions and invitations as JSON."""

from datetime import datetime, time
from typing import Annotated, NotRequired, TypedDict
from uuid import UUID

from taskbell.accounts.models import Invite, Session, User
from taskbell.accounts.policy import ROLES, Capability
from taskbell.accounts.preferences import MAIL_SWITCHES

EMAIL = {"format": "email"}


class PersonOut(TypedDict):
    """A person who has just registered."""

    id: int
    username: Annotated[str, {"maxLength": 254}]
    email: Annotated[str, EMAIL, {"maxLength": 254}]
    first_name: Annotated[str, {"maxLength": 150}]
    last_name: Annotated[str, {"maxLength": 150}]


class DirectoryOut(TypedDict):
    """A person as others see them."""

    id: int
    username: str
    first_name: str
    last_name: str
    email: NotRequired[Annotated[str, EMAIL, "For admins, and of yourself."]]
    role: NotRequired[Annotated[str, {"enum": ROLES}, "For admins, and of yourself."]]


class ProfileOut(TypedDict):
    """Your account and settings."""

    id: int
    username: str
    email: Annotated[str, EMAIL]
    first_name: str
    last_name: str
    role: Annotated[str, {"enum": ROLES}]
    timezone: str
    language: str
    digest_enabled: bool
    digest_at: time
    avatar_colour: str
    mail_preferences: dict[str, bool]
    quiet_from: time | None
    quiet_until: time | None
    quiet_reminders: bool


class SessionOut(TypedDict):
    """A place where you are signed in."""

    id: UUID
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    address: Annotated[str, {"maxLength": 64}]
    user_agent: Annotated[str, {"maxLength": 200}]
    is_current: bool


class InviteOut(TypedDict):
    """An open invitation."""

    id: int
    email: Annotated[str, EMAIL, {"maxLength": 254}]
    role: Annotated[str, {"enum": ROLES}]
    invited_by: int
    created_at: datetime
    expires_at: datetime


def person_as_json(person: User) -> PersonOut:
    """The person, for themselves."""
    return {
        "id": person.pk,
        "username": person.username,
        "email": person.email,
        "first_name": person.first_name,
        "last_name": person.last_name,
    }


def directory_as_json(person: User, *, to: User) -> DirectoryOut:
    """The person; address and role only for themselves and for those who manage people."""
    shown: DirectoryOut = {
        "id": person.pk,
        "username": person.username,
        "first_name": person.first_name,
        "last_name": person.last_name,
    }
    if person.pk == to.pk or to.can(Capability.MANAGE_PEOPLE):
        shown |= {"email": person.email, "role": person.role}
    return shown


def profile_as_json(person: User) -> ProfileOut:
    """The person's account and settings, for themselves."""
    profile = person.profile
    return {
        "id": person.pk,
        "username": person.username,
        "email": person.email,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "role": person.role,
        "timezone": profile.timezone,
        "language": profile.language,
        "digest_enabled": profile.digest_enabled,
        "digest_at": profile.digest_at,
        "avatar_colour": profile.avatar_colour,
        "mail_preferences": {kind: profile.wants(kind) for kind in MAIL_SWITCHES},
        "quiet_from": profile.quiet_from,
        "quiet_until": profile.quiet_until,
        "quiet_reminders": profile.quiet_reminders,
    }


def session_as_json(session: Session, *, current: Session) -> SessionOut:
    """The session, for the person who has it."""
    return {
        "id": session.pk,
        "created_at": session.created_at,
        "last_used_at": session.last_used_at,
        "expires_at": session.expires_at,
        "address": session.address,
        "user_agent": session.user_agent,
        "is_current": session.pk == current.pk,
    }


def invite_as_json(invite: Invite) -> InviteOut:
    """The invitation, for those who may see it."""
    return {
        "id": invite.pk,
        "email": invite.email,
        "role": invite.role,
        "invited_by": invite.invited_by_id,
        "created_at": invite.created_at,
        "expires_at": invite.expires_at,
    }
