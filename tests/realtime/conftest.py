"""One running Taskbell with Ada, Bo and Cy, whom the tests leave as they were."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count

import pytest

from tests.prepared import prepared
from tests.processes import RunningTaskbell
from tests.realtime.live import Somebody
from tests.services import fresh_database

NUMBERS = count()
Newcomer = Callable[[str], Somebody]


ONE_PROCESS = {"WEB_CONCURRENCY": "1"}  # which counts its connections


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningTaskbell]:
    with RunningTaskbell(
        prepared(tmp_path_factory.mktemp("live") / "data"), env=fresh_database() | ONE_PROCESS
    ) as running:
        yield running


@pytest.fixture(scope="session")
def register(house: RunningTaskbell) -> Iterator[Newcomer]:
    with ExitStack() as people:
        yield lambda name: people.enter_context(Somebody(house.base_url, f"{name}{next(NUMBERS)}"))


@pytest.fixture(scope="session")
def ada(register: Newcomer) -> Somebody:
    """The ADMIN, who was there first."""
    return register("ada")


@pytest.fixture(scope="session")
def newcomer(ada: Somebody, register: Newcomer) -> Newcomer:
    """A MEMBER whom no other test knows."""
    return register


@pytest.fixture(scope="session")
def bo(newcomer: Newcomer) -> Somebody:
    """A MEMBER."""
    return newcomer("bo")


@pytest.fixture(scope="session")
def cy(newcomer: Newcomer) -> Somebody:
    """Another MEMBER, who has nothing to do with Bo."""
    return newcomer("cy")
