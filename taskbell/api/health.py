"""Health checks for load balancers and monitoring."""

from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from taskbell.api.monitoring import may_monitor
from taskbell.common.clock import utc_now
from taskbell.common.middleware import Middleware
from taskbell.notifications.jobs import TICKED_AT
from taskbell.notifications.models import Delivery

TICK_IS_LATE = timedelta(seconds=15)
MAIL_IS_LATE = timedelta(minutes=5)


class Health(Middleware):
    """Answers before the host name is checked: a probe may use any."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = {"/healthz": healthz, "/readyz": readyz}.get(request.path_info.removesuffix("/"))
        return view(request) if view else self.next_handler(request)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process answers."""
    return HttpResponse("alive\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when database, broker and clock work and senders keep up, else 503.

    The result of each check is for those who monitor.
    """
    checks = {"database": _database(), **_broker_and_clock()}
    ready = all(check["ok"] for check in checks.values())
    details = checks if may_monitor(request) else {}
    return JsonResponse({"ready": ready, **details}, status=200 if ready else 503)


def _database() -> dict[str, Any]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        waiting = Delivery.objects.mails().filter(attempt=0).lateness(utc_now())
    except (DatabaseError, InterfaceError):
        return {"ok": False, "error": "The database does not answer."}
    return {"ok": waiting < MAIL_IS_LATE, "oldest_untried_mail_seconds": round(waiting.total_seconds(), 1)}


def _broker_and_clock() -> dict[str, Any]:
    try:
        ticked_at = cache.get(TICKED_AT)
    except (RedisError, OSError):
        unknown = {"ok": False, "error": "Not known while the broker does not answer."}
        return {"broker": {"ok": False, "error": "The broker does not answer."}, "clock": unknown}
    if ticked_at is None:
        return {"broker": {"ok": True}, "clock": {"ok": False, "error": "The clock has not ticked yet."}}
    age = utc_now().timestamp() - ticked_at
    return {
        "broker": {"ok": True},
        "clock": {"ok": abs(age) < TICK_IS_LATE.total_seconds(), "last_tick_seconds": round(age, 1)},
    }
