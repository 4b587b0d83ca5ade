"""A repeated request acts once (draft-ietf-httpapi-idempotency-key-header)."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.db.models.functions import Length
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
from taskbell.common.locks import in_batches
from taskbell.tasks.quotas import QuotaReached

ANSWER_LIFETIME = timedelta(hours=24)
SMALL, MIB = 64 * 1024, 1024 * 1024  # bytes
FORGOTTEN_AT_ONCE = 500
TOO_MANY = (
    "Can't store another answer, because {} to your requests with an Idempotency-Key are stored for 24 hours. "
    "Send the request without the header, or later."
)
KEPT_HEADERS = ("ETag", "Location")
HEADER = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Any text. For 24 hours, the same key and body return the first answer again.",
)


class KeyReused(Refusal):
    """The key belongs to another request."""

    status = 422
    title = "Key reused"


def is_asked(request: Request) -> bool:
    """True if the answer will be stored."""
    return "Idempotency-Key" in request.headers


def once(request: Request, act: Callable[[], HttpResponseBase], *, said: Any = None) -> HttpResponseBase:
    """Acts, or returns the first answer to the same request again. Raises Invalid, KeyReused.

    The key is claimed in the transaction of the action: of competing requests one acts, the others wait
    for its answer, and a refused request leaves its key free. `said` stands for a body that is streamed.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return act()
    if not (0 < len(key) <= 255 and key.isascii() and key.isprintable()):
        raise invalid("Idempotency-Key", "invalid", "Must have 1 to 255 printable ASCII characters.")
    person, fingerprint = person_of(request), _fingerprint(request, request.data if said is None else said)
    with transaction.atomic():
        try:
            with transaction.atomic():
                row = Answer.objects.create(person=person, key=key, fingerprint=fingerprint, created_at=utc_now())
        except IntegrityError:
            return _again(Answer.objects.get(person=person, key=key), fingerprint)
        response: Any = act()
        row.status = response.status_code
        row.body = as_bytes(response.data) if isinstance(response, Response) else bytes(response.content)
        _check_quota(row)
        row.headers = {name: response[name] for name in KEPT_HEADERS if name in response}
        row.save(update_fields=["status", "body", "headers"])
        return response  # type: ignore[no-any-return]


def _fingerprint(request: Request, body: Any) -> str:
    said = orjson.dumps([request.method, request.path, body], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(said).hexdigest()


def _again(answer: Answer, fingerprint: str) -> HttpResponse:
    if answer.fingerprint != fingerprint:
        raise KeyReused("Can't use this Idempotency-Key, because another request has used it. Send a new key.")
    headers = answer.headers | {"Idempotency-Replayed": "true"}
    return HttpResponse(bytes(answer.body), "application/json", answer.status, headers=headers)


def _check_quota(row: Answer) -> None:
    """Raises QuotaReached if the person has too many answers stored, or with this one too many bytes in large ones.

    Then nothing has happened: the request is sent again later, or without a key.
    """
    mine = Answer.objects.filter(person=row.person)
    most, most_bytes = settings.TASKBELL_QUOTAS["answers"], settings.TASKBELL_QUOTAS["answer_megabytes"] * MIB
    if mine.order_by()[: most + 1].count() > most:
        raise QuotaReached(TOO_MANY.format(f"{most:,} answers"))
    if len(row.body) > SMALL:
        stored = mine.aggregate(size=Sum(Length("body")))["size"] or 0
        if stored + len(row.body) > most_bytes:
            raise QuotaReached(TOO_MANY.format(f"{most_bytes // MIB:,} MiB of answers"))


def forget_answers(now: datetime) -> None:
    """Deletes expired answers, some at a time."""
    old = Answer.objects.filter(created_at__lt=now - ANSWER_LIFETIME).order_by("pk").values_list("pk", flat=True)
    in_batches(lambda: Answer.objects.filter(pk__in=list(old[:FORGOTTEN_AT_ONCE])).delete()[0])
