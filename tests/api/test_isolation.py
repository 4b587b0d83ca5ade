"""Nobody learns of, or touches, what is not theirs."""

from collections.abc import Callable
from typing import Any

import pytest

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.reminders.models import Reminder
from taskbell.tasks.models import Task
from tests.conftest import Program

Somebody = Callable[[User], Program]
BODIES: list[Any] = [{"title": "mine now"}, {"title": ""}, {"assigned_to": 1}, b"{", b"\xff", None, [], {"surprise": 1}]


@pytest.fixture
def path(bo: User, as_user: Somebody) -> str:
    """Where Bo's task is."""
    body = {"title": "Bo's own", "remind_at": "2027-03-31T07:00:00Z"}
    return str(as_user(bo).post("/api/tasks/", body)["Location"])


def rows() -> list[Any]:
    return [list(table.objects.order_by("pk").values()) for table in (Task, Reminder, Activity)]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("body", BODIES)
def test_cy_finds_nothing_where_bos_task_is_whatever_he_sends(
    cy: User, as_user: Somebody, path: str, method: str, body: Any
) -> None:
    before = rows()
    program = as_user(cy)
    for where in (path, path.replace("tasks", "task"), path.rstrip("/")):
        assert program(method, where, body).status_code == 404
    assert program(method, path, body, content_type="text/plain").status_code == 404
    assert rows() == before


def test_cy_does_not_find_bos_task_in_the_list(cy: User, as_user: Somebody, path: str) -> None:
    page = as_user(cy).get("/api/tasks/").json()
    assert page["count"] == 0
    assert page["results"] == []


def test_managers_and_admins_see_it(ada: User, mia: User, as_user: Somebody, path: str) -> None:
    for person in (ada, mia):
        assert as_user(person).get(path).json()["title"] == "Bo's own"
        assert as_user(person).get("/api/tasks/").json()["count"] == 1


def test_the_assignee_sees_it_until_somebody_else_has_it(bo: User, cy: User, as_user: Somebody, path: str) -> None:
    as_user(bo).patch(path, {"assigned_to": cy.pk})
    assert as_user(cy).get(path).status_code == 200
    as_user(bo).patch(path, {"assigned_to": None})
    assert as_user(cy).get(path).status_code == 404


def test_a_deleted_task_is_gone_for_everybody(bo: User, ada: User, as_user: Somebody, path: str) -> None:
    assert as_user(bo).delete(path).status_code == 204
    for person in (bo, ada):
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            assert as_user(person)(method, path, {"title": "x"}).status_code == 404
        assert as_user(person).get("/api/tasks/").json()["count"] == 0


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("PATCH", {"title": "another"}),
        ("PATCH", {"title": ""}),
        ("PATCH", {"priority": "NONE"}),
        ("PATCH", {"due_time": "10:00"}),
        ("PATCH", {"assigned_to": 999_999}),
        ("PATCH", {"status": "ARCHIVED"}),
        ("PATCH", {"remind_at": "2027-01-01T00:00:00Z"}),
        ("PUT", {"title": "another"}),
        ("PUT", {}),
        ("DELETE", None),
    ],
)
def test_the_assignee_may_not_edit_even_if_the_body_is_wrong_too(
    bo: User, cy: User, ivo: User, as_user: Somebody, path: str, method: str, body: Any
) -> None:
    for person in (cy, ivo):
        as_user(bo).patch(path, {"assigned_to": person.pk})
        before = rows()
        assert as_user(person)(method, path, body).status_code == 403
        assert rows() == before


@pytest.mark.parametrize("status", ["IN_PROGRESS", "COMPLETED"])
def test_the_assignee_says_how_far_the_work_is(bo: User, ivo: User, as_user: Somebody, path: str, status: str) -> None:
    as_user(bo).patch(path, {"assigned_to": ivo.pk})
    assert as_user(ivo).patch(path, {"status": status}).json()["status"] == status


@pytest.mark.parametrize("body", [{"status": "DONE"}, {"status": "OVERDUE"}, {"remind_at": "soon"}, b"{", {"x": 1}])
def test_a_wrong_value_of_what_they_may_change_is_just_wrong(
    bo: User, ivo: User, as_user: Somebody, path: str, body: Any
) -> None:
    as_user(bo).patch(path, {"assigned_to": ivo.pk})
    assert as_user(ivo).patch(path, body).status_code == 400


def test_a_reminder_for_oneself_is_seen_by_nobody_else(bo: User, ivo: User, as_user: Somebody, path: str) -> None:
    as_user(bo).patch(path, {"assigned_to": ivo.pk})
    mine = {"reminders": [{"at": "2027-03-30T07:00:00Z", "for_me": True}]}
    seen = as_user(ivo).patch(path, mine).json()["reminders"]
    assert [reminder["for_me"] for reminder in seen] == [True, False]
    assert [reminder["for_me"] for reminder in as_user(bo).get(path).json()["reminders"]] == [False]


def test_bos_sessions_are_not_cys_to_end(bo: User, cy: User, as_user: Somebody) -> None:
    program = as_user(bo)
    mine = program.get("/api/sessions/").json()
    other = as_user(cy)
    assert other.delete(f"/api/sessions/{mine[0]['id']}/").status_code == 404
    assert other.delete("/api/sessions/").status_code == 204
    assert program.get("/api/sessions/").json() == mine
