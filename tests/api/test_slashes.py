"""Every path of the API answers with and without its final slash, whatever the method."""

import re
from collections.abc import Callable

import pytest
from django.http import HttpResponse

from taskbell.accounts.models import User
from taskbell.api.urls import urlpatterns
from tests.conftest import Program

Somebody = Callable[[User], Program]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
NOBODY = "00000000-0000-4000-8000-000000000000"


def addresses() -> list[str]:
    """Every path of the table, with a number where it wants one."""
    routes = [str(pattern.pattern) for pattern in urlpatterns]
    return sorted(re.sub("<[a-z]+:[a-z_]+>", "999999", route.replace("<uuid:pk>", NOBODY)) for route in routes)


def gist(answer: HttpResponse) -> tuple[int, str | None, str | None, bool]:
    """What must not depend on the slash."""
    return answer.status_code, answer.get("Content-Type"), answer.get("Allow"), answer.has_header("Location")


def test_the_table_ends_every_path_with_a_slash() -> None:
    assert not [path for path in addresses() if not path.endswith("/") or "<" in path]


@pytest.mark.parametrize("path", addresses())
def test_a_path_means_the_same_without_its_slash(ada: User, as_user: Somebody, path: str) -> None:
    for method in METHODS:
        with_slash = as_user(ada)(method, f"/api/{path}", {"title": ""})
        without = as_user(ada)(method, f"/api/{path.rstrip('/')}", {"title": ""})
        assert gist(without) == gist(with_slash)
        assert not 300 <= without.status_code < 400


@pytest.mark.parametrize("path", ["/api/tasks", "/api/task", "/api/categories", "/api/users"])
@pytest.mark.parametrize("query", ["?page_size=1", "?page=1&page_size=1"])
def test_the_query_survives_the_missing_slash(ada: User, as_user: Somebody, path: str, query: str) -> None:
    answer = as_user(ada).get(path + query)
    assert answer.status_code == 200
    assert as_user(ada).get(f"{path}?page_size=0").status_code == 400
