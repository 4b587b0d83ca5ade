"""Every kind of answer makes browsers careful, and what is personal is stored nowhere."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse

from taskbell.accounts.models import User
from taskbell.tasks.actions import create_task
from taskbell.tasks.patch import TaskPatch
from taskbell.web.middleware import BY_DEFAULT, CAREFUL, ON_EVERY_ANSWER
from tests.conftest import NOW, PASSWORD, Program

Somebody = Callable[[User], Program]

pytestmark = pytest.mark.django_db


def check_careful(answer: HttpResponse) -> None:
    assert {name: answer[name] for name in CAREFUL} == dict(CAREFUL)
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert answer["Cache-Control"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("POST", "/healthz", 405),
        ("GET", "/readyz", 503),
        ("GET", "/metrics", 200),
        ("POST", "/metrics", 405),
        ("GET", "/", 200),
        ("GET", "/sign-in/", 200),
        ("GET", "/nowhere/", 404),
        ("GET", "/favicon.ico", 302),
        ("GET", "/static/web/nothing.css", 404),
        ("POST", "/sign-in/", 400),
        ("GET", "/admin/", 302),
        ("GET", "/api/docs/", 200),
        ("GET", "/api/schema/", 200),
        ("GET", "/api/nowhere/", 404),
        ("GET", "/api/tasks/", 401),
        ("DELETE", "/api/token/", 405),
        ("POST", "/api/token/", 400),
        ("OPTIONS", "/api/token/", 200),
        ("OPTIONS", "/api/docs/", 405),
        ("OPTIONS", "/api/redoc/", 405),
    ],
)
def test_every_kind_of_answer_has_the_headers(method: str, path: str, status: int) -> None:
    answer = Program().http.generic(method, path, b"{" if method == "POST" else b"", content_type="application/json")
    assert answer.status_code == status
    check_careful(answer)


def test_so_have_answers_to_foreign_hosts_and_large_bodies_and_after_a_mistake_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = Program()
    for path in ("/", "/api/tasks/"):
        foreign = program.http.get(path, headers={"Host": "evil.example"})
        assert foreign.status_code == 400
        check_careful(foreign)
    large = program.http.post("/api/token/", b"[" * 6 * 1024 * 1024, content_type="application/json")
    assert large.status_code == 413
    check_careful(large)
    monkeypatch.setattr("taskbell.web.pages.is_claimed", lambda: 1 / 0)
    broken = program.http.get("/")
    assert (broken.status_code, b"ZeroDivision" in broken.content) == (500, False)
    check_careful(broken)


def test_answers_of_the_server_itself_have_them_too() -> None:
    found = {name.decode(): value.decode() for name, value in ON_EVERY_ANSWER}
    assert found == {name.lower(): value for name, value in {**CAREFUL, **BY_DEFAULT}.items()}
    assert found["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        *("profile/", "users/", "users/{own}/", "invites/", "sessions/", "changes/", "notifications/", "categories/"),
        *("tasks/", "tasks/{task}/", "tasks/{task}/logs/", "tasks/{task}/reminders/", "tasks/{task}/schedule/"),
        *("tasks/logs/", "tasks/export/", "reports/", "reports/insights/"),
    ],
)
def test_what_is_about_people_is_not_stored(ada: User, as_user: Somebody, path: str) -> None:
    task = create_task(TaskPatch(title="Buy pills"), by=ada, now=NOW)
    answer = as_user(ada).get(f"/api/{path.format(own=ada.pk, task=task.pk)}")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


def test_tokens_are_not_stored(bo: User, anonymous: Program) -> None:
    form = {"username": bo.username, "password": PASSWORD}
    first: Any = anonymous.post("/api/token/", form)
    second = anonymous.post("/api/token/refresh/", {"refresh": first.json()["refresh"]})
    wrong = anonymous.post("/api/token/", form | {"password": "something else"})
    for answer, status in ((first, 200), (second, 200), (wrong, 401)):
        assert (answer.status_code, answer["Cache-Control"]) == (status, "no-store")


def test_strangers_see_whether_it_is_ready_and_nothing_else(settings: Any) -> None:
    settings.TASKBELL_METRICS_TOKEN = "a token of twenty characters"
    own, stranger = Program().get("/readyz"), Program().http.get("/readyz", REMOTE_ADDR="203.0.113.7")
    assert set(own.json()) == {"ready", "database", "broker", "clock"}
    assert (stranger.status_code, stranger.json()) == (own.status_code, {"ready": own.json()["ready"]})
    token = {"Authorization": f"Bearer {settings.TASKBELL_METRICS_TOKEN}"}
    assert Program().http.get("/readyz", headers=token, REMOTE_ADDR="203.0.113.7").json() == own.json()


@pytest.mark.parametrize("name", ["Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP"])
def test_a_proxy_beside_us_asks_for_strangers(name: str) -> None:
    for path, status in (("/metrics", 401), ("/readyz", 503)):
        answer = Program().http.get(path, headers={name: "127.0.0.1"})
        assert answer.status_code == status
        assert b"broker" not in answer.content
