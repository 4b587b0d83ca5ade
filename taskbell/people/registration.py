"""Creating an account: as the first person, by open registration or by invitation."""

from copy import copy
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from taskbell.accounts import throttle
from taskbell.accounts.actions import Client
from taskbell.accounts.addresses import is_free
from taskbell.accounts.models import Installation, Profile, User
from taskbell.accounts.names import default_usernames
from taskbell.accounts.policy import Role
from taskbell.accounts.profile import LANGUAGES
from taskbell.accounts.queries import is_setup_token
from taskbell.accounts.validation import (
    EMAIL_TAKEN,
    USERNAME_TAKEN,
    check_email,
    check_names,
    check_password_strength,
    check_username,
    is_username_taken,
)
from taskbell.activity.actions import record
from taskbell.activity.models import Subject, SubjectType
from taskbell.common.clock import time_zones
from taskbell.common.errors import Conflict, NotAllowed
from taskbell.common.text import folded
from taskbell.people.addresses import ask_to_confirm, may_mail
from taskbell.people.invitations import accept_invite
from taskbell.people.notifications import mail_account_exists
from taskbell.projects.models import Membership, Project
from taskbell.sharing.joining import join_invited

MAX_RACES = 10


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
    timezone: str = ""
    language: str = ""

    def profile(self) -> dict[str, str]:
        """The time zone and language of the device. Those that we don't know are left out: nobody typed them."""
        zone = {"timezone": self.timezone} if self.timezone in time_zones() else {}
        return zone | ({"language": self.language} if self.language in LANGUAGES else {})


def register(form: Registration, *, client: Client, now: datetime) -> User:
    """Creates an account; the first one is ADMIN. Raises Invalid, NotAllowed, Conflict or TooMany.

    If the address already has an account, its owner gets an email, and the result looks like a new person but is not
    saved. Only with an invitation, which came by email, does the refusal give the reason (decision 0041).
    """
    if not form.invite:
        check_registration_open(form.setup_token)
    email = check_email(form.email)
    wanted = check_username(form.username, email=email) if form.username else ""
    names = check_names(first_name=form.first_name, last_name=form.last_name)
    check_password_strength(form.password, person=User(username=wanted, email=email, **names))
    throttle.count(*throttle.REGISTER_PER_ADDRESS.of_address(client.address), now=now)
    newcomer = User(email=email, **names)
    newcomer.set_password(form.password)  # before the transaction, because it takes long
    for _attempt in range(MAX_RACES):
        try:
            return _create(copy(newcomer), wanted, form, now=now)
        except IntegrityError as error:  # somebody else was faster
            if form.invite and User.objects.filter(email=email).exists():
                raise Conflict(_(EMAIL_TAKEN)) from error
    raise Conflict(_("Can't create the account, because others were created at the same time. Try again."))


@transaction.atomic
def _create(person: User, wanted: str, form: Registration, *, now: datetime) -> User:
    accepted = accept_invite(form.invite, email=person.email, now=now) if form.invite else None
    person.username = _free_username(wanted, email=person.email)
    by_mail = not accepted and may_mail(person.email, now=now)
    if not is_free(person.email, now=now):
        if accepted:
            raise Conflict(_(EMAIL_TAKEN))
        if by_mail:
            mail_account_exists(person.email, now=now)
        return _pretend(person)
    person.role = accepted.role if accepted else _role_without_invite(now)
    # An invitation came by email, and the first person runs the mail server.
    person.email_confirmed = accepted is not None or person.role == Role.ADMIN
    User.objects.add(person, **form.profile())
    if not person.email_confirmed:
        ask_to_confirm(person, by_mail=by_mail, now=now)
    if accepted:
        subject = Subject(SubjectType.INVITATION, accepted.pk)
        record(subject, "accepted", by=person, at=now, new={"person": person.pk, "role": person.role})
        join_invited(person, now=now)
    return person


def _free_username(wanted: str, *, email: str) -> str:
    """The wanted username, or one made of the address. Raises Conflict if the wanted one is taken.

    A username that is the address is not looked up: the answer would tell whether the address has an account.
    """
    if wanted and folded(wanted) != email and is_username_taken(wanted):
        raise Conflict(_(USERNAME_TAKEN))
    return wanted or next(name for name in default_usernames(email) if not is_username_taken(name))


def _pretend(person: User) -> User:
    """Creates a person and deletes them again: the same work, and an id is used up as by anybody else."""
    username, email = person.username, person.email
    person.username = person.email = f"{uuid4().hex}@nobody.invalid"
    User.objects.add(person)
    own = Membership.objects.filter(person=person), Project.objects.filter(inbox_of=person)
    for rows in (*own, Profile.objects.filter(pk=person.pk), User.objects.filter(pk=person.pk)):
        rows._raw_delete(rows.db)  # nothing else refers to them yet
    person.username, person.email = username, email
    return person


@transaction.atomic
def add_person(*, username: str, email: str, password: str, now: datetime, **fields: str) -> User:
    """An account that an admin creates. Its owner is asked to confirm the address."""
    person = User.objects.create_person(
        username=username, email=email, password=password, email_confirmed=False, **fields
    )
    ask_to_confirm(person, by_mail=may_mail(email, now=now), now=now)
    return person


def check_registration_open(setup_token: str = "") -> None:
    """Raises NotAllowed where new accounts need an invitation."""
    if settings.TASKBELL_REGISTRATION != "open" and not is_setup_token(setup_token):
        raise NotAllowed(_("New accounts are by invitation only."))


def _role_without_invite(now: datetime) -> str:
    return Role.ADMIN if Installation.claim(now) else Role.MEMBER
