"""The server with nothing behind it: what it could serve at most."""

from collections.abc import Iterable
from typing import Any

from a2wsgi import WSGIMiddleware

BODY = b'{"hello":"somebody"}'
HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))]


def small(environ: Any, start_response: Any) -> Iterable[bytes]:
    """Always the same."""
    start_response("200 OK", HEADERS)
    return [BODY]


application = WSGIMiddleware(small, workers=10)
