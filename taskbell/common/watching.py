"""What is noted about every request."""

import logging
from time import perf_counter

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from taskbell.common import request_id
from taskbell.common.logs import route_of
from taskbell.common.middleware import Middleware

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNKNOWN = "unknown"  # one name for all paths that no page has, and for all methods that HTTP doesn't define

access_log = logging.getLogger("taskbell.access")


class Watched(Middleware):
    """Gives each request an ID, and writes the access log."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "") if settings.TASKBELL_PROXIES else ""
        name = request_id.new_request_id(given)
        started = perf_counter()
        with request_id.handling(name):
            response = self.next_handler(request)
            response.headers[request_id.HEADER] = name
            _note(request, response.status_code, perf_counter() - started)
        return response


def _note(request: HttpRequest, status: int, seconds: float) -> None:
    if access_log.isEnabledFor(logging.INFO):
        method, path, ms = _method(request), _path(request), round(seconds * 1000, 1)
        fields = {"method": method, "route": path, "status": status, "ms": ms}
        access_log.info("%s %s %s %s ms", method, path, status, ms, extra={"fields": fields})


def _method(request: HttpRequest) -> str:
    return request.method if request.method in METHODS else UNKNOWN


def _path(request: HttpRequest) -> str:
    """The pattern of the path: never the path, which may have a token in it."""
    path = request.path_info
    if path.startswith("/static/"):
        return "/static/"
    return route_of(request) or (path if path in ("/healthz", "/readyz") else UNKNOWN)
