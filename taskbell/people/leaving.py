"""What becomes of somebody's work when they leave."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from taskbell.accounts.models import User
from taskbell.accounts.roles import leave
from taskbell.activity.actions import Entry, record_entries
from taskbell.common.errors import invalid
from taskbell.tasks.models import Task
from taskbell.tasks.notifications import notify_assigned


@transaction.atomic
def deactivate_person(person: User, *, hand_to: int | None, by: User, now: datetime) -> None:
    """Ends the account and hands the person's open tasks to `hand_to`, or back to who created them.

    Raises NotAllowed, Invalid, or Conflict for the last ADMIN.
    """
    leave(person, by=by, now=now)
    if hand_to is not None and not User.objects.filter(pk=hand_to, is_active=True).exists():
        raise invalid("hand_to", "does_not_exist", "There is no other active person with this id.")
    for task in Task.objects.open().filter(assigned_to=person).select_for_update(no_key=True).order_by("pk"):
        _hand_over(task, hand_to or _creator_who_is_here(task), by=by, now=now)


def _creator_who_is_here(task: Task) -> int | None:
    """The creator, unless they have left as well."""
    return User.objects.filter(pk=task.created_by_id, is_active=True).values_list("pk", flat=True).first()


def _hand_over(task: Task, assignee: int | None, *, by: User, now: datetime) -> None:
    line = Entry(task.pk, "assigned", by=by, at=now, field="assigned_to", old=task.assigned_to_id, new=assignee)
    Task.objects.filter(pk=task.pk).update(assigned_to=assignee, updated_at=now, version=F("version") + 1)
    task.refresh_from_db(fields=["assigned_to", "version"])
    record_entries([line])
    notify_assigned(task, by=by, now=now)
