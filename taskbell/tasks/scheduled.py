"""What the clock does about tasks: it says that they are overdue, and empties the trash."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from taskbell.activity.actions import Entry, record_entries
from taskbell.common.locks import let_others_write
from taskbell.notifications.actions import notify
from taskbell.tasks.models import OVERDUE, Task, TaskQuerySet
from taskbell.tasks.notifications import overdue_messages

# Small enough that a writer who waits for one batch does not notice.
BATCH = 200


def mark_overdue(now: datetime) -> int:
    """Turns every open task whose due moment has passed overdue; says how many.

    Once per due moment, with a line of history and at most one mail a person. Batch by batch, each in a
    transaction of its own, so that a midnight with many due tasks holds nobody up.
    """
    total = 0
    while batch := _mark_batch(now):
        total += batch
        let_others_write()
    return total


@transaction.atomic
def _mark_batch(now: datetime) -> int:
    tasks = list(Task.objects.newly_overdue(now).select_for_update(skip_locked=True)[:BATCH])
    if not tasks:
        return 0
    rows = Task.objects.filter(pk__in=[task.pk for task in tasks])
    rows.update(is_overdue=True, updated_at=now, version=F("version") + 1)
    record_entries(
        Entry(task.pk, "overdue", by=None, at=now, field="status", old=task.stage, new=OVERDUE) for task in tasks
    )
    notify([message for task in tasks for message in overdue_messages(task)], now=now)
    return len(tasks)


def purge_deleted(now: datetime) -> int:
    """Removes for good what was deleted long enough ago; its history stays. Says how many tasks went."""
    total = 0
    old = Task.objects.filter(deleted_at__lt=now - timedelta(days=settings.TASKBELL_TRASH_DAYS))
    while batch := _purge_batch(old, now):
        total += batch
        let_others_write()
    return total


@transaction.atomic
def _purge_batch(old: TaskQuerySet, now: datetime) -> int:
    tasks = list(old.select_for_update(skip_locked=True)[:BATCH])  # nobody restores them now
    # Who knew the task may hear that it is gone, and can be told by nothing else any more.
    record_entries(Entry(task.pk, "purged", by=None, at=now, field="people", old=sorted(task.people)) for task in tasks)
    Task.objects.filter(pk__in=[task.pk for task in tasks]).delete()
    return len(tasks)
