"""Restoring projects, with the tasks that went to the trash with them (see deleting.py for the order)."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from taskbell.accounts.models import User
from taskbell.activity.actions import Entry, record_entries
from taskbell.common.deadline import no_deadline
from taskbell.common.locks import let_others_write
from taskbell.projects.models import Project
from taskbell.reminders.actions import reschedule
from taskbell.reminders.models import Reminder
from taskbell.sharing.locks import lock_managed, lock_some
from taskbell.sharing.projects import record_project, write
from taskbell.tasks.assignees import refit_assignees
from taskbell.tasks.models import Task

TASKS_AT_ONCE = 500


def restore_project(pk: int, *, by: User, now: datetime) -> Project:
    """Takes the project out of the trash, with the tasks that went there with it. Raises NotFound, NotAllowed."""
    with no_deadline():
        while (project := _restore_some(pk, by=by, now=now)) is None:
            let_others_write()
    return project


@transaction.atomic
def _restore_some(pk: int, *, by: User, now: datetime) -> Project | None:
    """Restores some of the tasks, and the project if these were the last. Returns the project if it did."""
    project = lock_managed(pk, by=by, in_trash=True)
    tasks = lock_some(Task.objects.filter(project=pk, deleted_at=project.deleted_at), TASKS_AT_ONCE)
    ids = [task.pk for task in tasks]
    Task.objects.filter(pk__in=ids).update(deleted_at=None, updated_at=now, version=F("version") + 1)
    record_entries(Entry(task, "restored", by=by, at=now) for task in tasks)
    reminded = set(Reminder.objects.filter(task__in=ids).values_list("task", flat=True))
    for task in tasks:
        task.deleted_at, task.version = None, task.version + 1
        if task.is_open and task.pk in reminded:
            reschedule(task, now=now)
    refit_assignees(tasks, by=by, now=now)
    if len(tasks) == TASKS_AT_ONCE:
        return None
    project.deleted_at = None
    write(project, now)
    record_project(project, "restored", by=by, at=now)
    return project
