"""A shelf of tasks, and lists read to their end."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from taskbell.accounts.models import User
from taskbell.tasks.models import Category
from tests.api.shelf import BEGIN, Shelf
from tests.conftest import Program


@pytest.fixture
def shelf(bo: User, cy: User, mia: User) -> Shelf:
    """Empty; Bo and Cy are its people, and Mia, who manages, sees all of it."""
    names = ("garden", "house")
    categories = [Category.objects.create(name=name, key=name, created_by=bo, created_at=BEGIN) for name in names]
    return Shelf([bo, cy], categories)


@pytest.fixture
def walk() -> Callable[..., list[int]]:
    """Reads a list from its first page to its last, and returns the ids it saw."""

    def through(program: Program, path: str, between: Callable[[], Any] = lambda: None, **query: str) -> list[int]:
        seen: list[int] = []
        where = f"{path}?{urlencode(query)}"
        while where:
            page = program.get(where).json()
            seen += [row["id"] for row in page["results"]]
            where = (page["next"] or "").removeprefix("http://localhost")
            between()
        return seen

    return through
