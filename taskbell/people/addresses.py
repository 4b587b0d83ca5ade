"""Email addresses: a new one takes effect once its link is used, and the old one can be restored for a week."""

from datetime import datetime

from django.db import transaction

from taskbell.accounts.addresses import is_free
from taskbell.accounts.models import AddressChange, User
from taskbell.accounts.policy import Capability
from taskbell.accounts.validation import EMAIL_TAKEN
from taskbell.activity.actions import record
from taskbell.activity.models import Subject, SubjectType
from taskbell.common.errors import Conflict
from taskbell.people.confirmation import ask_to_confirm, count_request, mail_link, may_mail
from taskbell.people.notifications import notify_old_addresses


def check_may_request(person: User, email: str, *, now: datetime) -> None:
    """Raises TooMany, and for those who see addresses Conflict if it is taken. Call it outside of a transaction."""
    count_request(person, email, now=now)
    if person.can(Capability.MANAGE_PEOPLE):
        check_is_free(email, but=person.pk, now=now)


def check_is_free(email: str, *, but: int = 0, now: datetime) -> None:
    """Raises Conflict for the address of somebody else, and for one that an undo could give back to somebody else."""
    if not is_free(email, but=but, now=now):
        raise Conflict(EMAIL_TAKEN)


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
