"""Creating an account: as the first person, by open registration or by invitation."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from taskbell.accounts import throttle
from taskbell.accounts.actions import Client
from taskbell.accounts.models import Installation, User
from taskbell.accounts.policy import Role
from taskbell.accounts.queries import is_setup_token
from taskbell.accounts.validation import (
    already_exists,
    check_email,
    check_names,
    check_password_strength,
    check_username,
)
from taskbell.activity.actions import record
from taskbell.activity.models import Subject, SubjectType
from taskbell.common.errors import NotAllowed
from taskbell.people.invitations import accept_invite


@dataclass(frozen=True)
class Registration:
    """The details a new account is created from."""

    email: str
    password: str
    username: str = ""
    first_name: str = ""
    last_name: str = ""
    setup_token: str = ""
    invite: str = ""


def register(form: Registration, *, client: Client, now: datetime) -> User:
    """Creates an account; the first one is ADMIN. Raises Invalid, NotAllowed, Conflict or TooMany."""
    if not form.invite:
        check_registration_open(form.setup_token)
    email = check_email(form.email)
    username = check_username(form.username or email, email=email)
    names = check_names(first_name=form.first_name, last_name=form.last_name)
    check_password_strength(form.password, person=User(username=username, email=email, **names))
    throttle.count(*throttle.REGISTER_PER_ADDRESS.of_address(client.address), now=now)
    try:
        with transaction.atomic():
            invite = accept_invite(form.invite, email=email, now=now) if form.invite else None
            role = invite.role if invite else _role_without_invite(now)
            person = User.objects.create_person(
                username=username, email=email, password=form.password, role=role, **names
            )
            if invite:
                subject = Subject(SubjectType.INVITATION, invite.pk)
                record(subject, "accepted", by=person, at=now, new={"person": person.pk, "role": role})
            return person
    except IntegrityError as error:
        raise already_exists(email) from error


def check_registration_open(setup_token: str = "") -> None:
    """Raises NotAllowed where new accounts need an invitation."""
    if settings.TASKBELL_REGISTRATION != "open" and not is_setup_token(setup_token):
        raise NotAllowed("New accounts are by invitation only.")


def _role_without_invite(now: datetime) -> str:
    return Role.ADMIN if Installation.claim(now) else Role.MEMBER
