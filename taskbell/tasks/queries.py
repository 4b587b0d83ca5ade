"""Single tasks, found by statements that are put together once."""

from functools import cache
from typing import Any, cast

from django.db.models import BigIntegerField

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.common.compiled_query import CompiledModelQuery, Param, names_of
from taskbell.common.errors import NotFound
from taskbell.reminders.models import Reminder
from taskbell.tasks.audience import sees_everything
from taskbell.tasks.models import Task


class ViewerParam(Param):
    """A placeholder for the person, in queries compiled once for people who see everything and once for the others."""

    def __init__(self, sees_everything: bool) -> None:
        super().__init__("person", BigIntegerField())
        self.sees_everything = sees_everything

    def can(self, capability: Capability) -> bool:
        """The answer to the one capability that tasks/audience.py asks for."""
        return self.sees_everything


def visible_task(task_id: int, *, to: User) -> Task:
    """The task, if the person may see it. Raises NotFound."""
    return _found(task_id, to, locked=False)


def lock_task(task_id: int, *, by: User) -> Task:
    """The same, locked until the transaction ends, so that no edit overwrites another. Raises NotFound."""
    return _found(task_id, by, locked=True)


def _found(task_id: int, person: User, *, locked: bool) -> Task:
    find = _by_id(sees_everything(person), locked)
    for task in find(id=task_id, person=person.pk):
        return cast(Task, task)
    raise NotFound


@cache
def _by_id(sees_everything: bool, locked: bool) -> CompiledModelQuery:
    person: Any = ViewerParam(sees_everything)

    def build() -> Any:
        tasks = Task.objects.visible_to(person).filter(pk=Param("id", BigIntegerField())).order_by()
        # no_key: others may link to the task meanwhile; two tasks that link to each other would deadlock.
        return tasks.select_for_update(no_key=True) if locked else tasks

    return CompiledModelQuery(build, {"": names_of(Task)})


def task_with_reminders(task_id: int) -> tuple[Task, list[Reminder]]:
    """The task and all its reminders, in one query. Call it with the task locked. Raises NotFound."""
    rows = _with_reminders(id=task_id)
    if not rows:
        raise NotFound
    task = rows[0]
    reminders = [row._state.fields_cache["reminders"] for row in rows]
    for reminder in filter(None, reminders):
        reminder.task = task
    return task, [reminder for reminder in reminders if reminder]


# Without the description, which would come once for each reminder.
_with_reminders = CompiledModelQuery(
    lambda: Task.objects.filter(pk=Param("id", BigIntegerField())).order_by("reminders__id"),
    {"": names_of(Task, but={"description"}), "reminders": names_of(Reminder)},
)
