"""Metrics for Prometheus. Each web process reports on all processes (docs/decisions/0057)."""

from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import redis
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.api import metric_families, present_state
from taskbell.api.monitoring import may_monitor
from taskbell.common import reporting
from taskbell.common.clock import utc_now

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class AllProcesses(Collector):
    """All metrics. While the database or the broker is away, those of the other one are still there."""

    def collect(self) -> Iterator[Any]:
        now = utc_now()
        build = GaugeMetricFamily("taskbell_build_info", "The version of Taskbell.", labels=["version"])
        build.add_metric([version("taskbell")], 1)
        yield build
        reporting.reporter.report()
        yield from _up("broker", lambda: [*metric_families.families(reporting.read()), *present_state.of_broker(now)])
        yield from present_state.of_backups(now)
        yield from _up("database", lambda: [*present_state.of_database(now)])


def _up(name: str, collect: Callable[[], list[Any]]) -> Iterator[Any]:
    try:
        found, is_up = collect(), 1
    except (redis.RedisError, DatabaseError, InterfaceError, OSError):
        found, is_up = [], 0
    yield from found
    yield GaugeMetricFamily(f"taskbell_{name}_up", f"1 if the {name} answers, else 0.", is_up)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics, for clients on this machine, holders of TASKBELL_METRICS_TOKEN, and admins."""
    if not (may_monitor(request) or _is_admin(request.user)):
        return HttpResponse("401: Send the metrics token, or sign in as an admin.\n", "text/plain", 401)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(AllProcesses())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE)


def _is_admin(person: Any) -> bool:
    return isinstance(person, User) and person.can(Capability.MANAGE_PEOPLE)
