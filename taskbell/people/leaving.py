"""Deactivating an account, and handing over its open tasks."""

from datetime import datetime

from django.db import transaction

from taskbell.accounts.actions import end_sessions
from taskbell.accounts.models import User
from taskbell.activity.actions import record
from taskbell.activity.models import Subject, SubjectType
from taskbell.common.errors import invalid
from taskbell.people.roles import check_may_manage, keep_an_admin
from taskbell.tasks.assignees import active_creator, hand_over
from taskbell.tasks.models import Task


@transaction.atomic
def deactivate_person(person: User, *, hand_to: int | None, by: User, now: datetime) -> None:
    """Deactivates the account and hands the person's open tasks to `hand_to`, or back to their creators.

    Raises NotAllowed, Invalid, or Conflict for the last ADMIN.
    """
    leave(person, by=by, now=now)
    if hand_to is not None and not User.objects.filter(pk=hand_to, is_active=True).exists():
        raise invalid("hand_to", "does_not_exist", "There is no other active person with this id.")
    tasks = Task.objects.filter(assigned_to=person).select_for_update(no_key=True).order_by("pk")
    list(tasks.values_list("pk"))  # waits for those who reopen, restore or complete one of them
    while still_open := list(tasks.open()):
        for task in still_open:
            hand_over(task, hand_to or active_creator(task), by=by, now=now)


@transaction.atomic
def leave(person: User, *, by: User, now: datetime) -> None:
    """Deactivates the account and ends its sessions. Raises NotAllowed, or Conflict for the last ADMIN."""
    check_may_manage(person, by=by)
    keep_an_admin(without=person)
    User.objects.filter(pk=person.pk).update(is_active=False)
    person.is_active = False
    record(Subject(SubjectType.PERSON, person.pk), "deactivated", by=by, at=now)
    end_sessions(person, now=now, because="account deactivated")


@transaction.atomic
def reactivate_person(person: User, *, by: User, now: datetime) -> None:
    """Lets the person sign in again."""
    if User.objects.filter(pk=person.pk, is_active=False).update(is_active=True):
        record(Subject(SubjectType.PERSON, person.pk), "reactivated", by=by, at=now)
