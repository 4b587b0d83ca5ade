"""The Celery application. It wakes up and runs jobs; the work itself is listed in the database."""

import os
from typing import Any

from celery import Celery
from celery.app.amqp import AMQP
from celery.signals import task_prerun
from django.db import close_old_connections
from kombu.connection import Connection

from taskbell.config import job_signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "taskbell.config.settings")


class BrokerConnection(Connection):  # type: ignore[misc]
    """Soon finds a broker that was restarted. Kombu's class looks again after 2 s, 4 s, and so on up to 30 s."""

    def ensure_connection(self, *args: Any, **options: Any) -> Any:
        pauses = {"interval_start": 0.25, "interval_step": 0.25, "interval_max": 2}
        return super().ensure_connection(*args, **pauses | options)  # type: ignore[no-untyped-call]


class Queues(AMQP):  # type: ignore[misc]
    """Celery's, with our connection."""

    Connection = BrokerConnection


app = Celery("taskbell", amqp=Queues)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(related_name="jobs")

# Lets Django decide when to close a connection; Celery would open a new one for every job.
task_prerun.connect(close_old_connections)
job_signals.connect()
