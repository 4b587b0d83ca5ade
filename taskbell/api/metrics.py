"""Metrics for Prometheus, read from the database: they cover all processes and survive restarts."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from taskbell.accounts.models import User
from taskbell.accounts.policy import Capability
from taskbell.api.monitoring import may_monitor
from taskbell.common.clock import utc_now
from taskbell.notifications.models import Delivery, DeliveryState

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS = [0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0, 86400.0]
LATENESS: Any = ExpressionWrapper(F("sent_at") - F("due_at"), output_field=DurationField())


class Outbox(Collector):
    """How late emails were, and their states."""

    def collect(self) -> Iterator[Any]:
        yield _lateness()
        mails = GaugeMetricFamily("taskbell_mails", "Emails by state.", labels=["state"])
        counts = dict(Delivery.objects.mails().values_list("state").annotate(Count("pk")))
        for state in DeliveryState.values:
            mails.add_metric([state], counts.get(state, 0))
        yield mails
        resent = Delivery.objects.mails().filter(ambiguous=True).count()
        yield CounterMetricFamily("taskbell_mails_ambiguous", "Emails whose final dot was never acknowledged.", resent)
        oldest = Delivery.objects.mails().lateness(utc_now()).total_seconds()
        yield GaugeMetricFamily("taskbell_oldest_due_mail_seconds", "Age of the oldest due email.", oldest)


def _lateness() -> HistogramMetricFamily:
    sent = Delivery.objects.mails().filter(state=DeliveryState.SENT).annotate(lateness=LATENESS)
    within = {f"b{n}": Count("pk", filter=Q(lateness__lte=timedelta(seconds=bound))) for n, bound in enumerate(BOUNDS)}
    found = sent.aggregate(total=Count("pk"), sum=Sum("lateness"), **within)
    buckets = [(str(bound), found[f"b{n}"]) for n, bound in enumerate(BOUNDS)] + [("+Inf", found["total"])]
    total = found["sum"].total_seconds() if found["sum"] else 0.0
    words = "Seconds from the due time of an email until the mail server accepted it."
    return HistogramMetricFamily("taskbell_mail_lateness_seconds", words, buckets=buckets, sum_value=total)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics, for clients on this machine, holders of TASKBELL_METRICS_TOKEN, and admins."""
    if not (may_monitor(request) or _is_admin(request.user)):
        return HttpResponse("401: Send the metrics token, or sign in as an admin.\n", "text/plain", 401)
    registry = CollectorRegistry()
    registry.register(Outbox())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE)


def _is_admin(person: Any) -> bool:
    return isinstance(person, User) and person.can(Capability.MANAGE_PEOPLE)
