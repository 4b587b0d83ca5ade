"""The OpenAPI document and its pages."""

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from tests.api.test_problems import PATHS
from tests.conftest import Program

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
        Draft202012Validator.check_schema(schema)


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
    assert len(headers) == 7


def test_aliases_are_not_listed(document: dict[str, Any]) -> None:
    assert not [path for path in document["paths"] if re.match("/api/(login|auth|task|task-report-insight)/", path)]


def test_the_answers_keep_what_the_document_says(document: dict[str, Any], as_user: Any, bo: Any) -> None:
    registry: Registry[Any] = Registry().with_resource(
        "urn:doc", Resource.from_contents(document | {"$schema": "https://json-schema.org/draft/2020-12/schema"})
    )
    program = as_user(bo)
    body = {"title": "x", "due_date": "2027-01-01", "due_time": "10:00", "remind_at": "2027-01-01T00:00:00Z"}
    program.post("/api/tasks/", body)
    category = program.post("/api/categories/", {"name": "Garden"}).json()["id"]
    task = program.post("/api/tasks/", {"title": "y", "assigned_to": bo.pk, "category": category}).json()["id"]
    rule = {"recurrence": "FREQ=DAILY;COUNT=2", "due_date": "2027-01-01"}
    answers = {
        "ActivityPage": program.get("/api/tasks/logs/"),
        "CategoryPage": program.get("/api/categories/?cursor="),
        "ChangesOut": program.get("/api/changes/"),
        "DirectoryPage": program.get("/api/users/"),
        "ImportOut": program.post("/api/tasks/import/?format=csv&partial=true", b'title\nx\n""\n'),
        "NotificationPage": program.get("/api/notifications/"),
        "PreviewOut": program.post("/api/recurrence/preview/", rule),
        "ReminderOut": program.post(f"/api/tasks/{task}/snooze/", {"span": "PT1H"}),
        "ScheduleOut": program.get(f"/api/tasks/{task}/schedule/"),
        "TaskPage": program.get("/api/tasks/?page_size=1"),
        "TaskOut": program.post("/api/tasks/", body),
        "ProfileOut": program.get("/api/profile/"),
        "ReportOut": program.post("/api/reports/", {"kind": "export", "format": "csv", "completed": False}),
        "ReportPage": program.get("/api/reports/"),
        "InsightsOut": program.get("/api/reports/insights/?group=week"),
        "Problem": program.post("/api/tasks/", {}),
    }
    for name, answer in answers.items():
        schema = {"$ref": f"urn:doc#/components/schemas/{name}"}
        Draft202012Validator(schema, registry=registry).validate(answer.json())
    schema = {"type": "array", "items": {"$ref": "urn:doc#/components/schemas/SessionOut"}}
    Draft202012Validator(schema, registry=registry).validate(program.get("/api/sessions/").json())


@pytest.mark.parametrize("path", ["/api/docs/", "/api/redoc/"])
def test_the_pages_come_from_this_server_alone(anonymous: Program, db: None, path: str) -> None:
    answer = anonymous.get(path)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/html")
    assert not re.findall(r"""(?:href|src|url)\s*[=(]\s*["']?\s*(?:https?:)?//""", html)
    assert "/static/" in html
    assert "/api/schema/" in html
