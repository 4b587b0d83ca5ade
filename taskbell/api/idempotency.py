"""The same request twice is one request (draft-ietf-httpapi-idempotency-key-header)."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from taskbell.api.authentication import person_of
from taskbell.api.models import Answer
from taskbell.api.wire import as_bytes
from taskbell.common.clock import utc_now
from taskbell.common.errors import Refusal, invalid

KEEP = timedelta(hours=24)
KEPT_HEADERS = ("ETag", "Location")
HEADER = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="A word of your own. The same key and body give the first answer again for a day.",
)


class KeyReused(Refusal):
    """The key belongs to a request that said something else."""

    status = 422
    title = "Key reused"


def is_asked(request: Request) -> bool:
    """Whether the answer is kept."""
    return "Idempotency-Key" in request.headers


def once(request: Request, act: Callable[[], HttpResponseBase], *, said: Any = None) -> HttpResponseBase:
    """Does it, or gives the answer of the first time. Raises Invalid, KeyReused.

    The key is taken in the transaction of the deed: of competing requests one acts, the others wait
    for its answer, and a request that is refused leaves its key free. `said` stands for a body that
    is read as it comes.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return act()
    if not (0 < len(key) <= 255 and key.isascii() and key.isprintable()):
        raise invalid("Idempotency-Key", "invalid", "A key has 1 to 255 printable ASCII characters.")
    person, fingerprint = person_of(request), _fingerprint(request, request.data if said is None else said)
    with transaction.atomic():
        try:
            with transaction.atomic():
                row = Answer.objects.create(person=person, key=key, fingerprint=fingerprint, created_at=utc_now())
        except IntegrityError:
            return _again(Answer.objects.get(person=person, key=key), fingerprint)
        response = act()
        row.status = response.status_code
        row.body = _body(response)
        row.headers = {name: response[name] for name in KEPT_HEADERS if name in response}
        row.save(update_fields=["status", "body", "headers"])
    return response


def _body(response: Any) -> bytes:
    return as_bytes(response.data) if isinstance(response, Response) else bytes(response.content)


def _fingerprint(request: Request, body: Any) -> str:
    said = orjson.dumps([request.method, request.path, body], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(said).hexdigest()


def _again(answer: Answer, fingerprint: str) -> HttpResponse:
    if answer.fingerprint != fingerprint:
        raise KeyReused("This Idempotency-Key was used for another request.")
    headers = answer.headers | {"Idempotency-Replayed": "true"}
    return HttpResponse(bytes(answer.body), "application/json", answer.status, headers=headers)


def forget_answers(now: datetime) -> None:
    """Deletes the answers that are not given again any more."""
    Answer.objects.filter(created_at__lt=now - KEEP).delete()
