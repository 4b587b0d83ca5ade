"""Changing a person's details: names, address, password, role and settings."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from taskbell.accounts.actions import check_current_password, password_required, set_password
from taskbell.accounts.addresses import pending_email
from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.accounts.profile import update_profile
from taskbell.accounts.validation import check_email
from taskbell.common.errors import NotAllowed
from taskbell.common.text import folded
from taskbell.people.addresses import (
    check_is_free,
    check_may_request,
    keep_address,
    record_change,
    replace_address,
    request_change,
)
from taskbell.people.notifications import notify_owner
from taskbell.people.roles import change_role, check_may_give, check_may_manage


def update_person(person: User, changes: dict[str, Any], *, by: User, now: datetime) -> User:
    """Changes what is given. A new password ends the person's sessions, except the one that set it.

    To change their own address or password, people give the current one as `current_password`; their new address takes
    effect once its link is used. Raises NotAllowed, Invalid, Conflict, TooMany.
    """
    check_may_manage(person, by=by)
    check_may_give(person, changes.get("role", person.role), by=by)
    if "task_quota" in changes and not by.can(Capability.MANAGE_PEOPLE):
        raise NotAllowed(_("Only an admin can change a quota."))
    rest = dict(changes)
    current = rest.pop("current_password", None)
    email = rest.pop("email", person.email)
    if email != person.email and (email := check_email(email)) != person.email:  # what stays was accepted before
        rest["email"] = email
    if by.pk == person.pk:
        _check_it_is_them(person, rest, current, now=now)
        if current is not None and "email" in changes and "email" not in rest and pending_email(person, now=now):
            check_current_password(person, current, now=now)
            keep_address(person, now=now)
    return _update(person, rest, by=by, now=now)


def _check_it_is_them(person: User, rest: dict[str, Any], current: str | None, *, now: datetime) -> None:
    """Checks the current password where it is needed. If it comes as `password`, it is proof and no change."""
    new = rest.get("password")
    if new is None and "email" not in rest:
        return
    if current is not None:
        check_current_password(person, current, now=now)
    elif new is not None:
        check_current_password(person, new, refusal=password_required(), now=now)
    else:
        raise password_required()
    if current in (None, new):
        rest.pop("password", None)
    if "email" in rest:
        check_may_request(person, rest["email"], now=now)


@transaction.atomic
def _update(person: User, changes: dict[str, Any], *, by: User, now: datetime) -> User:
    rest = dict(changes)
    before, is_own = (person.email, person.username), by.pk == person.pk
    change_role(person, rest.pop("role", person.role), by=by, now=now)
    if (password := rest.pop("password", None)) is not None:
        set_password(person, password, field="password", keep=by.session if is_own else None, now=now)
        notify_owner(person, "password", by=by, now=now)
    if "email" in rest and is_own:
        new = rest.pop("email")
        if person.username_key == person.email and folded(rest.get("username", "")) == new:
            del rest["username"]  # it follows the address
        request_change(person, new, now=now)
    elif "email" in rest:
        check_is_free(rest["email"], but=person.pk, now=now)
    update_profile(person, now=now, **rest)
    _notify_of_names(person, *before, by=by, now=now)
    return person


def _notify_of_names(person: User, old_email: str, old_username: str, *, by: User, now: datetime) -> None:
    if person.email != old_email:
        record_change(person, old=old_email, by=by, now=now)
        notify_owner(person, "email", by=by, address=old_email, new=person.email, now=now)
        replace_address(person, now=now)
    elif person.username != old_username:
        notify_owner(person, "username", by=by, new=person.username, now=now)
