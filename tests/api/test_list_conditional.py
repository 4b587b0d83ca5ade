"""A list that has not changed is not sent again, and one that has changed is."""

from collections.abc import Callable

import pytest
from django.http import HttpResponse

from taskbell.accounts.models import User
from taskbell.tasks.models import Task
from tests.conftest import Program

Somebody = Callable[[User], Program]
LISTS = [
    "tasks/",
    "tasks/?ordering=-due_date&status=PENDING",
    "tasks/?cursor=&page_size=1",
    "task/",
    "tasks/logs/",
    "categories/",
    "users/",
    "invites/",
    "sessions/",
    "reports/",
    "tasks/{task}/logs/",
    "tasks/{task}/reminders/",
    "notifications/",
    "reports/insights/",
    "task-report-insight/?group=month",
]


FIRST, SECOND = "2097-03-01T09:00:00Z", "2097-03-02T09:00:00Z"


@pytest.fixture
def program(ada: User, as_user: Somebody) -> Program:
    """Speaks for Ada, who has a little of everything."""
    program = as_user(ada)
    assert program.post("/api/categories/", {"name": "Garden"}).status_code == 201
    task = {"title": "Water the plants", "reminders": [{"at": FIRST}]}
    assert program.post("/api/tasks/", task).status_code == 201
    assert program.post("/api/invites/", {"email": "dot@example.org"}).status_code == 201
    return program


def address(where: str) -> str:
    """The path, with the number of the one task there is where it wants one."""
    return f"/api/{where}".format(task=Task.objects.get().pk) if "{" in where else f"/api/{where}"


def asked_again(program: Program, path: str, known: str) -> HttpResponse:
    return program.get(path, **{"If-None-Match": known})


@pytest.mark.parametrize("where", LISTS)
def test_who_has_the_list_already_gets_no_second_copy(program: Program, where: str) -> None:
    path = address(where)
    tag = program.get(path)["ETag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = asked_again(program, path, known)
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
    for known in ('"other"', tag.strip('"'), ""):
        answer = asked_again(program, path, known)
        assert answer.status_code == 200
        assert answer.content
        assert answer["ETag"] == tag


@pytest.mark.parametrize("where", LISTS)
def test_a_shared_cache_keeps_no_list(program: Program, where: str) -> None:
    answer = program.get(address(where))
    assert "private" in answer["Cache-Control"]
    assert "Authorization" in answer["Vary"]


@pytest.mark.parametrize(
    ("where", "method", "path", "body"),
    [
        ("tasks/", "POST", "tasks/", {"title": "Another"}),
        ("tasks/?page_size=1", "POST", "tasks/", {"title": "Another"}),
        ("tasks/logs/", "POST", "tasks/", {"title": "Another"}),
        ("reports/insights/", "POST", "tasks/", {"title": "Another"}),
        ("categories/", "POST", "categories/", {"name": "House"}),
        ("tasks/", "PATCH", "profile/", None),
        ("tasks/{task}/reminders/", "POST", "tasks/{task}/reminders/", {"at": SECOND}),
        ("tasks/{task}/reminders/", "PATCH", "profile/", None),
        ("users/", "PATCH", "profile/", {"first_name": "Augusta"}),
        ("invites/", "POST", "invites/", {"email": "eve@example.org"}),
        ("sessions/", "POST", "token/", {"username": "ada", "password": "correct horse battery"}),
    ],
)
def test_the_tag_changes_with_the_list_and_not_without(
    program: Program, where: str, method: str, path: str, body: dict[str, str] | None
) -> None:
    list_of = address(where)
    tag = program.get(list_of)["ETag"]
    assert program(method, address(path), body or {}).status_code < 300
    answer = asked_again(program, list_of, tag)
    assert answer.status_code == (200 if body else 304)


def test_a_change_by_somebody_else_changes_the_tag_of_those_who_see_it(
    program: Program, bo: User, cy: User, as_user: Somebody
) -> None:
    others = as_user(bo), as_user(cy)
    tags = [other.get("/api/tasks/")["ETag"] for other in others]
    assert program.post("/api/tasks/", {"title": "For Bo", "assigned_to": bo.pk}).status_code == 201
    answers = [asked_again(other, "/api/tasks/", tag) for other, tag in zip(others, tags, strict=True)]
    assert [answer.status_code for answer in answers] == [200, 304]


def test_the_tag_of_one_person_does_not_open_the_list_of_another(program: Program, bo: User, as_user: Somebody) -> None:
    foreign = program.get("/api/tasks/")["ETag"]
    answer = asked_again(as_user(bo), "/api/tasks/", foreign)
    assert answer.status_code == 200
    assert answer.json()["count"] == 0


def test_a_page_by_cursor_stays_the_same_while_nothing_on_it_changes(
    program: Program, bo: User, as_user: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.post("/api/tasks/", {"title": "Rake the leaves"})
    path = "/api/tasks/?cursor=&page_size=1"
    tag = program.get(path)["ETag"]
    as_user(bo).post("/api/tasks/", {"title": "Bo's own"})
    as_user(bo).delete(f"/api/tasks/{Task.objects.latest('id').pk}/")  # the history has moved on
    monkeypatch.setattr("django.core.signing.time.time", lambda: 4e9)  # and so has the clock
    assert asked_again(program, path, tag).status_code == 304
