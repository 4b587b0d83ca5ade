"""Short ways to have tasks."""

from collections.abc import Callable
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.tasks.actions import create_task
from taskbell.tasks.models import Task
from taskbell.tasks.patch import TaskPatch
from tests.conftest import NOW, Program

Somebody = Callable[[User], Program]


def a_task(by: User, title: str = "Water the plants", *, after: tuple[Task, ...] = (), **fields: Any) -> Task:
    """A task of this person, made at NOW, that waits for those of `after`."""
    return create_task(TaskPatch(**({"title": title} | fields), pre_tasks=[task.pk for task in after]), by=by, now=NOW)


@pytest.fixture
def program(bo: User, as_user: Somebody) -> Program:
    """Speaks for Bo."""
    return as_user(bo)
