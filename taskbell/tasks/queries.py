"""Single tasks, found by statements that are put together once."""

from functools import cache
from typing import Any, cast

from django.db.models import BigIntegerField

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.common.errors import NotFound
from taskbell.common.statement import Blank, Instances, names_of
from taskbell.tasks.models import Task


class Somebody(Blank):
    """Stands for a person who is not known before a statement runs; whether they see everything is."""

    def __init__(self, sees_everything: bool) -> None:
        super().__init__("person", BigIntegerField())
        self.sees_everything = sees_everything

    def can(self, capability: Capability) -> bool:
        """As people answer, for the capability that decides what they see."""
        return self.sees_everything and capability == Capability.SEE_EVERYTHING


def visible_task(task_id: int, *, to: User) -> Task:
    """The task, if the person may see it. Raises NotFound."""
    return _found(task_id, to, held=False)


def held_task(task_id: int, *, by: User) -> Task:
    """The same, held until the transaction ends, so that no edit is lost under another. Raises NotFound."""
    return _found(task_id, by, held=True)


def _found(task_id: int, person: User, *, held: bool) -> Task:
    find = _by_id(person.can(Capability.SEE_EVERYTHING), held)
    for task in find(id=task_id, person=person.pk):
        return cast(Task, task)
    raise NotFound


@cache
def _by_id(sees_everything: bool, held: bool) -> Instances:
    person: Any = Somebody(sees_everything)

    def build() -> Any:
        tasks = Task.objects.visible_to(person).filter(pk=Blank("id", BigIntegerField())).order_by()
        # no_key: a link to the task may be made meanwhile, or two that link to each other would wait for ever.
        return tasks.select_for_update(no_key=True) if held else tasks

    return Instances(build, {"": names_of(Task)})
