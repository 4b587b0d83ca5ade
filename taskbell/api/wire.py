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

MAX_DEPTH = 20


class TooLarge(Refusal):
    """The body is larger than the limit."""

    status = 413
    title = "Too large"


class JSONParser(BaseParser):
    """Strict JSON (RFC 8259): no NaN, no lone surrogates, and limits to nesting and size."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(most + 1)
        if len(body) > most:
            raise TooLarge(f"The body must have at most {most // 1024 // 1024} MiB.")
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise invalid("", "not_json", f"The body must be JSON: {error}") from error
        check_depth(value)
        return value


def check_depth(value: Any) -> None:
    """Raises Invalid for values that are nested too deep; Python could not even print them."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level if isinstance(outer, dict | list) for inner in _inside(outer)]
        if not level:
            return
    raise invalid("", "too_deep", f"The body must not be nested deeper than {MAX_DEPTH} levels.")


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
    """Answers in JSON, whatever the client accepts: there is no other format."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type
