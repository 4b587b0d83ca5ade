"""People, their sessions and invitations as JSON."""

from datetime import datetime, time
from typing import Annotated, NotRequired, TypedDict
from uuid import UUID

from taskbell.accounts.addresses import pending_email
from taskbell.accounts.models import Invite, Session, User
from taskbell.accounts.policy import ROLES, Capability
from taskbell.accounts.preferences import MAIL_SWITCHES
from taskbell.payloads import payload_of

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
    digest_overdue: bool
    avatar_colour: str
    mail_preferences: dict[str, bool]
    quiet_from: time | None
    quiet_until: time | None
    quiet_reminders: bool
    email_confirmed: Annotated[bool, "Until it is, only a few emails are sent to your address."]
    pending_email: Annotated[str | None, "The address that replaces yours once you open the link sent to it."]


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
    return payload_of(PersonOut, person)


def directory_as_json(person: User, *, to: User) -> DirectoryOut:
    """The person; address and role only for themselves and for those who manage people."""
    shown = payload_of(DirectoryOut, person)
    if person.pk != to.pk and not to.can(Capability.MANAGE_PEOPLE):
        del shown["email"], shown["role"]
    return shown


def profile_as_json(person: User, *, now: datetime) -> ProfileOut:
    """The person's account and settings, for themselves."""
    profile = person.profile
    return payload_of(
        ProfileOut,
        profile,
        **payload_of(DirectoryOut, person),
        mail_preferences={kind: profile.wants(kind) for kind in MAIL_SWITCHES},
        email_confirmed=person.email_confirmed,
        pending_email=pending_email(person, now=now),
    )


def session_as_json(session: Session, *, current: Session) -> SessionOut:
    """The session, for the person who has it."""
    return payload_of(SessionOut, session, is_current=session.pk == current.pk)


def invite_as_json(invite: Invite) -> InviteOut:
    """The invitation, for those who may see it."""
    return payload_of(InviteOut, invite)
