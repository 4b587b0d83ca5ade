"""Inputs that nobody would write by hand, drawn from what the OpenAPI document says and from what it does not."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from taskbell.accounts.models import User
from taskbell.notifications.models import Notification
from tests.conftest import Program

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**31, 2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**30])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
    | st.dates().map(str)
    | st.times().map(str)
    | st.datetimes(timezones=st.none() | st.timezones()).map(lambda moment: moment.isoformat())
    | st.sampled_from(["PENDING", "OVERDUE", "HIGH", "Europe/Berlin", "bo", "bo@example.org", "\x00", "9999-12-31"])
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)
BUDGET = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
Somebody = Callable[[User], Program]


def operations(document: dict[str, Any]) -> list[tuple[str, str, list[str]]]:
    """Method, path and names of the body's fields of every operation."""
    found = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            reference = content.get("application/json", {}).get("schema", {}).get("$ref", "").rsplit("/", 1)[-1]
            schema = document["components"]["schemas"].get(reference, {})
            found.append((method.upper(), path, sorted(schema.get("properties", {}))))
    return sorted(found)


def bodies(fields: list[str]) -> st.SearchStrategy[Any]:
    names = st.sampled_from([*fields, "surprise", "reminder_time"]) | st.text(max_size=5)
    return st.dictionaries(names, VALUES, max_size=6) | VALUES


def test_no_body_and_no_query_makes_a_mistake_of_ours(bo: User, ada: User, as_user: Somebody) -> None:
    program = as_user(bo)
    pk = program.post("/api/tasks/", {"title": "Water the plants"}).json()["id"]
    kinds = operations(program.get("/api/schema/").json())
    by_name = {f"{method} {path}": (method, path, fields) for method, path, fields in kinds}

    @BUDGET
    @given(st.data(), st.sampled_from(sorted(by_name)))
    def attack(data: st.DataObject, name: str) -> None:
        method, path, fields = by_name[name]
        number = data.draw(st.just(str(pk)) | st.integers(0, 2**70).map(str) | st.text(max_size=10), label="id")
        where = path.replace("{id}", number).replace("{pk}", number)
        query = data.draw(st.text(max_size=20) | st.integers().map(lambda n: f"page={n}&page_size={n}"), label="query")
        body = data.draw(bodies(fields).map(json.dumps).map(str.encode) | st.binary(max_size=50), label="body")
        answer = program(method, f"{where}?{query}".replace("#", "%23"), body)  # what follows a # is not sent
        assert answer.status_code < 500, answer.content
        assert answer.status_code < 400 or answer["Content-Type"] == "application/problem+json"
        if program.get("/api/profile/").status_code == 401:
            program.access = as_user(bo).access  # the attack has found the way out

    attack()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_what_is_taken_can_be_read_and_written_again(bo: User, as_user: Somebody, method: str) -> None:
    """What one request writes, the next one shows in the same words."""
    program = as_user(bo)
    path = program.post("/api/tasks/", {"title": "Water the plants"})["Location"]
    patch = st.fixed_dictionaries(
        {"title": st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=255)},
        optional={
            "description": st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=500),
            "status": st.sampled_from(["PENDING", "IN_PROGRESS", "COMPLETED", "ARCHIVED"]),
            "priority": st.sampled_from(["LOW", "MEDIUM", "HIGH", "URGENT"]),
            "due_date": st.none() | st.dates().map(str),
            "due_time": st.none() | st.times().map(str),
            "timezone": st.timezone_keys(),
            "remind_at": st.none() | st.datetimes().map(lambda moment: moment.isoformat()),
        },
    )

    @BUDGET
    @given(patch)
    def write(body: dict[str, Any]) -> None:
        where = "/api/tasks/" if method == "POST" else path
        answer = program(method, where, body)
        assert answer.status_code in (200, 201, 400), answer.content
        if answer.status_code == 400:
            # Without its date, the time that the task has is what no longer fits.
            named = body.keys() | ({"due_time"} if "due_date" in body else set())
            assert {error["field"] for error in answer.json()["errors"]} <= named
        else:
            shown = answer.json()
            assert program.get(f"/api/tasks/{shown['id']}/").json() == shown
            for name in ("status", "priority", "due_date", "timezone"):
                assert name not in body or shown[name] == body[name]

    write()
    assert not Notification.objects.exists()
