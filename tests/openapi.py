"""The OpenAPI document as a judge: says where an answer is not what the document promises."""

import json
import re
from functools import cache, cached_property
from typing import Any, Protocol

import httpx
import jsonschema_rs
from drf_spectacular.generators import SchemaGenerator

from taskbell.api.aliases import ALIASES

# A problem has members of its own kind beside those of every problem.
OPEN = {"Problem"}


class Answer(Protocol):
    """An answer of Django's or of httpx's."""

    status_code: int
    headers: Any


class Document:
    """What the OpenAPI document says about each operation."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._validators: dict[str, Any] = {}

    @cached_property
    def components(self) -> dict[str, Any]:
        """The schemas, closed: a member that the document does not name is a mistake."""
        schemas = json.loads(json.dumps(self.document["components"]["schemas"]))
        for name, schema in schemas.items():
            if "properties" in schema and name not in OPEN:
                schema.setdefault("additionalProperties", False)
        return {"schemas": schemas}

    @cached_property
    def operations(self) -> list[tuple[re.Pattern[str], dict[str, Any]]]:
        """The operations by the form of their path; a path without a parameter comes first."""
        paths = sorted(self.document["paths"].items(), key=lambda one: "{" in one[0])
        return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), methods) for path, methods in paths]

    def operation(self, method: str, path: str) -> dict[str, Any] | None:
        """What is said about this request; None if nothing is."""
        path = f"{path.removesuffix('/')}/"
        for alias, name in ALIASES.items():
            path = re.sub(f"^/api/{alias}", f"/api/{name}", path)
        for form, methods in self.operations:
            if form.fullmatch(path):
                found: dict[str, Any] | None = methods.get(method.lower())
                return found
        return None

    def mistakes(self, method: str, path: str, status: int, content_type: str, body: bytes) -> list[str]:
        """Where the answer is not what the document says."""
        operation = self.operation(method, path)
        if operation is None:
            return []
        said = operation["responses"].get(str(status))
        if said is None:
            return [f"the status {status} is not documented"]
        content, media_type = said.get("content", {}), content_type.partition(";")[0]
        if not content:
            return [] if not body else ["a body where there is none"]
        if media_type not in content:
            return [f"{media_type} is not among {', '.join(content)}"]
        if "json" not in media_type:
            return []
        errors = self._validator(content[media_type].get("schema", {})).iter_errors(json.loads(body))
        return [f"{'/'.join(map(str, error.instance_path))}: {error.message}"[:300] for error in errors]

    def _validator(self, schema: dict[str, Any]) -> Any:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            whole = {**schema, "components": self.components}
            self._validators[key] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        return self._validators[key]


@cache
def ours() -> Document:
    """The document of the code under test."""
    return Document(SchemaGenerator().get_schema(request=None, public=True))


def judge(response: httpx.Response) -> None:
    """Checks an answer that a program got by HTTP; for httpx's event hooks."""
    if not response.headers.get("Content-Disposition"):
        response.read()
        check(response.request.method, response.request.url.path, response, response.content)


def check(method: str, url: str, answer: Answer, body: bytes) -> None:
    """Fails where the answer is not what the document says."""
    found = ours().mistakes(
        method, url.partition("?")[0], answer.status_code, answer.headers.get("Content-Type", ""), body
    )
    assert not found, f"{method} {url} -> {answer.status_code}: {'; '.join(found)}"
