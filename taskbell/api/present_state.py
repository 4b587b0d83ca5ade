"""What the database and the broker know now, as metrics of Prometheus. Each query reads an index, never a history."""

from collections.abc import Iterator
from datetime import datetime
from math import inf
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models import Count
from prometheus_client.core import GaugeMetricFamily

from taskbell.common.backup_files import newest_at
from taskbell.common.postgresql.sessions import max_sessions, sessions_by_state
from taskbell.common.reporting import queue_lengths
from taskbell.notifications.jobs import TICKED_AT
from taskbell.notifications.models import Delivery, DeliveryState
from taskbell.reminders.models import Reminder
from taskbell.reports.models import Report

UNSENT = (DeliveryState.PENDING, DeliveryState.LEASED)


def of_database(now: datetime) -> Iterator[Any]:
    """The outbox, what is due, and the connections. Raises DatabaseError."""
    counts = dict(Delivery.objects.mails().unsent().values_list("state").annotate(Count("pk")).order_by())
    yield _gauge("taskbell_mails_unsent", "Emails still to be sent.", "state", {s: counts.get(s, 0) for s in UNSENT})
    yield _gauge("taskbell_oldest_due_seconds", "Age of the oldest that is due.", "of", _ages(now))
    if connection.vendor == "postgresql":
        sentence = "Connections to all databases of the server."
        yield _gauge("taskbell_database_connections", sentence, "state", sessions_by_state())
        sentence = "Connections that the server of the database takes."
        yield GaugeMetricFamily("taskbell_database_connections_max", sentence, max_sessions())


def _ages(now: datetime) -> dict[str, float]:
    reminder = Reminder.objects.due(now).values_list("next_at", flat=True).first()
    report = Report.objects.claimable(now).values_list("created_at", flat=True).first()
    ages = {
        name: (now - at).total_seconds() if at else 0.0 for name, at in (("reminder", reminder), ("report", report))
    }
    mails = Delivery.objects.mails()
    untried, retried = mails.filter(attempt=0).lateness(now), mails.filter(attempt__gt=0).lateness(now)
    return {"mail": untried.total_seconds(), "retried_mail": retried.total_seconds(), **ages}


def of_broker(now: datetime) -> Iterator[Any]:
    """The queues and the clock. Raises RedisError."""
    lengths = queue_lengths(settings.CELERY_TASK_QUEUES)
    yield _gauge("taskbell_queue_length", "Jobs that wait for a worker.", "queue", lengths)
    ticked_at = cache.get(TICKED_AT)
    age = now.timestamp() - ticked_at if ticked_at is not None else inf
    yield GaugeMetricFamily("taskbell_tick_age_seconds", "Seconds since a worker has taken a tick.", age)


def of_backups(now: datetime) -> Iterator[Any]:
    """The scheduled ones, where this process sees their folder."""
    folder = settings.TASKBELL_BACKUP_DIR
    if folder is not None:
        try:
            newest = newest_at(folder, now=now)
        except OSError:  # a folder that can't be read has no backup to rely on
            newest = None
        age = (now - newest).total_seconds() if newest else inf
        yield GaugeMetricFamily("taskbell_backup_age_seconds", "Age of the newest scheduled backup.", age)


def _gauge(name: str, sentence: str, label: str, values: dict[str, Any]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, sentence, labels=[label])
    for key, value in values.items():
        family.add_metric([str(key)], value)
    return family
