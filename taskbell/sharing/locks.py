"""Projects found for a change, and the order of locks: the person, the project, the tasks, the membership.

A task is put into a project, and somebody is made its assignee, under a key share lock (projects/queries.py).
Archiving and deleting take an exclusive lock on the project, which waits for that, and no other lock. Everything else
takes a lock that only keeps two verbs about the same project apart.
"""

from taskbell.accounts.models import User
from taskbell.common.errors import NotFound
from taskbell.projects.audience import is_visible_project
from taskbell.projects.models import Project
from taskbell.projects.policy import check_is_shared, check_may_manage
from taskbell.tasks.models import Task, TaskQuerySet


def lock_person(pk: int) -> User | None:
    """The person, if they are active, locked until the transaction ends."""
    return User.objects.select_for_update(no_key=True).filter(pk=pk, is_active=True).first()


def visible_project(pk: int, *, to: User, in_trash: bool | None = False) -> Project:
    """The project with the person's role, if they may see it; with `in_trash` None, in the trash or not.

    Raises NotFound.
    """
    project = Project.objects.filter(is_visible_project(to), pk=pk).with_role(to).first()
    if project is None or in_trash not in (None, project.deleted_at is not None):
        raise NotFound
    return project


def lock_project(pk: int, *, by: User, in_trash: bool | None = False, exclusive: bool = False) -> Project:
    """The same, locked until the transaction ends. Raises NotFound."""
    locked = Project.objects.select_for_update(no_key=not exclusive).filter(pk=pk)
    list(locked.values_list("pk"))  # first, so that what is read next is as of now
    return visible_project(pk, to=by, in_trash=in_trash)


def lock_managed(pk: int, *, by: User, in_trash: bool | None = False, exclusive: bool = False) -> Project:
    """The same, for people who may manage the project. Raises NotFound, NotAllowed, or Conflict for an Inbox."""
    project = lock_project(pk, by=by, in_trash=in_trash, exclusive=exclusive)
    check_may_manage(by, project)
    check_is_shared(project)
    return project


def lock_some(tasks: TaskQuerySet, most: int) -> list[Task]:
    """The first of the tasks, locked until the transaction ends."""
    return list(tasks.order_by("pk").select_for_update(no_key=True)[:most])
