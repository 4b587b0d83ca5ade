"""The links about a new email address: one confirms it, the other restores the old one."""

from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction

from taskbell.accounts.actions import end_sessions
from taskbell.accounts.addresses import Use, change_of
from taskbell.accounts.models import AddressChange, User
from taskbell.accounts.profile import update_profile
from taskbell.common.errors import invalid
from taskbell.people.addresses import check_is_free, lock_person, record_change
from taskbell.people.confirmation import mark_confirmed
from taskbell.people.notifications import mail_password_link, notify_old_addresses

WRONG_LINK = "This link is no longer valid."


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
        raise invalid("token", "invalid", WRONG_LINK)
    return change


def _set_address(person: User, email: str, *, by: User | None, now: datetime) -> None:
    old = person.email
    update_profile(person, now=now, email=email)
    record_change(person, old=old, by=by, now=now)
