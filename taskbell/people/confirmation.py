"""Emails the link that confirms an address, a few times an hour."""

from datetime import datetime

from django.db import transaction

from taskbell.accounts import throttle
from taskbell.accounts.addresses import is_free, waiting_change
from taskbell.accounts.models import AddressChange, User
from taskbell.common.errors import Conflict, TooMany
from taskbell.notifications.actions import send_what_waited
from taskbell.people.notifications import mail_account_exists, mail_confirmation


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
        raise Conflict("Your email address is already confirmed.")
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
