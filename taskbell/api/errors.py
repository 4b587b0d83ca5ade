"""Errors as problem documents (RFC 9457)."""

import json
import sys
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.log import log_response
from django.views import defaults
from rest_framework import exceptions
from rest_framework.settings import api_settings

from taskbell.common.deadline import database_refusal
from taskbell.common.errors import (
    Busy,
    Conflict,
    FieldError,
    Invalid,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Refusal,
    TooLarge,
    TooMany,
    invalid,
)
from taskbell.common.middleware import unavailable

PROBLEM = "application/problem+json"
API = "/api/"
BUG = "This is a bug in Taskbell. It has been logged."


class Broken(Refusal):
    """A bug in Taskbell."""

    status = 500
    title = "Something went wrong"


def problem(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """The answer to an exception raised while a request was handled."""
    refusal = as_refusal(error)
    view, headers = context["view"], {}
    match error:
        case exceptions.MethodNotAllowed():
            headers["Allow"] = ", ".join(view.allowed_methods)
        case exceptions.UnsupportedMediaType():
            types = getattr(view, "accepted_types", None) or (parser.media_type for parser in view.parser_classes)
            headers["Accept"] = accepted = ", ".join(types)  # RFC 9110 §15.5.16
            refusal.detail = f"Can't read a body of this type. Send {accepted}."
    response = plain_response(refusal, headers)
    if isinstance(refusal, Broken):
        request = context["request"]
        log_response("Unhandled error: %s", request.path, response=response, request=request, exception=error)
    return response


def as_refusal(error: Exception) -> Refusal:
    """The refusal that an exception of Django or of the framework stands for."""
    match error:
        case Refusal():
            return error
        case exceptions.ValidationError():
            errors = list(_field_errors(error.detail))
            return Invalid(errors[0].message if errors else "The request body is not valid.", errors)
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return NotSignedIn("Sign in to do this: send a valid access token.")
        case Http404() | exceptions.NotFound():
            return NotFound()
        case PermissionDenied():
            return NotAllowed("You don't have permission to do this.")
        case RequestDataTooBig():
            return TooLarge("The request is too large.")
        case SuspiciousOperation() | BadRequest() | MultiPartParserError() | UnreadablePostError():
            return invalid("", "invalid", "The request is not valid.")
        case IntegrityError():
            return Conflict("Something that this refers to was changed at the same time. Try again.")
        case OperationalError() | InterfaceError():
            return database_refusal(error)
        case exceptions.APIException():
            return _framework_refusal(error)
        case _:
            return Broken(BUG)


def _framework_refusal(error: exceptions.APIException) -> Refusal:
    refusal = Refusal(str(error.detail))
    refusal.status = error.status_code  # type: ignore[misc]
    refusal.title = HTTPStatus(error.status_code).phrase.capitalize()  # type: ignore[misc]
    return refusal


def headers_of(refusal: Refusal) -> dict[str, str]:
    """The headers that belong to the answer."""
    match refusal:
        case TooMany() | Busy():
            return {"Retry-After": str(refusal.retry_after)}
        case NotSignedIn():
            return {"WWW-Authenticate": 'Bearer realm="taskbell"'}
        case _:
            return {}


def _field_errors(detail: Any, path: str = "") -> Iterator[FieldError]:
    """The framework's nested errors as a flat list, each with its path such as `reminders.0.at`."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            own = path if name == api_settings.NON_FIELD_ERRORS_KEY else f"{path}.{name}".strip(".")
            yield from _field_errors(inner, own)
    elif isinstance(detail, list):
        for position, inner in enumerate(detail):
            nested = isinstance(inner, dict | list)
            yield from _field_errors(inner, f"{path}.{position}".strip(".") if nested else path)
    else:
        yield FieldError(path, getattr(detail, "code", "invalid"), str(detail))


def plain_response(refusal: Refusal, headers: Mapping[str, str] = MappingProxyType({})) -> HttpResponse:
    """The refusal as a problem document, with these further headers."""
    # JSON has no lone surrogates, but what people send has (RFC 8259 §8.2).
    body = json.dumps(refusal.document(), cls=DjangoJSONEncoder, ensure_ascii=False).encode(errors="replace")
    return HttpResponse(body, status=refusal.status, content_type=PROBLEM, headers={**headers_of(refusal), **headers})


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """For requests that reach no view, such as one with an unknown host name."""
    if request.path_info.startswith(API):
        return plain_response(as_refusal(exception))
    return defaults.bad_request(request, exception)


def not_found() -> HttpResponse:
    """For unknown paths."""
    return plain_response(NotFound())


def server_error(request: HttpRequest) -> HttpResponse:
    """For errors outside the views of the API. An error page that could not reach the database is no bug."""
    error = sys.exc_info()[1]
    if isinstance(error, OperationalError | InterfaceError):
        return unavailable(request, database_refusal(error))
    if request.path_info.startswith(API):
        return plain_response(Broken(BUG))
    return defaults.server_error(request)
