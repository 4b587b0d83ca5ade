"""Email addresses of people: confirmed by a link in an email; the old one can be restored for a week."""

from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from taskbell.accounts import throttle
from taskbell.accounts.actions import end_sessions
from taskbell.accounts.addresses import Use, change_of, is_free, waiting_change
from taskbell.accounts.models import AddressChange, User
from taskbell.accounts.policy import Capability
from taskbell.accounts.profile import update_profile
from taskbell.accounts.validation import EMAIL_TAKEN
from taskbell.activity.actions import record
from taskbell.activity.models import Subject, SubjectType
from taskbell.common.errors import Conflict, TooMany, invalid
from taskbell.notifications.messages import send_what_waited
from taskbell.people.notifications import (
    mail_account_exists,
    mail_confirmation,
    mail_password_link,
    notify_old_addresses,
)

WRONG_LINK = gettext_noop("This link is no longer valid.")


@transaction.atomic
def ask_to_confirm(person: User, *, by_mail: bool, now: datetime) -> None:
    """The person's own address waits for its confirmation; `by_mail` sends the link."""
    change = AddressChange.objects.create(user=person, new=person.email, requested_at=now, made_at=now)
    if by_mail:
        mail_confirmation(change, now=now)


def may_mail(email: str, *, now: datetime) -> bool:
    """Counts an email about an account to this address. False if it has had too many of them."""
    try:
        throttle.count(*throttle.confirmation_to(email), now=now)
    except TooMany:
        return False
    return True


def count_request(person: User, email: str, *, now: datetime) -> None:
    """Counts a link to this address that the person has requested. Raises TooMany."""
    throttle.count(throttle.CONFIRM_PER_ACCOUNT.of(str(person.pk)), *throttle.confirmation_to(email), now=now)


def resend_confirmation(person: User, *, now: datetime) -> None:
    """Emails the link once more to the address that waits for it. Raises Conflict if none does, or TooMany."""
    change = waiting_change(person, now=now)
    if change is None and person.email_confirmed:
        raise Conflict(_("Your email address is already confirmed."))
    email = change.new if change else person.email
    count_request(person, email, now=now)
    with transaction.atomic():
        change = change or AddressChange.objects.create(user=person, new=email, requested_at=now, made_at=now)
        mail_link(change, now=now)


@transaction.atomic
def mark_confirmed(person: User, *, now: datetime) -> None:
    """The person has used a link that came by email to their address."""
    unconfirmed = User.objects.filter(pk=person.pk, email=person.email, email_confirmed=False)
    if unconfirmed.update(email_confirmed=True):
        person.email_confirmed = True
        send_what_waited(person, now=now)


def mail_link(change: AddressChange, *, now: datetime) -> None:
    """For an address that is taken, its owner gets another email; the person can't tell (decision 0041)."""
    if is_free(change.new, but=change.user_id, now=now):
        mail_confirmation(change, now=now)
    else:
        mail_account_exists(change.new, now=now)


def check_may_request(person: User, email: str, *, now: datetime) -> None:
    """Raises TooMany, and for those who see addresses Conflict if it is taken. Call it outside of a transaction."""
    count_request(person, email, now=now)
    if person.can(Capability.MANAGE_PEOPLE):
        check_is_free(email, but=person.pk, now=now)


def check_is_free(email: str, *, but: int = 0, now: datetime) -> None:
    """Raises Conflict for the address of somebody else, and for one that an undo could give back to somebody else."""
    if not is_free(email, but=but, now=now):
        raise Conflict(_(EMAIL_TAKEN))


@transaction.atomic
def request_change(person: User, email: str, *, now: datetime) -> None:
    """Emails a link to the new address, and one to the old address that undoes the change. Nothing else changes yet."""
    current = lock_person(person)
    change = AddressChange.objects.create(
        user=current, new=email, old=_address_to_return_to(current, now=now), requested_at=now, made_at=now
    )
    mail_link(change, now=now)
    notify_old_addresses(change, replaced=current.email, now=now)


@transaction.atomic
def keep_address(person: User, *, now: datetime) -> None:
    """Keeps the person's own address: one that waits for confirmation can no longer be confirmed."""
    current = lock_person(person)
    if current.email_confirmed:
        old = _address_to_return_to(current, now=now)
        row = {"user": current, "new": current.email, "old": old, "is_confirmed": True}
        AddressChange.objects.create(**row, requested_at=now, made_at=now)
    else:
        ask_to_confirm(current, by_mail=may_mail(current.email, now=now), now=now)


def _address_to_return_to(person: User, *, now: datetime) -> str:
    made = AddressChange.objects.undoable(now).filter(user=person, is_confirmed=True).first()
    if made:
        return made.old
    return person.email if person.email_confirmed else ""


@transaction.atomic
def replace_address(person: User, *, now: datetime) -> None:
    """After an admin has set the address: it waits for its confirmation, and earlier changes can't be undone."""
    AddressChange.objects.filter(user=person, closed_at=None).update(closed_at=now)
    User.objects.filter(pk=person.pk).update(email_confirmed=False)
    person.email_confirmed = False
    ask_to_confirm(person, by_mail=may_mail(person.email, now=now), now=now)


def record_change(person: User, *, old: str, by: User | None, now: datetime) -> None:
    """Writes the new address to the history."""
    subject = Subject(SubjectType.PERSON, person.pk)
    record(subject, "updated", by=by, at=now, field="email", old=old, new=person.email)


def lock_person(person: User) -> User:
    """The person, read again with a lock on the row."""
    return User.objects.select_for_update(no_key=True).get(pk=person.pk)


@transaction.atomic
def confirm_address(token: str, *, now: datetime) -> User:
    """Confirms the address that the link was sent to; works once. Raises Invalid, or Conflict if it is taken."""
    change = _locked_change(token, "confirm", now=now)
    person, replaced = change.user, change.user.email
    if change.new != person.email:
        check_is_free(change.new, but=person.pk, now=now)
        _set_address(person, change.new, by=person, now=now)
    mark_confirmed(person, now=now)
    AddressChange.objects.filter(pk=change.pk).update(is_confirmed=True, made_at=now)
    notify_old_addresses(change, replaced=replaced, is_made=True, now=now)
    return person


@transaction.atomic
def undo_change(token: str, *, now: datetime) -> User:
    """Restores the old address, signs the person out everywhere, and emails a link to choose a new password.

    The password is removed, because the person who changed the address knew it. Raises Invalid, or Conflict.
    """
    change = _locked_change(token, "undo", now=now)
    person = change.user
    if change.old != person.email:
        _set_address(person, change.old, by=None, now=now)
    mark_confirmed(person, now=now)
    AddressChange.objects.filter(user=person, closed_at=None).update(closed_at=now)
    person.password = make_password(None)
    User.objects.filter(pk=person.pk).update(password=person.password)
    end_sessions(person, now=now, because="address put back")
    mail_password_link(person, now=now)
    return person


def _locked_change(token: str, use: Use, *, now: datetime) -> AddressChange:
    """The change that the token names, with a lock on the person. Raises Invalid."""
    change = change_of(token, use, now=now)
    if change is not None:
        lock_person(change.user)
        change = change_of(token, use, now=now)
    if change is None:
        raise invalid("token", "invalid", _(WRONG_LINK))
    return change


def _set_address(person: User, email: str, *, by: User | None, now: datetime) -> None:
    old = person.email
    update_profile(person, now=now, email=email)
    record_change(person, old=old, by=by, now=now)
