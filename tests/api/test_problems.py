"""Every refusal is a problem document (RFC 9457), whoever says no."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection
from django.http import HttpResponse

from taskbell.accounts.models import User
from taskbell.tasks.models import Task
from tests.conftest import PASSWORD, Program

Somebody = Callable[[User], Program]
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
PATHS = {
    "register/": {"POST"},
    "token/": {"POST"},
    "login/": {"POST"},
    "auth/login/": {"POST"},
    "token/refresh/": {"POST"},
    "login/refresh/": {"POST"},
    "logout/": {"POST"},
    "sessions/": {"GET", "DELETE"},
    "sessions/00000000-0000-4000-8000-000000000000/": {"DELETE"},
    "password/reset/": {"POST"},
    "password/reset/confirm/": {"POST"},
    "password/change/": {"POST"},
    "profile/": {"GET", "PUT", "PATCH"},
    "tasks/": {"GET", "POST"},
    "task/": {"GET", "POST"},
    "tasks/1/": {"GET", "PUT", "PATCH", "DELETE"},
    "task/1/": {"GET", "PUT", "PATCH", "DELETE"},
    "reports/insights/": {"GET"},
    "task-report-insight/": {"GET"},
    "reports/": {"GET", "POST"},
    "reports/1/": {"GET", "DELETE"},
    "reports/1/download/": {"GET"},
    "schema/": {"GET"},
    "docs/": {"GET"},
    "redoc/": {"GET"},
}
OPEN = {
    "register/",
    "token/",
    "login/",
    "auth/login/",
    "token/refresh/",
    "login/refresh/",
    "schema/",
    "docs/",
    "redoc/",
}
OPEN |= {"password/reset/", "password/reset/confirm/"}


def check_problem(answer: HttpResponse, status: int) -> dict[str, Any]:
    """Fails unless it is a well formed problem document of this status."""
    assert answer.status_code == status, answer.content[:500]
    assert answer["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = json.loads(answer.content)
    assert document["status"] == status
    assert document["type"] == "about:blank"
    assert document["title"]
    assert document["detail"]
    assert ("errors" in document) == (status == 400)
    for error in document.get("errors", []):
        assert error.keys() == {"field", "code", "message"}
        assert error["message"]
    return document


def test_what_is_wrong_is_listed_field_by_field(bo: User, as_user: Somebody) -> None:
    body = {"priority": "NONE", "reminders": [{"at": "2027-01-01T00:00:00Z"}, {"at": "soon"}]}
    document = check_problem(as_user(bo).post("/api/tasks/", body), 400)
    assert [error["field"] for error in document["errors"]] == ["title", "priority", "reminders.1.at"]


def test_a_body_that_is_no_json_is_a_problem(bo: User, as_user: Somebody) -> None:
    check_problem(as_user(bo).post("/api/tasks/", b"{"), 400)


@pytest.mark.parametrize(("path", "method"), [(path, method) for path in PATHS for method in PATHS[path]])
def test_nobody_gets_in_without_signing_in(anonymous: Program, db: None, path: str, method: str) -> None:
    if path in OPEN:
        assert anonymous(method, f"/api/{path}", {}).status_code in (200, 400)
    else:
        answer = anonymous(method, f"/api/{path}", {})
        check_problem(answer, 401)
        assert answer["WWW-Authenticate"].startswith("Bearer")


def test_an_intern_may_not_create_even_if_the_body_is_wrong_too(ivo: User, as_user: Somebody) -> None:
    for body in ({"title": "x"}, {"title": ""}, b"{", None):
        check_problem(as_user(ivo).post("/api/tasks/", body), 403)


def test_an_unknown_path_and_an_unseen_task_look_alike(bo: User, cy: User, as_user: Somebody) -> None:
    path = as_user(bo).post("/api/tasks/", {"title": "Bo's own"})["Location"]
    unseen = as_user(cy).get(path)
    check_problem(unseen, 404)
    for nowhere in ("/api/tasks/999999/", "/api/nowhere/", "/api/tasks/x/", "/api/", "/api/tasks/1/nowhere"):
        answer = as_user(cy).get(nowhere)
        check_problem(answer, 404)
        assert answer.content == unseen.content


@pytest.mark.parametrize(
    ("path", "method"), [(path, method) for path in PATHS for method in sorted(METHODS - PATHS[path])]
)
def test_a_method_that_is_not_there_names_those_that_are(ada: User, as_user: Somebody, path: str, method: str) -> None:
    answer = as_user(ada)(method, f"/api/{path}", {})
    check_problem(answer, 405)
    assert {name.strip() for name in answer["Allow"].split(",")} - {"HEAD", "OPTIONS"} == PATHS[path]


@pytest.mark.parametrize("method", ["TRACE", "FOO", "PROPFIND"])
def test_a_method_that_nobody_knows_is_not_there(bo: User, as_user: Somebody, method: str) -> None:
    check_problem(as_user(bo)(method, "/api/tasks/"), 405)


@pytest.mark.parametrize(("path", "method"), [(path, method) for path in PATHS for method in sorted(METHODS)])
def test_the_final_slash_makes_no_difference(ada: User, as_user: Somebody, path: str, method: str) -> None:
    program = as_user(ada)
    body = {"title": ""}
    with_slash = program(method, f"/api/{path}", body)
    program = as_user(ada)
    without_slash = program(method, f"/api/{path.rstrip('/')}", body)
    assert without_slash.status_code == with_slash.status_code
    assert without_slash.headers.get("Content-Type") == with_slash.headers.get("Content-Type")
    assert "Location" not in without_slash.headers


def test_without_the_slash_the_body_arrives(bo: User, as_user: Somebody) -> None:
    program = as_user(bo)
    for path in ("/api/tasks", "/api/task", "/api/task/"):
        assert program.post(path, {"title": path}).json()["title"] == path


def test_too_large_and_wrong_type_are_problems(bo: User, as_user: Somebody) -> None:
    program = as_user(bo)
    check_problem(program.post("/api/tasks/", b" " * 6 * 1024 * 1024), 413)
    check_problem(program.post("/api/tasks/", b"{}", content_type="text/plain"), 415)


def test_too_often_says_how_long_to_wait(bo: User, anonymous: Program) -> None:
    wrong = {"username": "bo", "password": "wrong"}
    for _ in range(10):
        check_problem(anonymous.post("/api/token/", wrong), 401)
    answer = anonymous.post("/api/token/", {"username": "bo", "password": PASSWORD})
    check_problem(answer, 429)
    assert 0 < int(answer["Retry-After"]) <= 15 * 60 + 1


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_is_told_and_not_a_mistake_of_ours(
    request: pytest.FixtureRequest, as_user: Somebody, anonymous: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = as_user(request.getfixturevalue("bo"))

    def away(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("the server closed the connection unexpectedly")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", away)
        patch.setattr(connection, "cursor_for_statements", away, raising=False)
        answers = [
            program.get("/api/tasks/"),
            program.post("/api/tasks/", {"title": "x"}),
            program.delete("/api/tasks/1/"),
            anonymous.post("/api/token/", {"username": "bo", "password": PASSWORD}),
            anonymous.get("/api/tasks/", Cookie="sessionid=x"),
        ]
        alive, ready = anonymous.get("/healthz"), anonymous.get("/readyz")
    for answer in answers[:-1]:
        check_problem(answer, 503)
        assert int(answer["Retry-After"]) > 0
    check_problem(answers[-1], 401)
    assert alive.status_code == 200
    assert ready.status_code == 503
    assert not ready.json()["database"]["ok"]
    assert program.get("/api/tasks/").status_code == 200


def test_a_mistake_of_ours_tells_nothing_of_itself(
    bo: User, as_user: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("secret detail")

    program = as_user(bo)
    monkeypatch.setattr("taskbell.api.tasks.page_of_tasks", broken)
    answer = program.http.get("/api/tasks/", headers={"Authorization": f"Bearer {program.access}"})
    check_problem(answer, 500)
    assert b"secret" not in answer.content


@pytest.mark.parametrize("host", ["evil.example", "local host", "[::", "localhost:99999999", "a" * 5000, "ü", ""])
def test_a_foreign_host_name_is_a_problem(anonymous: Program, host: str) -> None:
    answer = anonymous.get("/api/tasks/", Host=host)
    assert answer.status_code in (400, 401)
    assert answer["Content-Type"] == "application/problem+json"
    assert json.loads(answer.content)["status"] == answer.status_code


def test_a_form_with_a_cookie_is_refused_however_broken_it_is(bo: User, anonymous: Program) -> None:
    anonymous.http.get("/sign-in/")
    anonymous.http.post("/sign-in/", {"identifier": "bo", "username": "bo", "password": PASSWORD})
    for content_type in ("multipart/form-data", "multipart/form-data; boundary=x", "multipart/form-data; boundary=ü"):
        for path in ("/api/tasks/", "/api/logout/"):
            answer = anonymous.post(path, b"--x\r\nnonsense", content_type=content_type)
            assert answer.status_code in (400, 401, 403, 415)
            assert answer["Content-Type"] == "application/problem+json"


def test_what_vanishes_at_the_same_moment_is_a_conflict_and_no_mistake_of_ours(
    bo: User, as_user: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(*_: Any, **__: Any) -> None:
        raise IntegrityError("a row that this one refers to is gone")

    monkeypatch.setattr(Task.objects, "bulk_create", too_late)
    check_problem(as_user(bo).post("/api/tasks/", {"title": "Water the plants"}), 409)
