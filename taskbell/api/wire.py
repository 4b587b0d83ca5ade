"""JSON in and out."""

from typing import Any

import orjson
from django.conf import settings
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from taskbell.common import strict_json
from taskbell.common.errors import TooLarge


class JSONParser(BaseParser):
    """Strict JSON (RFC 8259): no NaN, no lone surrogates, no key twice, and limits to nesting and size."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(most + 1)
        if len(body) > most:
            raise TooLarge(f"The body must have at most {most // 1024 // 1024} MiB.")
        return strict_json.parse(body)


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
