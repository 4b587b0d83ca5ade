"""What is noted about every job: which request has started it, how long it took, and how it ended."""

import threading
from time import perf_counter
from typing import Any

from celery.signals import before_task_publish, task_postrun, task_prerun, task_revoked
from django.conf import settings

from taskbell.common import request_id, tracing
from taskbell.common.measures import JOB_SECONDS, JOBS, UNKNOWN

NAME = "taskbell_request_id"  # of the message's header


_current = threading.local()


def _publish(headers: dict[str, Any], **_: Any) -> None:
    if current := request_id.current_request_id():
        headers[NAME] = current


def _begin(task: Any, task_id: str, **_: Any) -> None:
    request_id.begin((task.request.headers or {}).get(NAME) or task_id)
    _current.started = perf_counter()


def _end(task: Any, state: str | None = None, **_: Any) -> None:
    seconds = perf_counter() - _current.started
    JOBS.add(task.name, (state or UNKNOWN).lower())
    JOB_SECONDS.observe(seconds, task.name)
    if settings.TASKBELL_OTLP_URL:
        tracing.record(task.name, seconds, {"outcome": state or UNKNOWN}, has_failed=state == "FAILURE")
    request_id.begin("")


def _drop(sender: Any, **_: Any) -> None:
    """A tick expired because no worker took it in time."""
    JOBS.add(sender.name, "expired")


def connect() -> None:
    """Watches the jobs that this process queues and runs."""
    before_task_publish.connect(_publish)
    task_prerun.connect(_begin)
    task_postrun.connect(_end)
    task_revoked.connect(_drop)
