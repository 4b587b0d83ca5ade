"""Single tasks, found by statements that are put together once."""

from functools import cache
from typing import Any, cast

from django.db.models import BigIntegerField

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.common.compiled_query import CompiledModelQuery, Param, names_of
from taskbell.common.errors import NotFound
from taskbell.projects.audience import sees_everything
from taskbell.reminders.models import Reminder
from taskbell.tasks.models import ACCESS, Task
from taskbell.tasks.policy import check_in_use


class ViewerParam(Param):
    """A placeholder for the person, in queries compiled once for people who see everything and once for the others."""

    def __init__(self, sees_everything: bool) -> None:
        super().__init__("person", BigIntegerField())
        self.sees_everything = sees_everything

    def can(self, capability: Capability) -> bool:
        """The answer to the one capability that projects/audience.py asks for."""
        return self.sees_everything


def visible_task(task_id: int, *, to: User) -> Task:
    """The task, if the person may see it. Raises NotFound."""
    return _found(task_id, to, locked=False)


def has_tasks(project_id: int) -> bool:
    """True if the project has tasks, even in the trash."""
    tasks = Task.objects.filter(project=project_id)
    # Apart, because each has its own index.
    return tasks.filter(deleted_at=None).exists() or tasks.filter(deleted_at__isnull=False).exists()


def lock_task(task_id: int, *, by: User) -> Task:
    """The same, locked until the transaction ends, so that no edit overwrites another. Raises NotFound."""
    return _found(task_id, by, locked=True)


def lock_task_in_use(task_id: int, *, by: User) -> Task:
    """The same, for a change. Raises NotFound, or Archived if nobody can change the task."""
    task = lock_task(task_id, by=by)
    check_in_use(task)
    return task


def _found(task_id: int, person: User, *, locked: bool) -> Task:
    find = _by_id(sees_everything(person), locked)
    for task in find(id=task_id, person=person.pk):
        return cast(Task, task)
    raise NotFound


@cache
def _by_id(sees_everything: bool, locked: bool) -> CompiledModelQuery:
    person: Any = ViewerParam(sees_everything)

    def build() -> Any:
        tasks = Task.objects.visible_to(person).with_access(person).filter(pk=Param("id", BigIntegerField())).order_by()
        # no_key: others may link to the task meanwhile; two tasks that link to each other would deadlock.
        return tasks.select_for_update(no_key=True) if locked else tasks

    return CompiledModelQuery(build, {"": names_of(Task)}, annotations=ACCESS)


def task_with_reminders(task_id: int, *, by: User) -> tuple[Task, list[Reminder]]:
    """The task and all its reminders, in one query. Call it with the task locked. Raises NotFound."""
    rows = _with_reminders(id=task_id, person=by.pk)
    if not rows:
        raise NotFound
    task = rows[0]
    reminders = [row._state.fields_cache["reminders"] for row in rows]
    for reminder in filter(None, reminders):
        reminder.task = task
    return task, [reminder for reminder in reminders if reminder]


def _build_with_reminders() -> Any:
    person: Any = Param("person", BigIntegerField())
    return Task.objects.with_access(person).filter(pk=Param("id", BigIntegerField())).order_by("reminders__id")


# Without the description, which would come once for each reminder.
_with_reminders = CompiledModelQuery(
    _build_with_reminders,
    {"": names_of(Task, but={"description"}), "reminders": names_of(Reminder)},
    annotations=ACCESS,
)
