"""Assignees: a task is only ever assigned to an active person, even while people leave.

Both lock the person's row: an assignment takes a shared lock until its transaction ends, leaving an exclusive
one. The person's row is locked before any task, so that the two never deadlock.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection
from django.db.models import F

from taskbell.accounts.models import User
from taskbell.activity.actions import Entry, record, record_entries
from taskbell.common.values import MAX_ID
from taskbell.notifications.actions import notify
from taskbell.tasks.models import Task
from taskbell.tasks.notifications import assigned_messages, notify_assigned
from taskbell.tasks.patch import TaskPatch


def assignees_of(patches: Iterable[TaskPatch]) -> set[int]:
    """The people to whom the patches assign tasks."""
    named = (patch.assigned_to_id for patch in patches)
    return {pk for pk in named if isinstance(pk, int) and 0 < pk <= MAX_ID}


def lock_assignees(ids: set[int]) -> set[int]:
    """The active ones of these people. None of them can leave until the transaction ends."""
    wanted = sorted(ids)
    if not wanted:
        return set()
    marks = ", ".join(["%s"] * len(wanted))
    lock = " FOR SHARE" if connection.vendor == "postgresql" else ""  # SQLite has one writer at a time
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM accounts_user WHERE id IN ({marks}) AND is_active ORDER BY id{lock}",  # noqa: S608
            wanted,
        )
        return {pk for (pk,) in cursor.fetchall()}


def hand_over(task: Task, to: int | None, *, by: User, now: datetime) -> None:
    """Assigns the task, which the caller has locked, to another person or to nobody."""
    old, task.assigned_to_id = task.assigned_to_id, to
    task.write(now)
    record(task, "assigned", by=by, at=now, field="assigned_to", old=old, new=to)
    notify_assigned(task, by=by, now=now)


def hand_over_many(tasks: Sequence[Task], to: int | None, *, by: User, now: datetime) -> None:
    """Assigns the tasks, which the caller has locked, to another person; without one, each to its creator.

    Their assignees are leaving: a task that its own assignee has created is assigned to nobody then.
    """
    creators = User.objects.filter(pk__in={task.created_by_id for task in tasks}, is_active=True)
    active, ids = set(creators.values_list("pk", flat=True)), defaultdict[int | None, list[int]](list)
    entries = []
    for task in tasks:
        old, creator = task.assigned_to_id, task.created_by_id if task.created_by_id in active else None
        task.assigned_to_id, task.version = to or (creator if creator != old else None), task.version + 1
        ids[task.assigned_to_id].append(task.pk)
        entries.append(Entry(task, "assigned", by, now, "assigned_to", old, task.assigned_to_id))
    for new, some in ids.items():
        Task.objects.filter(pk__in=some).update(assigned_to=new, updated_at=now, version=F("version") + 1)
    record_entries(entries)
    notify([message for task in tasks for message in assigned_messages(task, by=by, now=now)], now=now)


def active_creator(task: Task) -> int | None:
    """The creator of the task; None if they have left."""
    return User.objects.filter(pk=task.created_by_id, is_active=True).values_list("pk", flat=True).first()


def assignee_has_left(task: Task) -> bool:
    """True if the task, which the caller has locked, is assigned to a person who is no longer active."""
    assignee = task.assigned_to_id
    return assignee is not None and not User.objects.filter(pk=assignee, is_active=True).exists()
