"""The same request twice is one request."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.http import HttpResponse

from taskbell.accounts.models import User
from taskbell.activity.models import Activity
from taskbell.api.idempotency import forget_answers
from taskbell.api.models import Answer
from taskbell.common.clock import utc_now
from taskbell.notifications.models import Notification
from taskbell.tasks.models import Category, Task
from tests.conftest import Program
from tests.tasks.conftest import Somebody, a_task

KEY = {"Idempotency-Key": "3f0c"}
BODY = {"title": "Water the plants", "priority": "HIGH"}


def parts(answer: HttpResponse) -> tuple[int, bytes, Any, Any]:
    return answer.status_code, answer.content, answer.get("ETag"), answer.get("Location")


def test_the_same_key_and_body_give_the_same_answer_and_one_task(program: Program, bo: User, cy: User) -> None:
    body = BODY | {"assigned_to": cy.pk}
    first = program.post("/api/tasks/", body, **KEY)
    program.patch(first["Location"], {"title": "Anew"})
    again = program.post("/api/tasks/", dict(reversed(body.items())), **KEY)  # the order of names says nothing
    assert parts(again) == parts(first)
    assert first.status_code == 201
    assert first.get("Idempotency-Replayed") is None
    assert again["Idempotency-Replayed"] == "true"
    assert Task.objects.count() == Activity.objects.of_tasks().filter(action="created").count() == 1
    assert Notification.objects.filter(kind="task_assigned").count() == 1


@pytest.mark.parametrize("other", [{"title": "Water"}, BODY | {"priority": "LOW"}, {}, {"title": ""}])
def test_the_same_key_with_another_body_is_refused(program: Program, other: Any) -> None:
    program.post("/api/tasks/", BODY, **KEY)
    answer = program.post("/api/tasks/", other, **KEY)
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert Task.objects.count() == 1


def test_the_same_key_for_another_deed_is_refused(program: Program) -> None:
    body = {"name": "Garden"}
    assert program.post("/api/categories/", body, **KEY).status_code == 201
    assert program.post("/api/categories/", body, **KEY).status_code == 201
    assert program.post("/api/tasks/", body, **KEY).status_code == 422
    assert (Category.objects.count(), Task.objects.count()) == (1, 0)


def test_without_a_key_twice_is_two(program: Program) -> None:
    for key in ({}, {}, {"Idempotency-Key": "a"}, {"Idempotency-Key": "b"}):
        assert program.post("/api/tasks/", BODY, **key).status_code == 201
    assert Task.objects.count() == 4


def test_everybody_has_keys_of_their_own(program: Program, cy: User, as_user: Somebody) -> None:
    program.post("/api/tasks/", BODY, **KEY)
    answer = as_user(cy).post("/api/tasks/", {"title": "Cy's own"}, **KEY)
    assert (answer.status_code, answer.json()["title"]) == (201, "Cy's own")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"title": ""}, 400), (b"{", 400), ({"title": "x", "pre_tasks": [999_999]}, 400)],
)
def test_a_request_that_was_refused_leaves_its_key_free(program: Program, wrong: Any, code: int) -> None:
    assert program.post("/api/tasks/", wrong, **KEY).status_code == code
    assert not Answer.objects.exists()
    assert program.post("/api/tasks/", BODY, **KEY).status_code == 201


def test_a_batch_that_was_refused_leaves_its_key_free(program: Program, bo: User) -> None:
    task = a_task(bo, after=(a_task(bo),))
    batch = {"create": [BODY], "update": [{"id": task.pk, "status": "COMPLETED"}]}
    assert program.post("/api/tasks/bulk/", batch, **KEY).status_code == 409
    first = program.post("/api/tasks/bulk/", {"create": [BODY]}, **KEY)
    again = program.post("/api/tasks/bulk/", {"create": [BODY]}, **KEY)
    assert parts(again) == parts(first)
    assert Task.objects.count() == 3


@pytest.mark.parametrize("key", ["", "k" * 256, "schlüssel", "tab\there"])
def test_a_key_that_is_none_is_named(program: Program, key: str) -> None:
    answer = program.post("/api/tasks/", BODY, **{"Idempotency-Key": key})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"
    assert not Task.objects.exists()


def test_after_a_day_the_answer_is_forgotten(program: Program) -> None:
    program.post("/api/tasks/", BODY, **KEY)
    forget_answers(utc_now() + timedelta(hours=23))
    program.post("/api/tasks/", BODY, **KEY)
    assert Task.objects.count() == 1
    forget_answers(utc_now() + timedelta(hours=25))
    program.post("/api/tasks/", BODY, **KEY)
    assert Task.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_make_one_task_and_all_get_its_answer(request: pytest.FixtureRequest, as_user: Somebody) -> None:
    access = as_user(request.getfixturevalue("bo")).access
    together = Barrier(50)

    def send(_: int) -> tuple[int, bytes, Any, Any]:
        program = Program(access)
        together.wait()
        try:
            return parts(program.post("/api/tasks/", BODY, **KEY))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(50) as pool:
        answers = set(pool.map(send, range(50)))
    assert [code for code, *_ in answers] == [201]
    assert Task.objects.count() == Activity.objects.of_tasks().count() == 1
