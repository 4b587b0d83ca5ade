"""JSON in and out."""

from collections.abc import Iterable
from typing import Any

import orjson
from django.conf import settings
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from taskbell.common.errors import Refusal, invalid

DEEPEST = 20


class TooLarge(Refusal):
    """The body is larger than any that makes sense here."""

    status = 413
    title = "Too large"


class JSONParser(BaseParser):
    """Strict JSON (RFC 8259): no NaN, no lone surrogates, no endless nesting, no endless bodies."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(most + 1)
        if len(body) > most:
            raise TooLarge(f"A body has at most {most // 1024 // 1024} MiB.")
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise invalid("", "not_json", f"The body is not JSON: {error}") from error
        check_depth(value)
        return value


def check_depth(value: Any) -> None:
    """Raises Invalid for values nested deeper than anything here means, which Python could not even print."""
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level if isinstance(outer, dict | list) for inner in _inside(outer)]
        if not level:
            return
    raise invalid("", "too_deep", f"The body is nested deeper than {DEEPEST} levels.")


def _inside(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


class JSONRenderer(BaseRenderer):
    """JSON as bytes; instants end in Z."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        return b"" if data is None else as_bytes(data)


def as_bytes(data: Any) -> bytes:
    """The data as JSON."""
    return orjson.dumps(data, default=str, option=orjson.OPT_UTC_Z)


class AlwaysJSON(DefaultContentNegotiation):
    """Answers in JSON whatever the client says it accepts: there is nothing else to choose from."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type
