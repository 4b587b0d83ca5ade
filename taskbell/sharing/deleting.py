"""Deleting projects, and restoring them: their tasks go in batches, so that others can write in between.

A project goes into the trash first, so that nothing can be put into it; its tasks follow, with the same `deleted_at`.
They are restored before it. If the tasks move elsewhere, they go first, and the project is deleted once it is empty. If
the process is stopped in between, calling the verb again does the rest.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from taskbell.accounts.models import User
from taskbell.activity.actions import Entry, record_entries
from taskbell.common.deadline import no_deadline
from taskbell.common.errors import NotFound, invalid
from taskbell.common.locks import in_batches, let_others_write
from taskbell.projects.models import Project
from taskbell.reminders.actions import reschedule
from taskbell.reminders.models import Reminder
from taskbell.sharing.locks import lock_managed, lock_some
from taskbell.sharing.projects import record_project, write
from taskbell.tasks.assignees import move_many, refit_assignees
from taskbell.tasks.models import Task
from taskbell.tasks.placement import lock_placement
from taskbell.tasks.prerequisites import Effort, blocked_by, notify_unblocked_by
from taskbell.tasks.queries import has_tasks
from taskbell.tasks.versions import Versions, check_version

TASKS_AT_ONCE = 500


def delete_project(pk: int, *, move_to: int | None, version: Versions = None, by: User, now: datetime) -> None:
    """Puts the project in the trash, its tasks with it or, with `move_to`, into that project.

    Raises NotFound, NotAllowed, StaleVersion, Invalid, or Conflict for an Inbox.
    """
    if move_to is not None:
        _check_version(pk, version, by=by)
        in_batches(lambda: _move_some(pk, move_to, by=by, now=now) or not _delete_empty(pk, by=by, now=now))
    else:
        deleted_at = _delete(pk, version, by=by, now=now)
        in_batches(lambda: _trash_some(pk, deleted_at, by=by, now=now))


@transaction.atomic
def _check_version(pk: int, version: Versions, *, by: User) -> None:
    check_version(lock_managed(pk, by=by).version, version, of="project")


@transaction.atomic
def _delete(pk: int, version: Versions, *, by: User, now: datetime) -> datetime:
    """Puts the project in the trash, and returns when. It may be there already, if its tasks have not followed."""
    project = lock_managed(pk, by=by, in_trash=None, exclusive=True)
    if project.deleted_at is None:
        check_version(project.version, version, of="project")
        _put_in_trash(project, by=by, now=now)
    elif not Task.objects.filter(project=pk, deleted_at=None).exists():
        raise NotFound
    return project.deleted_at or now


def _put_in_trash(project: Project, *, by: User, now: datetime) -> None:
    project.deleted_at = now
    write(project, now)
    record_project(project, "deleted", by=by, at=now)


@transaction.atomic
def _trash_some(pk: int, deleted_at: datetime, *, by: User, now: datetime) -> bool:
    """Puts some of the tasks in the trash. Returns whether there were any."""
    project = Project.objects.select_for_update(no_key=True).filter(pk=pk).first()
    if project is None or project.deleted_at != deleted_at:  # restored meanwhile
        return False
    tasks = lock_some(Task.objects.filter(project=pk, deleted_at=None), TASKS_AT_ONCE)
    ids = [task.pk for task in tasks]
    waiting = blocked_by(ids, Effort())
    Task.objects.filter(pk__in=ids).write(now, deleted_at=deleted_at)
    record_entries(Entry(task, "deleted", by=by, at=now) for task in tasks)
    if waiting is not None:  # those in the project are about to be deleted themselves
        going = set(Task.objects.filter(pk__in=waiting.tasks, project=pk).values_list("pk", flat=True))
        notify_unblocked_by(waiting._replace(tasks=waiting.tasks - going), by=by, now=now)
    return bool(tasks)


@transaction.atomic
def _move_some(pk: int, move_to: int, *, by: User, now: datetime) -> bool:
    """Moves some of the tasks, those in the trash too. Returns whether there were any."""
    lock_managed(pk, by=by)
    _check_target(pk, move_to, by=by)
    tasks = Task.objects.filter(project=pk)
    in_use, in_trash = tasks.filter(deleted_at=None), tasks.filter(deleted_at__isnull=False)
    some = lock_some(in_use, TASKS_AT_ONCE) or lock_some(in_trash, TASKS_AT_ONCE)
    move_many([(task, move_to) for task in some], by=by, now=now)
    return bool(some)


@transaction.atomic
def _delete_empty(pk: int, *, by: User, now: datetime) -> bool:
    """Puts the project in the trash, unless somebody has put another task into it. Returns whether it did."""
    project = lock_managed(pk, by=by, exclusive=True)
    if has_tasks(pk):
        return False
    _put_in_trash(project, by=by, now=now)
    return True


def _check_target(pk: int, move_to: int, *, by: User) -> None:
    places = lock_placement([move_to], (), by=by)
    if move_to == pk or any(places.errors_of({"project_id": move_to}, ())):
        raise invalid("move_to", "does_not_exist", _("There is no other project with this id."))


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
    Task.objects.filter(pk__in=ids).write(now, deleted_at=None)
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
