"""Data folders of their own, with something in them."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest

from tests.prepared import prepared
from tests.processes import taskbell
from tests.services import fresh_database

PHRASE = "correct horse battery staple"
CREATE = """
from taskbell.tasks.actions import create_task; from taskbell.tasks.patch import TaskPatch
from taskbell.accounts.models import User; from taskbell.common.clock import utc_now
print(create_task(TaskPatch(title="New"), by=User.objects.get(username="ada"), now=utc_now()).pk)
"""


@dataclass
class House:
    """A data folder and a database."""

    data: Path
    env: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, env: Mapping[str, str] | None = None, code: int = 0) -> CompletedProcess[str]:
        """The command, which must end with this code, and with a sentence if that isn't 0."""
        result = taskbell(*arguments, data=self.data, env=self.env | dict(env or {}), within=120)
        assert result.returncode == code, result.stdout + result.stderr
        assert "Traceback" not in result.stderr
        return result

    def refused(self, *arguments: str, env: Mapping[str, str] | None = None) -> str:
        """The one sentence."""
        said = self.run(*arguments, env=env, code=2).stderr
        assert said.startswith("taskbell: ")
        assert said.count("\n") == 1
        return said

    def run_anyhow(self, *arguments: str) -> str:
        """What the command says, however it ends."""
        result = taskbell(*arguments, data=self.data, env=self.env, within=120)
        return result.stdout + result.stderr

    def shell(self, code: str) -> str:
        return self.run("shell", "--verbosity", "0", "-c", code).stdout

    def create_task(self) -> int:
        """Changes the figures; returns the id of the task."""
        return int(self.shell(CREATE))

    def figures(self) -> str:
        """What a loss would change."""
        return self.shell(
            "from django.db.models import Count, Max; from taskbell.tasks.models import Task;"
            "from taskbell.activity.models import Activity, Position; from taskbell.accounts.models import User;"
            "print(Task.objects.aggregate(Count('pk'), Max('pk')), list(User.objects.values_list('username')),"
            "Activity.objects.aggregate(Count('pk'), Max('pk')), Position.objects.aggregate(Max('position')))"
        )


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> House:
    """The sample people and some tasks, from which each test gets a copy."""
    house = House(prepared(tmp_path_factory.mktemp("sample") / "data"), fresh_database())
    house.run("demo", "--tasks", "40")
    return house


@pytest.fixture
def house(sample: House, tmp_path: Path) -> House:
    """With the sample people and some tasks."""
    (tmp_path / "first").mkdir()
    data = prepared(tmp_path / "first" / "data")
    for name in ("taskbell.sqlite3", "secret_key"):
        shutil.copy2(sample.data / name, data)
    return House(data, fresh_database(sample.env.get("DATABASE_URL")))


@pytest.fixture
def empty_house(tmp_path: Path) -> House:
    """Nothing has been started in it."""
    (tmp_path / "second").mkdir()
    return House(tmp_path / "second" / "data", fresh_database())


def database_without_tables() -> str:
    """The address of a new one in PostgreSQL."""
    name = f"t{uuid4().hex}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
