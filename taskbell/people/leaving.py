"""Deactivating an account, and handing over its open tasks."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from taskbell.accounts.actions import end_sessions
from taskbell.accounts.models import User
from taskbell.activity.actions import Entry, record_entries
from taskbell.common.errors import invalid
from taskbell.people.roles import check_may_manage, keep_an_admin
from taskbell.tasks.models import Task
from taskbell.tasks.notifications import notify_assigned


@transaction.atomic
def deactivate_person(person: User, *, hand_to: int | None, by: User, now: datetime) -> None:
    """Deactivates the account and hands the person's open tasks to `hand_to`, or back to their creators.

    Raises NotAllowed, Invalid, or Conflict for the last ADMIN.
    """
    leave(person, by=by, now=now)
    if hand_to is not None and not User.objects.filter(pk=hand_to, is_active=True).exists():
        raise invalid("hand_to", "does_not_exist", "There is no other active person with this id.")
    for task in Task.objects.open().filter(assigned_to=person).select_for_update(no_key=True).order_by("pk"):
        _hand_over(task, hand_to or _active_creator(task), by=by, now=now)


@transaction.atomic
def leave(person: User, *, by: User, now: datetime) -> None:
    """Deactivates the account and ends its sessions. Raises NotAllowed, or Conflict for the last ADMIN."""
    check_may_manage(person, by=by)
    keep_an_admin(without=person)
    User.objects.filter(pk=person.pk).update(is_active=False)
    person.is_active = False
    end_sessions(person, now=now, because="account deactivated")


def reactivate_person(person: User) -> None:
    """Lets the person sign in again."""
    User.objects.filter(pk=person.pk).update(is_active=True)


def _active_creator(task: Task) -> int | None:
    """The creator, unless they have left too."""
    return User.objects.filter(pk=task.created_by_id, is_active=True).values_list("pk", flat=True).first()


def _hand_over(task: Task, assignee: int | None, *, by: User, now: datetime) -> None:
    line = Entry(task.pk, "assigned", by=by, at=now, field="assigned_to", old=task.assigned_to_id, new=assignee)
    Task.objects.filter(pk=task.pk).update(assigned_to=assignee, updated_at=now, version=F("version") + 1)
    task.refresh_from_db(fields=["assigned_to", "version"])
    record_entries([line])
    notify_assigned(task, by=by, now=now)
