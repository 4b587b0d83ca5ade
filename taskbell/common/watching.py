"""What is noted about every request."""

import logging
from time import perf_counter

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.log import log_response

from taskbell.common import request_id, tracing
from taskbell.common.logs import route_of
from taskbell.common.measures import REQUEST_SECONDS, REQUESTS, RUNNING_REQUESTS, UNKNOWN
from taskbell.common.middleware import Middleware

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

access_log = logging.getLogger("taskbell.access")


class Watched(Middleware):
    """Gives each request an ID, counts and times it, and writes the access log."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "") if settings.TASKBELL_PROXIES else ""
        name = request_id.new_request_id(given)
        started = perf_counter()
        request_id.begin(name)
        _running.add(id(request))
        try:
            response = self.next_handler(request)
            response.headers[request_id.HEADER] = name
            if response.status_code >= 500:  # here, where it has its ID; Django logs each answer once
                log_response("%s: %s", response.reason_phrase, request.path, response=response, request=request)
            _note(request, response.status_code, perf_counter() - started)
        finally:
            _running.discard(id(request))
            request_id.begin("")
        return response


_running: set[int] = set()
RUNNING_REQUESTS.read_by(lambda: len(_running))


def _note(request: HttpRequest, status: int, seconds: float) -> None:
    method, path = _method(request), _path(request)
    REQUESTS.add(method, path, str(status))
    REQUEST_SECONDS.observe(seconds, path)
    if settings.TASKBELL_OTLP_URL:
        parent = request.META.get("HTTP_TRACEPARENT", "") if settings.TASKBELL_PROXIES else ""
        facts: dict[str, str | int] = {
            "http.request.method": method,
            "http.route": path,
            "http.response.status_code": status,
        }
        tracing.record(f"{method} {path}", seconds, facts, is_request=True, has_failed=status >= 500, parent=parent)
    if access_log.isEnabledFor(logging.INFO):
        ms = round(seconds * 1000, 1)
        fields = {"method": method, "route": path, "status": status, "ms": ms}
        access_log.info("%s %s %s %s ms", method, path, status, ms, extra={"fields": fields})


def _method(request: HttpRequest) -> str:
    return request.method if request.method in METHODS else UNKNOWN  # type: ignore[return-value]


def _path(request: HttpRequest) -> str:
    """The pattern of the path: never the path, which may have a token in it."""
    if request.path_info.startswith("/static/"):
        return "/static/"
    return route_of(request) or UNKNOWN
