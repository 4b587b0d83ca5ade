"""The OpenAPI document of every operation, beyond what its view declares."""

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from types import MappingProxyType
from typing import Annotated, Any, NotRequired, TypedDict

from django.http.response import HttpResponseBase
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from taskbell.accounts.models import User
from taskbell.api import idempotency
from taskbell.api.answers import document_of
from taskbell.api.authentication import person_of
from taskbell.api.errors import PROBLEM

MEANINGS = {
    400: "A parameter or field is missing or invalid; `errors` lists each.",
    401: "You are not signed in, or the token or password is not valid.",
    403: "You can see this, but your role doesn't allow this action.",
    404: "It doesn't exist, or is not visible to you.",
    408: "The body took too long to arrive.",
    409: "Valid, but conflicts with the current state.",
    412: "The task has changed since you read it; its `ETag` is not the one in `If-Match`.",
    413: "The body is too large.",
    415: "The body is not of a type, charset or coding that this operation accepts.",
    422: "This `Idempotency-Key` was used before, with another body.",
    429: "Too many requests; `Retry-After` is the number of seconds to wait.",
    503: "The database can't be reached, or the request took too long; `Retry-After` is the number of seconds to wait.",
}
NOT_MODIFIED = "You have this answer already: `If-None-Match` names its `ETag`."
BY_HEADER = {"If-Match": 412, "Idempotency-Key": 422}


class FieldErrorOut(TypedDict):
    """An error in one field."""

    field: str
    code: str
    message: str
    line: NotRequired[Annotated[int, "The line of the file, in an import."]]


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
    later: Any = None,
    dry: Any = None,
    takes: Any = None,
    parameters: Iterable[OpenApiParameter] = (),
    refusals: Iterable[int] = (),
    sent: Mapping[str, Any] = MappingProxyType({}),
    shown: Mapping[str, Any] = MappingProxyType({}),
    may: Callable[[User], object] = lambda _: None,
    is_repeatable: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., HttpResponseBase]]:
    """Makes a response of the payload that a method of a view returns, and documents it.

    The status is 200 by default, or 204 without an answer. `later` is the answer 202, where a worker may do the rest,
    `dry` the answer 200 of a dry run. `refusals` adds to those of every operation; `sent` and `shown` are examples by
    their names. `may` checks first whether the person may, and what `is_repeatable` acts once for each Idempotency-Key.
    """
    status = status or (200 if answer else 204)
    others = {202: later, 200: dry}
    answers = {status: answer} | {code: one for code, one in others.items() if one}
    document = extend_schema(
        operation_id=name,
        tags=[tag],
        parameters=[*parameters, *[idempotency.HEADER] * is_repeatable],
        request=takes,
        responses={**answers, **{(refusal, PROBLEM): Problem for refusal in refusals}},
        examples=[
            *(OpenApiExample(title, value, request_only=True) for title, value in sent.items()),
            *(OpenApiExample(title, value, response_only=True) for title, value in shown.items()),
        ],
    )

    return lambda method: document(_responding(method, status, may, is_repeatable=is_repeatable))


def _responding(
    method: Callable[..., Any], status: int, may: Callable[[User], object], *, is_repeatable: bool
) -> Callable[..., HttpResponseBase]:
    """The method with its payload as a response of this status, unless it has made a response itself."""

    @wraps(method)
    def respond(view: Any, request: Request, **path: Any) -> HttpResponseBase:
        def act() -> HttpResponseBase:
            made = method(view, request, **path)
            return made if isinstance(made, HttpResponseBase) else Response(made, status)

        may(person_of(request))
        return idempotency.once(request, act) if is_repeatable else act()

    return respond


class DocumentedOperation(AutoSchema):  # type: ignore[no-untyped-call]
    """Describes responses by their payloads, and adds the errors that an operation can return."""

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        responses: dict[str, Any] = super()._get_response_bodies(direction)
        if self.method == "GET":
            responses["304"] = {"description": NOT_MODIFIED}
        for status in self._refusals():
            responses.setdefault(
                str(status),
                self._get_response_for_code(Problem, str(status), media_types=[PROBLEM]),
            )
            responses[str(status)]["description"] = MEANINGS[status]
        return responses

    def _get_response_for_code(self, serializer: Any, *args: Any, **kwargs: Any) -> Any:
        return super()._get_response_for_code(document_of(serializer), *args, **kwargs)  # type: ignore[no-untyped-call]

    def _refusals(self) -> list[int]:
        """The statuses of the refusals that are possible."""
        statuses = [400, 401, 429, 503]
        if self.view.get_authenticators():
            statuses.append(403)
        if "{" in self.path:
            statuses.append(404)
        if self.method != "GET":
            statuses += [408, 409, 413, 415]
        headers = {getattr(parameter, "name", "") for parameter in self.get_override_parameters()}
        return [*statuses, *(status for header, status in BY_HEADER.items() if header in headers)]
