"""What is noted about every job: which request has started it."""

from typing import Any

from celery.signals import before_task_publish, task_postrun, task_prerun

from taskbell.common import request_id

NAME = "taskbell_request_id"  # of the message's header


def _publish(headers: dict[str, Any], **_: Any) -> None:
    if current := request_id.current_request_id():
        headers[NAME] = current


def _begin(task: Any, task_id: str, **_: Any) -> None:
    request_id.begin((task.request.headers or {}).get(NAME) or task_id)


def _end(**_: Any) -> None:
    request_id.begin("")


def connect() -> None:
    """Watches the jobs that this process queues and runs."""
    before_task_publish.connect(_publish)
    task_prerun.connect(_begin)
    task_postrun.connect(_end)
