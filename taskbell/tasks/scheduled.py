"""Scheduled work: marking tasks overdue, emptying the trash, and notifying many people that they can start."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from taskbell.activity.actions import Entry, record, record_entries
from taskbell.activity.models import Activity, Subject, SubjectType
from taskbell.common.locks import in_batches, in_batches_by_two, one_at_a_time
from taskbell.notifications.messages import notify
from taskbell.projects.models import Project
from taskbell.tasks.finished import Finished
from taskbell.tasks.kinds import OVERDUE
from taskbell.tasks.models import Prerequisite, Task, TaskQuerySet
from taskbell.tasks.notifications import overdue_messages
from taskbell.tasks.prerequisites import free_tasks
from taskbell.tasks.queries import has_tasks

# Small enough that no writer waits noticeably for one batch.
TASKS_PER_BATCH = 200


def mark_overdue(now: datetime) -> int:
    """Marks open tasks overdue once their due time has passed; returns how many.

    Each task is marked once per due time, with a line of history and at most one email a person. Each batch is a
    transaction, so that many tasks due at midnight do not block other writers.
    """
    return in_batches_by_two(lambda: _mark_batch(now), size=TASKS_PER_BATCH)


@transaction.atomic
def _mark_batch(now: datetime) -> int:
    tasks = list(Task.objects.newly_overdue(now).select_for_update(skip_locked=True)[:TASKS_PER_BATCH])
    if not tasks:
        return 0
    Task.objects.filter(pk__in=[task.pk for task in tasks]).write(now, is_overdue=True)
    record_entries(
        Entry(task, "overdue", by=None, at=now, field="status", old=task.stage, new=OVERDUE) for task in tasks
    )
    notify([message for task in tasks for message in overdue_messages(task)], now=now)
    return len(tasks)


def purge_deleted(now: datetime) -> int:
    """Removes tasks, and then projects, that have been in the trash long enough; their history stays.

    Returns how many tasks.
    """
    long_ago = now - timedelta(days=settings.TASKBELL_TRASH_DAYS)
    purged = in_batches(lambda: _purge_batch(Task.objects.filter(deleted_at__lt=long_ago), now))
    for project in Project.objects.filter(deleted_at__lt=long_ago).values_list("pk", flat=True):
        _purge_project(project, now)
    return purged


@transaction.atomic
def _purge_batch(old: TaskQuerySet, now: datetime) -> int:
    tasks = list(old.select_for_update(skip_locked=True)[:TASKS_PER_BATCH])
    # The task's people must learn that it is gone, and only the history still names them.
    record_entries(Entry(task, "purged", by=None, at=now, field="people", old=sorted(task.people)) for task in tasks)
    Task.objects.filter(pk__in=[task.pk for task in tasks]).delete()
    return len(tasks)


@transaction.atomic
def _purge_project(pk: int, now: datetime) -> None:
    """Removes the project, unless some of its tasks are left."""
    project = Project.objects.select_for_update().filter(pk=pk).exclude(deleted_at=None).first()
    if project is None or has_tasks(pk):
        return
    record(Subject(SubjectType.PROJECT, pk), "purged", by=None, at=now, project_id=pk)
    project.delete()


def free_waiting(now: datetime) -> int:
    """Notifies people after a task that blocked very many others was finished; returns how many it has looked at."""
    return in_batches(lambda: _free_batch(now))


@transaction.atomic
def _free_batch(now: datetime) -> int:
    finished = Finished.objects.select_for_update(skip_locked=True, of=("self",)).select_related("finished_by").first()
    if finished is None:
        return 0
    links = Prerequisite.objects.filter(needs=finished.task_id, pk__gt=finished.done_up_to, pk__lte=finished.last_link)
    some = list(links.order_by("pk").values_list("pk", "task")[:TASKS_PER_BATCH])
    one_at_a_time("prerequisites")
    notified = Activity.objects.filter(task=OuterRef("pk"), action="unblocked", timestamp__gte=finished.finished_at)
    tasks = Task.objects.filter(~Exists(notified), pk__in=[task for _, task in some])
    free_tasks(tasks, by=finished.finished_by, now=now)
    if len(some) < TASKS_PER_BATCH:
        finished.delete()
    else:
        finished.done_up_to = some[-1][0]
        finished.save(update_fields=["done_up_to"])
    return max(1, len(some))
