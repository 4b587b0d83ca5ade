"""Changing a person's details: names, address, password, role and settings."""

from datetime import datetime
from typing import Any

from django.db import transaction

from taskbell.accounts.actions import set_password
from taskbell.accounts.models import User
from taskbell.accounts.profile import update_profile
from taskbell.activity.actions import record
from taskbell.activity.models import Subject, SubjectType
from taskbell.people.roles import change_role, check_may_manage


@transaction.atomic
def update_person(person: User, changes: dict[str, Any], *, by: User, now: datetime) -> User:
    """Changes what is given. A new password ends the person's sessions, except the one that set it.

    Raises NotAllowed, Invalid, Conflict.
    """
    check_may_manage(person, by=by)
    rest = dict(changes)
    role, password = rest.pop("role", person.role), rest.pop("password", None)
    change_role(person, role, by=by, now=now)
    if password is not None:
        keep = by.session if by.pk == person.pk else None
        set_password(person, password, field="password", keep=keep, now=now)
    old_email = person.email
    update_profile(person, now=now, **rest)
    if person.email != old_email:
        subject = Subject(SubjectType.PERSON, person.pk)
        record(subject, "updated", by=by, at=now, field="email", old=old_email, new=person.email)
    return person
