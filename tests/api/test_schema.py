"""The OpenAPI document and its pages."""

import re
from typing import Any

import pytest
from jsonschema_rs import meta

from tests import openapi
from tests.api.test_problems import PATHS
from tests.conftest import Program

DIALECT = "https://json-schema.org/draft/2020-12/schema"
METHODS = {"get", "post", "put", "patch", "delete"}
UNLISTED = ("login/", "auth/", "task/", "task-report-insight/", "schema/", "docs/", "redoc/")
NUMBERS = {
    "reports/1/": "reports/{id}/",
    "reports/1/download/": "reports/{id}/download/",
    "tasks/1/": "tasks/{id}/",
    "sessions/00000000-0000-4000-8000-000000000000/": "sessions/{id}/",
}
EXPECTED = {
    ("/api/" + NUMBERS.get(path, path), method.lower())
    for path, methods in PATHS.items()
    for method in methods
    if not path.startswith(UNLISTED)
}


@pytest.fixture
def document(anonymous: Program, db: None) -> dict[str, Any]:
    """The document as a program gets it."""
    answer = anonymous.get("/api/schema/")
    assert answer.status_code == 200
    return dict(answer.json())


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(inner) for inner in value.values()))
    if isinstance(value, list):
        return set().union(*(references(inner) for inner in value))
    return set()


def test_it_is_openapi_31_and_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    for reference in references(document):
        target: Any = document
        for name in reference.removeprefix("#/").split("/"):
            target = target[name]
    for schema in document["components"]["schemas"].values():
        meta.validate(schema | {"$schema": DIALECT})


def test_every_schema_that_says_what_it_is_says_it_alone(document: dict[str, Any]) -> None:
    said = [schema["description"] for schema in document["components"]["schemas"].values() if "description" in schema]
    assert len(set(said)) == len(said), "a base class speaks for its children"


def test_every_operation_says_what_it_does_and_has_a_name_of_its_own(document: dict[str, Any]) -> None:
    found = operations(document)
    assert {(path, method) for method, path, _ in found} >= EXPECTED
    names = [operation["operationId"] for _, _, operation in found]
    assert len(set(names)) == len(names)
    assert not [(method, path) for method, path, o in found if not o.get("summary") and not o.get("description")]
    assert not [(method, path) for method, path, o in found if not {"400", "401", "429"} & o["responses"].keys()]


def test_every_post_about_tasks_knows_the_idempotency_key(document: dict[str, Any]) -> None:
    posts = {path: operation for method, path, operation in operations(document) if method == "post"}
    about_tasks = {path: operation for path, operation in posts.items() if path.startswith("/api/tasks/")}
    headers = {path: [each["name"] for each in about_tasks[path].get("parameters", [])] for path in about_tasks}
    assert not [path for path, names in headers.items() if "Idempotency-Key" not in names]
    assert len(headers) == 9


def test_aliases_are_not_listed(document: dict[str, Any]) -> None:
    assert not [path for path in document["paths"] if re.match("/api/(login|auth|task|task-report-insight)/", path)]


def test_the_document_is_a_judge() -> None:
    """All tests of the API ask it about each answer (tests/conftest.py): here it finds what is wrong."""
    judge = openapi.ours()
    task = b'{"id": 1, "name": "Garden", "created_by": "me"}'
    said = judge.mistakes("GET", "/api/categories/1", 200, "application/json", task)
    assert any("'name'" in mistake or "created_by" in mistake for mistake in said)
    surprise = b'{"id": 1, "name": "Garden", "created_by": 1, "created_at": "2027-01-01T00:00:00Z", "surprise": 1}'
    said = judge.mistakes("GET", "/api/categories/1", 200, "application/json", surprise)
    assert said == [": Additional properties are not allowed ('surprise' was unexpected)"]
    assert judge.mistakes("GET", "/api/task/1/", 418, "", b"") == ["the status 418 is not documented"]
    assert judge.mistakes("GET", "/api/tasks/1/", 200, "text/html", b"") == ["text/html is not among application/json"]
    assert judge.mistakes("DELETE", "/api/tasks/1/", 204, "", b"{}") == ["a body where there is none"]


@pytest.mark.parametrize("path", ["/api/docs/", "/api/redoc/"])
def test_the_pages_come_from_this_server_alone(anonymous: Program, db: None, path: str) -> None:
    answer = anonymous.get(path)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/html")
    assert not re.findall(r"""(?:href|src|url)\s*[=(]\s*["']?\s*(?:https?:)?//""", html)
    assert "/static/" in html
    assert "/api/schema/" in html
