"""The OpenAPI document of every operation, beyond what its view declares."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NotRequired, TypedDict

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import F, OpenApiExample, OpenApiParameter, extend_schema

from taskbell.api.answers import document_of

MEANINGS = {
    400: "A field is missing or invalid; `errors` lists each.",
    401: "You are not signed in, or the token is no longer valid.",
    403: "You can see this, but your role doesn't allow this action.",
    404: "It doesn't exist, or is not visible to you.",
    429: "Too many requests; `Retry-After` is the number of seconds to wait.",
}


class FieldErrorOut(TypedDict):
    """An error in one field."""

    field: str
    code: str
    message: str


class Problem(TypedDict):
    """Why a request was refused (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: NotRequired[list[FieldErrorOut]]


def operation(
    name: str,
    tag: str,
    answer: Any = None,
    *,
    status: int = 0,
    takes: Any = None,
    parameters: Iterable[OpenApiParameter] = (),
    sent: Mapping[str, Any] = MappingProxyType({}),
    shown: Mapping[str, Any] = MappingProxyType({}),
) -> Callable[[F], F]:
    """Documents a method of a view, with examples of what is `sent` and `shown` by their names.

    The status is 200 by default, or 204 without an answer.
    """
    return extend_schema(
        operation_id=name,
        tags=[tag],
        parameters=[*parameters],
        request=takes,
        responses={status or (200 if answer else 204): answer},
        examples=[
            *(OpenApiExample(title, value, request_only=True) for title, value in sent.items()),
            *(OpenApiExample(title, value, response_only=True) for title, value in shown.items()),
        ],
    )


class DocumentedOperation(AutoSchema):  # type: ignore[no-untyped-call]
    """Describes responses by their payloads, and adds the errors that an operation can return."""

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        responses: dict[str, Any] = super()._get_response_bodies(direction)
        for status in self._refusals():
            responses.setdefault(
                str(status),
                self._get_response_for_code(Problem, str(status), media_types=["application/problem+json"]),
            )
            responses[str(status)]["description"] = MEANINGS[status]
        return responses

    def _get_response_for_code(self, serializer: Any, *args: Any, **kwargs: Any) -> Any:
        return super()._get_response_for_code(document_of(serializer), *args, **kwargs)  # type: ignore[no-untyped-call]

    def _refusals(self) -> list[int]:
        signed_in = bool(self.view.get_authenticators())
        statuses = [400]
        if signed_in:
            statuses += [401, 403]
        else:
            statuses += [429]
        return [*statuses, 404] if "{" in self.path else statuses
