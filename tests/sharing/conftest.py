"""A project that Bo owns, and short ways to people and tasks in it."""

from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.projects.models import Project, ProjectRole
from taskbell.sharing.members import add_member
from taskbell.sharing.projects import create_project
from taskbell.tasks.models import Task
from tests.conftest import NOW, Program
from tests.reminders.conftest import mailbox
from tests.tasks.conftest import Somebody, a_task

__all__ = ["mailbox"]
URL = "/api/projects/"


def shared_by(owner: User, *people: User, role: str = ProjectRole.EDITOR, name: str = "Garden") -> Project:
    """A project of this owner with these members."""
    project = create_project({"name": name}, by=owner, now=NOW)
    for person in people:
        add_member(project.pk, person.pk, role, by=owner, now=NOW)
    return project


def a_task_in(project: Project, by: User, title: str = "Water the plants", **fields: Any) -> Task:
    """A task of this project."""
    return a_task(by, title, project_id=project.pk, **fields)


@pytest.fixture
def program(bo: User, as_user: Somebody) -> Program:
    """Speaks for Bo."""
    return as_user(bo)


@pytest.fixture
def garden(bo: User, cy: User) -> Project:
    """A project of Bo, in which Cy edits."""
    return shared_by(bo, cy)
