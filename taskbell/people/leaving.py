"""Deactivating an account, and handing over its open tasks."""

from datetime import datetime

from django.db import transaction

from taskbell.accounts.actions import end_sessions
from taskbell.accounts.models import User
from taskbell.activity.actions import record
from taskbell.activity.models import Subject, SubjectType
from taskbell.common.deadline import no_deadline
from taskbell.common.errors import invalid
from taskbell.common.locks import let_others_write
from taskbell.people.notifications import notify_owner
from taskbell.people.roles import check_may_manage, keep_an_admin
from taskbell.tasks.assignees import hand_over_many
from taskbell.tasks.models import Task

TASKS_AT_ONCE = 500


def deactivate_person(person: User, *, hand_to: int | None, by: User, now: datetime) -> None:
    """Deactivates the account and hands the person's open tasks to `hand_to`, or back to their creators.

    Very many tasks are handed over in batches first, so that others can write in between.
    Raises NotAllowed, Invalid, or Conflict for the last ADMIN.
    """
    with no_deadline():
        while _hand_over_batch(person, hand_to, by=by, now=now):
            let_others_write()
    with transaction.atomic():
        leave(person, by=by, now=now)
        _check_receiver(hand_to, person)
        tasks = Task.objects.filter(assigned_to=person).select_for_update(no_key=True).order_by("pk")
        list(tasks.values_list("pk"))  # waits for those who reopen, restore or complete one of them
        while still_open := list(tasks.open()):
            hand_over_many(still_open, hand_to, by=by, now=now)


@transaction.atomic
def _hand_over_batch(person: User, hand_to: int | None, *, by: User, now: datetime) -> bool:
    """Hands over a batch of the open tasks, if there are many; True if it did."""
    mine = Task.objects.filter(assigned_to=person).open().order_by("pk")
    if len(mine.values_list("pk")[: TASKS_AT_ONCE + 1]) <= TASKS_AT_ONCE:
        return False
    check_may_manage(person, by=by)
    keep_an_admin(without=person)
    _check_receiver(hand_to, person)
    hand_over_many(list(mine.select_for_update(no_key=True)[:TASKS_AT_ONCE]), hand_to, by=by, now=now)
    return True


def _check_receiver(hand_to: int | None, person: User) -> None:
    others = User.objects.filter(is_active=True).exclude(pk=person.pk)
    if hand_to is not None and not others.filter(pk=hand_to).exists():
        raise invalid("hand_to", "does_not_exist", "There is no other active person with this id.")


@transaction.atomic
def leave(person: User, *, by: User, now: datetime) -> None:
    """Deactivates the account and ends its sessions. Raises NotAllowed, or Conflict for the last ADMIN."""
    check_may_manage(person, by=by)
    keep_an_admin(without=person)
    User.objects.filter(pk=person.pk).update(is_active=False)
    person.is_active = False
    record(Subject(SubjectType.PERSON, person.pk), "deactivated", by=by, at=now)
    notify_owner(person, "deactivated", by=by, now=now)
    end_sessions(person, now=now, because="account deactivated")


@transaction.atomic
def reactivate_person(person: User, *, by: User, now: datetime) -> None:
    """Lets the person sign in again."""
    if User.objects.filter(pk=person.pk, is_active=False).update(is_active=True):
        record(Subject(SubjectType.PERSON, person.pk), "reactivated", by=by, at=now)
        notify_owner(person, "reactivated", by=by, now=now)
